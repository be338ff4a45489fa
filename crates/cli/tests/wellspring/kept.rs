//! `status` and `doctor`, over records that the test has written itself.

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

use crate::command::{Folder, Ran};
use crate::login;

const MOMENT: Duration = Duration::from_secs(5);
const ACCESS: &str = "canary-access-token-0123456789";
const REFRESH: &str = "canary-refresh-token-0123456789";

/// A simulator, a folder with a profile, and the store that both name.
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

/// Under which the profile's tokens are kept.
pub(crate) fn key(token_url: &str) -> TokenKey {
    let app = App::builder()
        .authorize_url("http://127.0.0.1/a")
        .token_url(token_url)
        .client_id("client_abc123def456")
        .client_secret("secret")
        .redirect_uri("http://127.0.0.1/callback")
        .scopes(["profile", "balance"]);
    app.build().unwrap().spec().key.clone()
}

impl Stage {
    pub(crate) fn put(&self, record: &Record) {
        let loaded = self.store.load(&self.key, MOMENT).unwrap();
        let version = loaded.stored.map(|stored| stored.version);
        assert!(matches!(self.store.save(&self.key, version, record, MOMENT), Ok(Swap::Done(_))));
    }

    /// The lines of a command that succeeds, without a word on stderr; never a secret.
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

    /// A token that was obtained so long ago and lives for an hour.
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
        let span = Duration::from_secs(35);
        let until = self.now().minus(Duration::from_secs(10)).plus(span);
        Lease { attempt: Attempt { owner, number: 1 }, first_sent: None, until, span, replays: 0 }
    }
}

/// Without the numbers, which a second may have passed over.
fn wordless(lines: &[String]) -> Vec<String> {
    lines
        .iter()
        .map(|line| line.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect())
        .collect()
}

#[test]
fn status_tells_what_is_held_and_how_fresh_it_is() {
    for url in ["file:tokens", "sqlite:wellspring.db"] {
        let stage = stage(url);
        assert_eq!(
            stage.lines(&["status"]),
            ["user", "  token          none: nothing was ever kept for this profile"]
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
            let lines = wordless(&stage.lines(&["status", "user"]));
            assert_eq!(
                lines,
                ["user", token, "  generation     0 of epoch 0", "  refresh token  held, expires in 00d 00h"]
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
        assert_eq!(stage.lines(&["status"])[1], "  token          none: somebody has logged out");
        assert_eq!(stage.simulator.asked(Endpoint::Any), 0);
    }
}

#[test]
fn status_tells_who_renews_what_is_dead_and_who_is_left_alone() {
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
            },
        });
        stage.put(&record);
        let alive = stage.store.liveness_lock(&stage.key, MOMENT).unwrap();
        let lines = wordless(&stage.lines(&["status"]));
        assert_eq!(lines[4], "  renewing       process 0000 since 00s");
        assert_eq!(
            lines[5],
            "  dead           since 0h: the refresh token was refused: it is revoked or already spent; sign in again \
             with `wellspring login`"
        );
        let left_alone = "  left alone     for 0m 00s after 0 failures: the endpoint is down";
        assert_eq!(lines[6], left_alone);
        let json = stage.json();
        assert_eq!(json["renewing"]["process"], 4711);
        assert_eq!(json["renewing"]["owner"], "alive");
        assert_eq!(json["dead"]["reason"], "refused");
        assert_eq!((&json["throttle"]["failures"], &json["throttle"]["code"]), (&3.into(), &"busy".into()));
        drop(alive);
        let lines = wordless(&stage.lines(&["status"]));
        assert_eq!(
            lines[4],
            "  renewing       process 0000 did since 00s and is gone: the next command takes over"
        );
        assert_eq!(stage.json()["renewing"]["owner"], "gone");
    }
}

#[test]
fn status_tells_of_a_token_that_waits_to_be_saved() {
    let stage = stage("file:tokens");
    let record = stage.granted(10);
    let attempt = stage.lease().attempt;
    let pending_save =
        PendingSave { attempt, record, origin: Obtained::ByRenewal { spent: Generation::new(2) } };
    stage.store.spill(&stage.key, &pending_save).unwrap();
    let lines = stage.lines(&["status"]);
    assert_eq!(
        lines[2],
        "  spilled        a token that the store would not take waits beside it for the next command"
    );
    assert_eq!(stage.json()["spilled"], true);
    let doctor = stage.lines(&["doctor"]);
    let note = "note   user: a token that the store would not take waits for the next command";
    assert!(doctor.iter().any(|line| line == note), "{doctor:?}");
}

#[test]
fn a_record_that_cannot_be_read_is_told_of_and_left_as_it_is() {
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
        assert_eq!(ran.status, 5, "{arguments:?}: {} {}", ran.stdout, ran.stderr);
        assert!(!ran.stderr.contains("canary") && !ran.stdout.contains("canary"), "{arguments:?}");
        assert_eq!(std::fs::read(&file).unwrap(), garbled, "{arguments:?}");
    }
    assert_eq!(stage.simulator.counters().families_revoked, 0);
    let said = stage.folder.run(&["status"]).stderr;
    assert!(
        said.starts_with("wellspring: wellspring.toml:2: `url` cannot be read: ")
            && said.ends_with("; nothing overwrites it: mend it, or move it away and sign in again\n"),
        "{said}"
    );
}

#[test]
fn a_database_that_is_none_is_told_of_and_left_as_it_is() {
    let (simulator, folder) = login::stage("http://127.0.0.1/callback", "sqlite:taken");
    let mine = "this is mine, and no database; ".repeat(100);
    folder.write("taken", &mine);
    for command in [&["token", "user"][..], &["login", "user"], &["logout", "user"], &["status"]] {
        let ran = folder.run(command);
        assert_eq!((ran.status, ran.stdout.as_str()), (5, ""), "{command:?}: {}", ran.stderr);
        let says = "wellspring.toml:2: `url` cannot be opened: ";
        assert!(ran.stderr.contains(says) && ran.stderr.contains("not a SQLite database"), "{}", ran.stderr);
        assert_eq!(std::fs::read_to_string(folder.path().join("taken")).unwrap(), mine);
    }
    assert_eq!(simulator.asked(Endpoint::Any), 0);
}

#[test]
fn what_is_asked_of_a_store_without_one_is_usage() {
    let (_simulator, folder) = login::stage("http://127.0.0.1/callback", "memory:");
    for command in [&["status"][..], &["logout", "user"], &["login", "user"]] {
        let ran = folder.run(command);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{command:?}");
        assert_eq!(
            ran.stderr,
            "wellspring: wellspring.toml:2: `url` keeps nothing beyond this command; add a store that does: [store] \
             with url = \"file:DIR\" or \"sqlite:PATH\"\n"
        );
    }
    let stage = stage("file:tokens");
    let ran = stage.folder.run(&["status", "shop"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("there is no [profile.shop]; profiles there: user"), "{}", ran.stderr);
}

#[test]
fn a_path_that_can_hold_no_store_is_usage() {
    for (url, says) in [
        ("file:taken", "names ./taken, which is a file; name a folder"),
        ("file:no/such/folder", "lies in ./no/such, which is no folder; make it first"),
        ("sqlite:folder", "names ./folder, which is a folder; name a file"),
        ("sqlite:no/tokens.db", "lies in ./no, which is no folder; make it first"),
        ("file:taken/tokens", "lies in ./taken, which is no folder; make it first"),
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
        // Doctor has asked for the time.
        assert_eq!(simulator.asked(Endpoint::Token), 1);
        assert_eq!(std::fs::read(folder.path().join("taken")).unwrap(), b"this is mine");
    }
}

#[test]
fn doctor_finds_nothing_wrong_where_nothing_is() {
    for url in ["file:tokens", "sqlite:wellspring.db"] {
        let stage = stage(url);
        stage.put(&stage.granted(10));
        let said = stage.lines(&["doctor"]);
        assert!(said.iter().all(|line| line.starts_with("ok     ")), "{said:#?}");
        for part in [
            "wellspring.toml holds a secret, and nobody else can read it",
            "the store is its owner's alone",
            "the store's folder can be written: ",
            "the place for spilled tokens can be written: ",
            "user: the store can be read and holds generation 3",
            "this machine's clock agrees with the one of http://127.0.0.1:",
        ] {
            assert!(said.iter().any(|line| line.contains(part)), "{part}: {said:#?}");
        }
        let asked = stage.simulator.received(Endpoint::Token);
        assert_eq!(asked.len(), 1);
        assert!(asked[0].header("authorization").is_none() && asked[0].body.is_empty());
        // Nothing is left behind.
        let names = std::fs::read_dir(stage.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(names.into_iter().all(|name| !name.to_string_lossy().contains("doctor")));
    }
}

#[test]
fn doctor_tells_who_holds_a_claim_since_when_and_whether_it_lives() {
    let stage = stage("sqlite:wellspring.db");
    let mut record = stage.granted(3_400);
    record.lease = Some(stage.lease());
    stage.put(&record);
    let told = || {
        let lines = stage.lines(&["doctor"]);
        wordless(&lines).into_iter().find(|line| line.starts_with("note   user: process")).unwrap()
    };
    let alive = stage.store.liveness_lock(&stage.key, MOMENT).unwrap();
    assert_eq!(told(), "note   user: process 0000 began to renew 00s ago and is alive");
    drop(alive);
    assert_eq!(
        told(),
        "note   user: process 0000 began to renew 00s ago and is gone; the next command takes over"
    );
}

#[test]
fn doctor_finds_a_clock_that_is_off_and_an_endpoint_that_is_down() {
    for (skew, says) in [(3_600, "behind the one of"), (-7_200, "ahead of the one of")] {
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
        assert!(ran.stdout.contains("cannot be asked for its time: "), "{}", ran.stdout);
    }
}

#[test]
fn doctor_finds_a_clock_that_was_set_back() {
    let stage = stage("file:tokens");
    let mut record = stage.granted(0);
    let SessionState::Active(granted) = &mut record.state else { panic!("a token is held") };
    granted.obtained_at = stage.now().plus(Duration::from_secs(7_260));
    stage.put(&record);
    let ran = stage.folder.run(&["doctor"]);
    assert_eq!(ran.status, 2, "{}", ran.stdout);
    let told = ran.stdout.lines().any(|line| line.starts_with("wrong  user: what is held is from 2h "));
    assert!(told, "{}", ran.stdout);
}

#[cfg(unix)]
fn private(folder: &Folder, name: &str) {
    set_mode(folder, name, 0o600);
}

#[cfg(not(unix))]
fn private(_: &Folder, _: &str) {}

#[cfg(unix)]
fn set_mode(folder: &Folder, name: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.path().join(name);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(unix)]
#[test]
fn doctor_finds_what_others_can_read() {
    let stage = stage("file:tokens");
    stage.put(&stage.granted(10));
    let wrong = |ran: &Ran| {
        let lines = ran.stdout.lines().filter(|line| line.starts_with("wrong  "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    set_mode(&stage.folder, "wellspring.toml", 0o644);
    let ran = stage.folder.run(&["doctor"]);
    assert_eq!(ran.status, 2);
    assert_eq!(
        wrong(&ran),
        [
            "wrong  wellspring.toml holds a secret and can be read by others: chmod 600 it, or take the secret from \
          elsewhere"
        ]
    );
    let text = std::fs::read_to_string(stage.folder.path().join("wellspring.toml")).unwrap();
    stage
        .folder
        .write("wellspring.toml", &text.replace("\"secret_xyz789uvw012\"", "{ file = \"app.secret\" }"));
    stage.folder.write("app.secret", "secret_xyz789uvw012\n");
    set_mode(&stage.folder, "app.secret", 0o640);
    let ran = stage.folder.run(&["doctor"]);
    assert_eq!(ran.status, 2);
    assert_eq!(
        wrong(&ran),
        ["wrong  wellspring.toml:10: `client_secret` app.secret can be read by others: chmod 600 it"]
    );
    private(&stage.folder, "app.secret");
    set_mode(&stage.folder, "tokens", 0o755);
    let ran = stage.folder.run(&["doctor"]);
    assert_eq!(ran.status, 2);
    let found = wrong(&ran);
    assert_eq!(found.len(), 1, "{}", ran.stdout);
    assert!(found[0].contains("tokens is open to others (mode 755): chmod 700 it"), "{}", found[0]);
}
