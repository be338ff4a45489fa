//! The command over stores on a network: what holds for Redis and for Postgres alike.

use core::time::Duration;
use std::fs;
use std::process::Stdio;
use std::sync::Arc;

use wellspring_core::{
    AccessToken, Epoch, Generation, Granted, Record, RefreshToken, SessionState, Swap, TokenResponse,
    UnixTime,
};
use wellspring_profiles::{Configuration, LocalStore};
use wellspring_simulator::{Endpoint, Fault, OauthClient, Simulator};
use wellspring_test_servers::{PostgresServer, RedisServer};

use crate::command::{Folder, Ran, Running, eventually, profiles};
use crate::login;
use crate::stored::{key, private};
use crate::token::signed_in;

/// The password of each server. No output shows it.
pub(crate) const PASSWORD: &str = "canary-of-the-servers-password";

const TRANSPORTS: [&str; 2] = ["async", "blocking"];
const MOMENT: Duration = Duration::from_secs(30);

/// A server of one test.
pub(crate) enum Server {
    Redis(RedisServer),
    Postgres(PostgresServer),
}

impl Server {
    pub(crate) fn redis() -> Self {
        // The search in the dump reads what is not compressed.
        Self::Redis(RedisServer::start_with(&["--requirepass", PASSWORD, "--rdbcompression", "no"]))
    }

    /// A server with a database of a user that has a password.
    pub(crate) fn postgres() -> Self {
        let server = PostgresServer::start();
        server.create_user("app", PASSWORD, "");
        server.sql("postgres", "CREATE DATABASE tokens OWNER app");
        Self::Postgres(server)
    }

    /// One of each kind.
    fn each() -> [Self; 2] {
        [Self::redis(), Self::postgres()]
    }

    pub(crate) fn url(&self) -> String {
        self.url_with(PASSWORD)
    }

    fn url_with(&self, password: &str) -> String {
        match self {
            Self::Redis(server) => format!("redis://:{password}@127.0.0.1:{}", server.port()),
            Self::Postgres(server) => server.url_of("app", password, "tokens"),
        }
    }

    /// What an error names the server by.
    fn shown(&self) -> String {
        match self {
            Self::Redis(server) => format!("redis://127.0.0.1:{}/0", server.port()),
            Self::Postgres(server) => format!("postgres://127.0.0.1:{}/tokens", server.port()),
        }
    }

    fn kill(&mut self) {
        match self {
            Self::Redis(server) => server.kill(),
            Self::Postgres(server) => server.kill(),
        }
    }

    fn start_again(&mut self) {
        match self {
            Self::Redis(server) => server.start_again(),
            Self::Postgres(server) => server.start_again(),
        }
    }

    /// What a thief of a dump reads.
    fn dump(&self) -> Vec<u8> {
        match self {
            Self::Redis(server) => fs::read(server.save()).unwrap(),
            Self::Postgres(server) => server.dump("tokens").into_bytes(),
        }
    }
}

/// A folder whose store is at this URL. Its sealing key is in the file `key`.
pub(crate) fn folder(url: &str, settings: &str, profiles: &str) -> Folder {
    let folder = Folder::with(&format!(
        "[store]\nurl = \"{url}\"\nsealing_key_file = \"key\"\nspill = \"spilled\"\n{settings}{profiles}"
    ));
    private(&folder, "wellspring.toml");
    assert_eq!(folder.run(&["keygen", "--out", "key"]).status, 0);
    folder
}

/// Runs a command that must succeed and say nothing besides its result.
pub(crate) fn ok(folder: &Folder, arguments: &[&str]) -> String {
    let ran = folder.run(arguments);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{arguments:?}: {}", ran.stdout);
    ran.stdout
}

pub(crate) fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Whether a dump shows this text, as it is or in the digits in which Postgres prints bytes.
fn shows(dump: &[u8], text: &str) -> bool {
    let digits: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    contains(dump, text) || contains(dump, &digits)
}

/// A server, a simulator and a folder for them, whose store is ready.
fn ready(server: &Server) -> (Simulator, Folder) {
    let simulator = Simulator::start().unwrap();
    let folder = folder(&server.url(), "", &profiles(&simulator));
    ok(&folder, &["store", "init"]);
    (simulator, folder)
}

/// A folder with the profile `user`, whose expired token and single-use refresh token are in the store.
fn signed_in_and_expired(server: &Server) -> (Simulator, Folder, Arc<dyn LocalStore>) {
    let (simulator, of_login) = login::stage("http://127.0.0.1/callback", &server.url());
    let text = fs::read_to_string(of_login.path().join("wellspring.toml")).unwrap();
    let (_, profile) = text.split_once("[profile").unwrap();
    let folder = folder(&server.url(), "", &format!("[profile{profile}"));
    ok(&folder, &["store", "init"]);
    let refresh_token = signed_in(&simulator, "http://127.0.0.1/callback");
    let response = TokenResponse::new(AccessToken::new("an-expired-token"))
        .with_lifetime(Duration::from_secs(7_200))
        .with_refresh_token(RefreshToken::new(refresh_token));
    let sent = UnixTime::after_epoch(simulator.clock().now()).minus(Duration::from_secs(8_000));
    let record =
        Record::new(Epoch::new(1), Generation::new(1), SessionState::Active(Granted::new(sent, response)));
    let configuration = Configuration::load(folder.path().join("wellspring.toml")).unwrap();
    let store = configuration.store().open().unwrap().unwrap();
    let key = key(&format!("{}/api/oauth2/token", simulator.url()));
    assert!(matches!(store.save(&key, None, &record, MOMENT), Ok(Swap::Done(_))));
    (simulator, folder, store)
}

#[test]
fn the_token_of_one_process_is_the_next_ones_and_every_command_works() {
    for server in Server::each() {
        let (simulator, folder) = ready(&server);
        let first = ok(&folder, &["token", "shop"]);
        for transport in TRANSPORTS {
            assert_eq!(ok(&folder, &["token", "shop", "--transport", transport]), first);
        }
        assert_eq!(simulator.asked(Endpoint::PixToken), 1);
        let status = ok(&folder, &["status", "shop"]);
        assert!(
            status.contains("fresh, due in ") && status.contains("sealed         with the key"),
            "{status}"
        );
        let doctor = ok(&folder, &["doctor", "shop"]);
        for line in [
            "ok     wellspring.toml holds a secret, and only its owner can read it\n",
            "ok     the store's server answers and has what the store needs\n",
            "ok     the store is sealed with the key ",
            "ok     the store's locks work\n",
            "ok     shop: the store is readable and holds generation ",
        ] {
            assert!(doctor.contains(line), "{line}: {doctor}");
        }
        let out = folder.run(&["logout", "shop"]);
        assert_eq!((out.status, out.stdout.as_str()), (0, ""), "{}", out.stderr);
        assert_eq!(folder.run(&["token", "shop"]).status, 3);
        assert_eq!(folder.run(&["login", "shop"]).status, 0);
        assert_ne!(ok(&folder, &["token", "shop"]), first);
        // `doctor` has asked without a credential.
        assert_eq!(simulator.asked(Endpoint::PixToken), 3);
    }
}

#[test]
fn a_sign_in_serves_every_later_process_until_the_logout() {
    for server in Server::each() {
        let (simulator, folder, _store) = signed_in_and_expired(&server);
        let login = login::Login::start(&folder, &[]);
        simulator.configure(|config| {
            config.app.clients = vec![OauthClient::confidential(
                "client_abc123def456",
                "secret_xyz789uvw012",
                &login.redirect_uri(),
            )];
        });
        assert!(login::agree(&login).1.contains("You are signed in"));
        assert_eq!(login.end().status, 0);
        let first = ok(&folder, &["token", "user"]);
        assert_eq!(ok(&folder, &["token", "user", "--transport", "async"]), first);
        assert_eq!(simulator.asked(Endpoint::RefreshGrant), 0);
        let out = folder.run(&["logout", "user"]);
        assert_eq!(out.status, 0, "{}", out.stderr);
        assert!(out.stderr.contains("user is logged out, here and at the server"), "{}", out.stderr);
        assert_eq!(folder.run(&["token", "user"]).status, 3);
    }
}

#[test]
fn eight_processes_at_once_spend_a_refresh_token_once() {
    for server in Server::each() {
        let (simulator, folder, _store) = signed_in_and_expired(&server);
        // Long enough for all processes to find the lease.
        simulator.configure(|config| config.latency = Duration::from_millis(500));
        let start = |transport: &&str| {
            let mut command = folder.command(&["token", "user", "--transport", transport]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let running: Vec<_> = TRANSPORTS.iter().cycle().take(8).map(start).collect();
        let all: Vec<Ran> =
            running.into_iter().map(|child| Ran::from(child.wait_with_output().unwrap())).collect();
        for ran in &all {
            assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{}", server.shown());
            assert_eq!(ran.stdout, all[0].stdout, "{}", server.shown());
        }
        assert_eq!(simulator.asked(Endpoint::RefreshGrant), 1, "{}", server.shown());
        assert_eq!(simulator.counters().reuses_detected, 0, "{}", server.shown());
    }
}

#[test]
fn without_the_server_client_credentials_go_on_with_a_warning_and_a_single_use_token_waits() {
    for mut server in Server::each() {
        let (simulator, folder, _store) = signed_in_and_expired(&server);
        let text = fs::read_to_string(folder.path().join("wellspring.toml")).unwrap();
        let all = profiles(&simulator);
        let shop = all.split("[profile.app]").next().unwrap();
        folder.write("wellspring.toml", &format!("{text}{shop}"));
        if let Server::Redis(redis) = &server {
            drop(redis.save());
        }
        server.kill();
        for transport in TRANSPORTS {
            let ran = folder.run(&["token", "shop", "--transport", transport]);
            assert_eq!(ran.status, 0, "{}", ran.stderr);
            let says =
                format!("the token is not kept, and the next command asks for a new one: {}", server.shown());
            assert!(ran.stderr.contains(&says), "{}", ran.stderr);
            assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
            let ran = folder.run(&["token", "user", "--transport", transport]);
            assert_eq!((ran.status, ran.stdout.as_str()), (5, ""), "{}", ran.stderr);
            assert!(ran.stderr.contains(&server.shown()), "{}", ran.stderr);
            assert!(!ran.stderr.contains(PASSWORD), "{}", ran.stderr);
        }
        assert_eq!(simulator.asked(Endpoint::RefreshGrant), 0, "the refresh token is not spent");
        let doctor = folder.run(&["doctor", "shop"]);
        assert_eq!(doctor.status, 5, "{}", doctor.stdout);
        assert!(doctor.stdout.contains(&format!("wrong  {}", server.shown())), "{}", doctor.stdout);
        assert_eq!(folder.run(&["store", "init"]).status, 5);
        server.start_again();
        let ran = folder.run(&["token", "user"]);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
        assert_eq!(simulator.asked(Endpoint::RefreshGrant), 1);
    }
}

#[test]
fn a_wrong_password_is_a_setting_to_correct_and_is_not_shown() {
    for server in Server::each() {
        let (simulator, _) = ready(&server);
        let folder = folder(&server.url_with("canary-of-another-password"), "", &profiles(&simulator));
        for command in [&["status"][..], &["doctor"], &["store", "init"], &["logout", "shop"], &["rekey"]] {
            let ran = folder.run(command);
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert_eq!(ran.status, 2, "{command:?}: {said}");
            assert!(said.contains("correct ") && said.contains("password"), "{command:?}: {said}");
            assert!(!said.contains("canary"), "{command:?}: {said}");
        }
    }
}

#[test]
fn a_store_on_a_network_is_sealed_and_its_dump_shows_no_token() {
    for server in Server::each() {
        let simulator = Simulator::start().unwrap();
        let bare = Folder::with(&format!("[store]\nurl = \"{}\"\n{}", server.url(), profiles(&simulator)));
        for command in [&["token", "shop"][..], &["store", "init"], &["status"], &["rekey"]] {
            let ran = bare.run(command);
            assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{command:?}");
            assert!(
                ran.stderr.starts_with(
                    "wellspring: wellspring.toml:2: `url` names a store on a network, which is sealed"
                ),
                "{}",
                ran.stderr
            );
        }
        let (simulator, folder) = ready(&server);
        let token = ok(&folder, &["token", "shop"]);
        let chain = ok(&folder, &["token", "chain"]);
        let dump = server.dump();
        assert!(!shows(&dump, token.trim_end()) && !shows(&dump, chain.trim_end()), "{}", server.shown());

        // The search finds a token that is not sealed.
        let open = Folder::with(&format!(
            "[store]\nurl = \"{}\"\nsealing = \"off\"\n{}",
            server.url(),
            profiles(&simulator)
        ));
        let token = ok(&open, &["token", "app"]);
        assert!(shows(&server.dump(), token.trim_end()), "{}", server.shown());
    }
}

#[test]
fn rekey_seals_what_the_server_holds_with_the_newest_key() {
    for server in Server::each() {
        let (_simulator, folder) = ready(&server);
        let token = ok(&folder, &["token", "shop"]);
        assert_eq!(folder.run(&["keygen", "--out", "new"]).status, 0);
        let [new, old] = ["new", "key"].map(|name| fs::read_to_string(folder.path().join(name)).unwrap());
        folder.write("key", &format!("{new}{old}"));
        let doctor = ok(&folder, &["doctor", "shop"]);
        assert!(doctor.contains("0 records are plain, 2 sealed with another key"), "{doctor}");
        assert!(ok(&folder, &["rekey"]).contains(": 2 records and 0 spilled tokens; 0 were sealed"));
        folder.write("key", &new);
        assert_eq!(ok(&folder, &["token", "shop"]), token);
        folder.write("key", &old);
        let ran = folder.run(&["status", "shop"]);
        assert!(
            ran.status == 2 && format!("{}{}", ran.stdout, ran.stderr).contains("is sealed with the key"),
            "{ran:?}"
        );
    }
}

#[test]
fn the_password_of_the_url_is_in_no_output_and_in_no_process_list() {
    for server in Server::each() {
        let (simulator, folder) = ready(&server);
        let mut output = String::new();
        for arguments in [
            &["token", "shop"][..],
            &["token", "shop", "--transport", "async"],
            &["login", "shop"],
            &["status"],
            &["status", "--format", "json"],
            &["doctor"],
            &["store", "init"],
            &["rekey"],
            &["logout", "shop"],
            &["presets"],
        ] {
            let ran = Ran::of(folder.command(arguments).env("RUST_LOG", "trace"));
            output.push_str(&ran.stderr);
            output.push_str(&ran.stdout);
        }
        let configuration = Configuration::load(folder.path().join("wellspring.toml")).unwrap();
        output.push_str(&format!("{configuration:?} {:?}", configuration.store().open().unwrap()));
        assert!(!output.contains(PASSWORD) && output.len() > 1_000, "{}", server.shown());

        let before = simulator.asked(Endpoint::ClientCredentialsGrant);
        simulator.fault(Endpoint::Token, Fault::parse("silence-before").unwrap());
        let mut command = folder.command(&["token", "app"]);
        let running = Running(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
        assert!(eventually(|| simulator.asked(Endpoint::ClientCredentialsGrant) > before));
        let arguments = fs::read(format!("/proc/{}/cmdline", running.0.id())).unwrap();
        assert!(contains(&arguments, "app") && !contains(&arguments, PASSWORD));
    }
}
