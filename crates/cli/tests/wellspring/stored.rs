//! `status` and `doctor` with records that the test writes.

use core::time::Duration;
use std::sync::Arc;

use oauth2_app::App;
use wellspring_core::{
    AccessToken, Attempt, Cause, CauseKind, Dead, Epoch, Generation, Granted, Lease, LoginReason, Obtained,
    Owner, PendingSave, Provider, Record, RefreshToken, SessionState, Store, Swap, Throttle, TokenKey,
    TokenResponse, UnixTime,
};
use wellspring_simulator::{Endpoint, Simulator};
use wellspring_store_file::FileStore;
use wellspring_store_sqlite::SqliteStore;

use crate::command::Folder;
use crate::login;
const MOMENT: Duration = Duration::from_secs(5);
const ACCESS: &str = "canary-access-token-0123456789";
const REFRESH: &str = "canary-refresh-token-0123456789";

/// A simulator, a folder with a profile, and the store of that profile.
pub(crate) struct Stage {
    pub(crate) simulator: Simulator,
    pub(crate) folder: Folder,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) key: TokenKey,
}

pub(crate) fn stage(url: &str) -> Stage {
    let (simulator, folder) = login::stage("http://127.0.0.1/callback", url);
    let store = open(&folder, url);
    let key = key(&format!("{}/api/oauth2/token", simulator.url()));
    private(&folder, "wellspring.toml");
    Stage { simulator, folder, store, key }
}

/// The store that this URL names in that folder.
pub(crate) fn open(folder: &Folder, url: &str) -> Arc<dyn Store> {
    match url.split_once(':').unwrap() {
        ("file", path) => Arc::new(FileStore::open(folder.path().join(path)).unwrap()),
        (_, path) => Arc::new(SqliteStore::open(folder.path().join(path)).unwrap()),
    }
}

/// The store key of the profile.
pub(crate) fn key(token_url: &str) -> TokenKey {
    let app = App::builder()
        .authorize_url("http://127.0.0.1/a")
        .token_url(token_url)
        .client_id("client_abc123def456")
        .client_secret("secret")
        .redirect_uri("http://127.0.0.1/callback")
        .profile("user")
        .scopes(["profile", "balance"]);
    app.build().unwrap().spec().key.clone()
}

impl Stage {
    pub(crate) fn put(&self, record: &Record) {
        let loaded = self.store.load(&self.key, MOMENT).unwrap();
        let version = loaded.stored.map(|stored| stored.version);
        assert!(matches!(self.store.save(&self.key, version, record, MOMENT), Ok(Swap::Done(_))));
    }

    /// The output of a command that must succeed with an empty stderr and without a secret.
    fn lines(&self, arguments: &[&str]) -> Vec<String> {
        let ran = self.folder.run(arguments);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
        assert!(!ran.stdout.contains("canary") && !ran.stdout.contains("secret_xyz"), "{}", ran.stdout);
        ran.stdout.lines().map(str::to_owned).collect()
    }

    fn json(&self) -> serde_json::Value {
        let all: serde_json::Value =
            serde_json::from_str(&self.lines(&["status", "--format", "json"]).concat()).unwrap();
        all[0].clone()
    }

    pub(crate) fn now(&self) -> UnixTime {
        UnixTime::after_epoch(self.simulator.clock().now())
    }

    /// A token that was obtained `ago` seconds ago and lives for one hour.
    pub(crate) fn granted(&self, ago: u64) -> Record {
        let mut response = TokenResponse::new(AccessToken::new(ACCESS))
            .with_lifetime(Duration::from_secs(3_600))
            .with_refresh_token(RefreshToken::new(REFRESH));
        response.refresh_lifetime = Some(Duration::from_secs(30 * 86_400));
        let granted = Granted::new(self.now().minus(Duration::from_secs(ago)), response);
        Record::new(Epoch::new(1), Generation::new(3), SessionState::Active(granted))
    }

    fn lease(&self) -> Lease {
        let owner = Owner { machine: 1, boot: 2, process: 4711, source: 3 };
        let (span, ago) = (Duration::from_secs(35), Duration::from_secs(10));
        let until = self.now().minus(ago).plus(span);
        let domain = self.store.liveness_lock(&self.key, MOMENT).unwrap().domain();
        Lease { attempt: Attempt { owner, number: 1 }, domain, first_sent: None, until, span, replays: 0 }
    }
}

/// Replaces every digit by 0, because times may differ by a second.
fn without_digits(lines: &[String]) -> Vec<String> {
    lines
        .iter()
        .map(|line| line.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect())
        .collect()
}

#[test]
fn status_shows_what_the_store_holds_and_how_fresh_it_is() {
    for url in ["file:tokens", "sqlite:wellspring.db"] {
        let stage = stage(url);
        assert_eq!(
            stage.lines(&["status"]),
            ["user", "  token          none: the store has no record for this profile"]
        );
        assert_eq!(
            stage.json(),
            serde_json::json!({ "profile": "user", "state": "nothing", "spilled": false })
        );
        for (ago, token, state) in [
            (10, "  token          fresh, due in 00m 00s, expires in 00m 00s", "fresh"),
            (3_400, "  token          due now, expires in 0m 00s", "due"),
            (7_300, "  token          expired 0h 0m ago", "expired"),
        ] {
            stage.put(&stage.granted(ago));
            let lines = without_digits(&stage.lines(&["status", "user"]));
            assert_eq!(
                lines,
                [
                    "user",
                    token,
                    "  generation     0 of epoch 0",
                    "  refresh token  held, expires in 00d 00h",
                    "  sealed         no: the record is plain"
                ]
            );
            let json = stage.json();
            assert_eq!(
                (&json["state"], &json["generation"], &json["epoch"]),
                (&state.into(), &3.into(), &1.into())
            );
            assert_eq!(json["expires_at"].as_u64().unwrap(), json["obtained_at"].as_u64().unwrap() + 3_600);
            assert_eq!(json["due_at"].as_u64().unwrap(), json["obtained_at"].as_u64().unwrap() + 3_300);
            assert_eq!(json["renewing"], serde_json::Value::Null);
        }
        stage.put(&Record::new(Epoch::new(2), Generation::new(3), SessionState::LoggedOut));
        assert_eq!(stage.lines(&["status"])[1], "  token          none: logged out");
        assert_eq!(stage.simulator.asked(Endpoint::Any), 0);
    }
}

#[test]
fn status_shows_the_lease_holder_a_dead_grant_and_a_pause() {
    for url in ["file:tokens", "sqlite:wellspring.db"] {
        let stage = stage(url);
        let mut record = stage.granted(3_400);
        record.lease = Some(stage.lease());
        record.dead =
            Some(Dead { reason: LoginReason::Refused, since: stage.now().minus(Duration::from_secs(7_200)) });
        record.throttle = Some(Throttle {
            until: stage.now().plus(Duration::from_secs(90)),
            failures: 3,
            credential: None,
            cause: Cause {
                kind: CauseKind::Unavailable,
                text: "the endpoint is down".into(),
                code: Some("busy".into()),
                status: Some(503),
                without_verdict: false,
                subject: None,
            },
            since: stage.now(),
            witnesses: wellspring_core::Witnesses::default(),
        });
        stage.put(&record);
        let lock = stage.store.liveness_lock(&stage.key, MOMENT).unwrap();
        let lines = without_digits(&stage.lines(&["status"]));
        assert_eq!(lines[4], "  renewing       process 0000 since 00s");
        assert_eq!(
            lines[5],
            "  dead           since 0h: the refresh token was refused: it is revoked or already spent; sign in again \
             with `wellspring login`"
        );
        assert_eq!(
            lines[6],
            "  paused         for 0m 00s after 0 failures: the endpoint is down; not asked again before 0000-00-00T00:00:00Z; `wellspring login user` tries now"
        );
        let json = stage.json();
        assert_eq!(json["renewing"]["process"], 4711);
        assert_eq!(json["renewing"]["owner"], "alive");
        assert_eq!(json["dead"]["reason"], "refused");
        assert_eq!((&json["throttle"]["failures"], &json["throttle"]["code"]), (&3.into(), &"busy".into()));
        drop(lock);
        let lines = without_digits(&stage.lines(&["status"]));
        assert_eq!(
            lines[4],
            "  renewing       process 0000 started 00s ago and is gone: the next command takes over"
        );
        assert_eq!(stage.json()["renewing"]["owner"], "gone");
        record.lease = Some(Lease { domain: None, ..stage.lease() });
        stage.put(&record);
        assert_eq!(stage.json()["renewing"]["owner"], "unknown");
    }
}

#[test]
fn status_and_doctor_report_a_spilled_token() {
    let stage = stage("file:tokens");
    let record = stage.granted(10);
    let attempt = stage.lease().attempt;
    let pending_save =
        PendingSave { attempt, record, origin: Obtained::ByRenewal { spent: Generation::new(2) } };
    stage.store.spill(&stage.key, &pending_save).unwrap();
    let lines = stage.lines(&["status"]);
    assert_eq!(
        lines[2],
        "  spilled        a token that the store refused waits in the spill folder for the next command"
    );
    assert_eq!(stage.json()["spilled"], true);
    let doctor = stage.lines(&["doctor"]);
    let note = "note   user: a token that the store refused waits for the next command";
    assert!(doctor.iter().any(|line| line == note), "{doctor:?}");
}

#[test]
fn a_spill_that_cannot_be_used_stops_only_the_refresh_token_that_it_has_replaced() {
    for transport in ["async", "blocking"] {
        let stage = stage("file:tokens");
        let token = || stage.folder.run(&["token", "user", "--transport", transport]);
        let lease = stage.lease();
        let put = |ago| {
            let mut record = stage.granted(ago);
            record.lease = Some(lease);
            stage.put(&record);
        };
        put(10);
        let origin = Obtained::ByRenewal { spent: Generation::new(3) };
        let pending_save = PendingSave { attempt: lease.attempt, record: stage.granted(0), origin };
        stage.store.spill(&stage.key, &pending_save).unwrap();
        let mut spills = std::fs::read_dir(stage.folder.path().join("tokens/spill")).unwrap();
        let file = spills.next().unwrap().unwrap().path();
        std::fs::write(&file, "canary").unwrap();
        let in_force = token();
        assert_eq!((in_force.status, in_force.stdout), (0, format!("{ACCESS}\n")), "{}", in_force.stderr);
        for command in ["status", "doctor"] {
            let ran = stage.folder.run(&[command]);
            assert!(ran.status == 2 && ran.stdout.contains(file.to_str().unwrap()), "{command}: {ran:?}");
        }
        assert!(stage.folder.run(&["status"]).stdout.contains("fresh"), "the token is in force");
        put(4_000);
        let expired = token();
        assert!(expired.status == 2 && expired.stderr.contains(file.to_str().unwrap()), "{expired:?}");
        std::fs::remove_file(&file).unwrap();
        assert_eq!(token().status, 3, "{transport}: the user signs in");
        assert_eq!(
            stage.simulator.asked(Endpoint::RefreshGrant),
            0,
            "{transport}: the spent token was not sent"
        );
    }
}

#[test]
fn an_unreadable_record_is_reported_and_stays_as_it_is() {
    let stage = stage("file:tokens");
    stage.put(&stage.granted(10));
    let tokens = stage.folder.path().join("tokens");
    let mut files = std::fs::read_dir(&tokens).unwrap().map(|entry| entry.unwrap().path());
    let file = files.find(|path| path.extension().is_some_and(|end| end == "token")).unwrap();
    let mut garbled = std::fs::read(&file).unwrap();
    let middle = garbled.len() / 2;
    garbled[middle] ^= 1;
    std::fs::write(&file, &garbled).unwrap();
    for arguments in [
        &["status"][..],
        &["doctor"],
        &["token", "user"],
        &["token", "user", "--transport", "async"],
        &["logout", "user"],
    ] {
        let ran = stage.folder.run(arguments);
        assert_eq!(ran.status, 2, "{arguments:?}: {} {}", ran.stdout, ran.stderr);
        assert!(!ran.stderr.contains("canary") && !ran.stdout.contains("canary"), "{arguments:?}");
        assert_eq!(std::fs::read(&file).unwrap(), garbled, "{arguments:?}");
    }
    assert_eq!(stage.simulator.counters().families_revoked, 0);
    let said = stage.folder.run(&["status"]).stderr;
    assert!(
        said.starts_with("wellspring: wellspring.toml:2: `url` cannot be read: ")
            && said.ends_with("; nothing overwrites it: repair it, or move it away and sign in again\n"),
        "{said}"
    );
}

#[test]
fn a_file_that_is_not_a_database_is_reported_and_stays_as_it_is() {
    let (simulator, folder) = login::stage("http://127.0.0.1/callback", "sqlite:taken");
    let mine = "this is mine, and no database; ".repeat(100);
    folder.write("taken", &mine);
    #[cfg(unix)]
    set_mode(&folder, "taken", 0o600);
    for command in [&["token", "user"][..], &["login", "user"], &["logout", "user"], &["status"]] {
        let ran = folder.run(command);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{command:?}: {}", ran.stderr);
        let says = "wellspring.toml:2: `url` cannot be opened: ";
        assert!(ran.stderr.contains(says) && ran.stderr.contains("not a SQLite database"), "{}", ran.stderr);
        assert_eq!(std::fs::read_to_string(folder.path().join("taken")).unwrap(), mine);
    }
    assert_eq!(simulator.asked(Endpoint::Any), 0);
}

#[test]
fn commands_that_need_a_store_without_one_are_usage_errors() {
    let (_simulator, folder) = login::stage("http://127.0.0.1/callback", "memory:");
    for command in [&["status"][..], &["logout", "user"], &["login", "user"]] {
        let ran = folder.run(command);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{command:?}");
        assert_eq!(
            ran.stderr,
            "wellspring: wellspring.toml:2: `url` keeps nothing after this command; add a persistent store: [store] \
             with url = \"file:DIR\", \"sqlite:PATH\", \"postgres://HOST/DATABASE\" or \"redis://HOST\"\n"
        );
    }
    let stage = stage("file:tokens");
    let ran = stage.folder.run(&["status", "shop"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("there is no [profile.shop]; profiles there: user"), "{}", ran.stderr);
}

#[test]
fn a_path_that_cannot_hold_a_store_is_a_usage_error() {
    for (url, says) in [
        ("file:taken", "names ./taken, which is a file; name a folder"),
        ("file:no/such/folder", "has the parent ./no/such, which is not a folder; create it first"),
        ("sqlite:folder", "names ./folder, which is a folder; name a file"),
        ("sqlite:no/tokens.db", "has the parent ./no, which is not a folder; create it first"),
        ("file:taken/tokens", "has the parent ./taken, which is not a folder; create it first"),
    ] {
        let (simulator, folder) = login::stage("http://127.0.0.1/callback", url);
        folder.write("taken", "this is mine");
        std::fs::create_dir(folder.path().join("folder")).unwrap();
        for command in
            [&["token", "user"][..], &["login", "user"], &["logout", "user"], &["status"], &["doctor"]]
        {
            let ran = folder.run(&[&["--config", "./wellspring.toml"], command].concat());
            assert_eq!(ran.status, 2, "{url} {command:?}: {}{}", ran.stdout, ran.stderr);
            let said = if command == ["doctor"] { &ran.stdout } else { &ran.stderr };
            assert!(
                said.contains(&format!("./wellspring.toml:2: `url` {says}")),
                "{url} {command:?}: {said}"
            );
        }
        // The one request is doctor's, without a credential.
        assert_eq!(simulator.asked(Endpoint::Token), 1);
        assert_eq!(std::fs::read(folder.path().join("taken")).unwrap(), b"this is mine");
    }
}

#[test]
fn doctor_finds_nothing_wrong_in_a_correct_setup() {
    for url in ["file:tokens", "sqlite:wellspring.db"] {
        let stage = stage(url);
        stage.put(&stage.granted(10));
        let said = stage.lines(&["doctor"]);
        assert!(said.iter().all(|line| line.starts_with("ok     ")), "{said:#?}");
        for part in [
            "wellspring.toml holds a secret, and only its owner can read it",
            "only its owner can open the store",
            "the files of the store are whole",
            "the store's locks work",
            "the store's folder is writable: ",
            "the folder for spilled tokens is writable: ",
            "user: the store is readable and holds generation 3",
            "/api/oauth2/token is a token endpoint",
            "this machine's clock agrees with that of http://127.0.0.1:",
        ] {
            assert!(said.iter().any(|line| line.contains(part)), "{part}: {said:#?}");
        }
        let asked = stage.simulator.received(Endpoint::Token);
        assert_eq!(asked.len(), 1);
        assert!(asked[0].header("authorization").is_none());
        assert_eq!(asked[0].text(), "grant_type=client_credentials");
        // Doctor has removed its probe file.
        let names = std::fs::read_dir(stage.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(names.into_iter().all(|name| !name.to_string_lossy().contains("doctor")));
    }
}

#[test]
fn doctor_shows_the_lease_holder_since_when_and_whether_it_is_alive() {
    let stage = stage("sqlite:wellspring.db");
    let mut record = stage.granted(3_400);
    record.lease = Some(stage.lease());
    stage.put(&record);
    let note = || {
        let lines = stage.lines(&["doctor"]);
        without_digits(&lines).into_iter().find(|line| line.starts_with("note   user: process")).unwrap()
    };
    let lock = stage.store.liveness_lock(&stage.key, MOMENT).unwrap();
    assert_eq!(note(), "note   user: process 0000 started to renew 00s ago and is alive");
    drop(lock);
    assert_eq!(
        note(),
        "note   user: process 0000 started to renew 00s ago and is gone; the next command takes over"
    );
    std::fs::remove_dir_all(stage.folder.path().join("wellspring.db.life")).unwrap();
    assert!(note().contains(
        "started to renew 00s ago, and no process can tell whether it is alive; another one takes over"
    ));
}

#[test]
fn doctor_finds_a_wrong_clock_and_an_endpoint_that_is_down() {
    for (skew, says) in [(3_600, "behind that of"), (-7_200, "ahead of that of")] {
        let mut stage = stage("file:tokens");
        stage.simulator.configure(|config| config.date_skew = skew);
        let ran = stage.folder.run(&["doctor"]);
        assert_eq!(ran.status, 2, "{}", ran.stdout);
        let wrong: Vec<_> = ran.stdout.lines().filter(|line| line.starts_with("wrong  ")).collect();
        assert_eq!(wrong.len(), 1, "{}", ran.stdout);
        assert!(wrong[0].contains("this machine's clock is ") && wrong[0].contains(says), "{}", ran.stdout);
        assert!(ran.stderr.contains("checks found something wrong; see above"), "{}", ran.stderr);
        stage.simulator.unplug();
        let ran = stage.folder.run(&["doctor"]);
        assert_eq!(ran.status, 5, "{}", ran.stdout);
        assert!(
            ran.stdout.contains(": no answer of http") && ran.stdout.contains("it refuses the connection"),
            "{}",
            ran.stdout
        );
    }
}

#[cfg(unix)]
pub(crate) fn private(folder: &Folder, name: &str) {
    set_mode(folder, name, 0o600);
}

#[cfg(not(unix))]
pub(crate) fn private(_: &Folder, _: &str) {}

#[cfg(unix)]
pub(crate) fn set_mode(folder: &Folder, name: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.path().join(name);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
