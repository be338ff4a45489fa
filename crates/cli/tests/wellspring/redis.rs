//! The command over Redis: what only Redis has.

use std::fs;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use wellspring_simulator::{Endpoint, Simulator};
use wellspring_test_servers::{RedisSentinel, RedisServer};

use crate::command::{Folder, Ran, profiles};
use crate::network::{PASSWORD, Server, folder, ok};
use crate::stored::private;

const TRANSPORTS: [&str; 2] = ["async", "blocking"];

#[test]
fn store_init_checks_that_the_server_can_swap_and_makes_nothing() {
    let Server::Redis(server) = Server::redis() else { panic!("a Redis") };
    let url = format!("redis://:{PASSWORD}@127.0.0.1:{}/3", server.port());
    let folder = folder(&url, "", "");
    assert_eq!(
        ok(&folder, &["store", "init"]),
        format!(
            "redis://127.0.0.1:{}/3 needs nothing to be made, and compares and swaps as the store needs\n",
            server.port()
        )
    );
    assert_eq!(server.command(&["DBSIZE"]), "0");
}

#[test]
fn a_server_that_cannot_compare_and_swap_is_refused_and_the_error_says_why() {
    let server =
        RedisServer::start_with(&["--rename-command", "EVAL", "", "--rename-command", "EVALSHA", ""]);
    let simulator = Simulator::start().unwrap();
    let folder = folder(&server.url(), "", &profiles(&simulator));
    let why =
        "has no scripts, so it cannot compare and swap: two processes would overwrite each other's tokens";
    for command in [&["store", "init"][..], &["doctor", "shop"], &["login", "shop"]] {
        let ran = folder.run(command);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.status, 2, "{command:?}: {said}");
        assert!(said.contains(why), "{command:?}: {said}");
    }
    let ran = folder.run(&["token", "shop"]);
    assert!(ran.status == 0 && ran.stderr.contains("the token is not kept, so each command asks"), "{ran:?}");
    assert!(ran.stderr.contains(why), "{}", ran.stderr);
}

#[test]
fn a_user_without_the_permission_for_scripts_is_told_what_is_missing() {
    let server = RedisServer::start();
    server.command(&[
        "ACL",
        "SETUSER",
        "app",
        "on",
        &format!(">{PASSWORD}"),
        "~wellspring:*",
        "+@read",
        "+@connection",
    ]);
    let url = format!("redis://app:{PASSWORD}@127.0.0.1:{}", server.port());
    for command in [&["store", "init"][..], &["doctor"]] {
        let ran = folder(&url, "", "").run(command);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.status, 2, "{said}");
        assert!(said.contains("does not permit this user what the store needs"), "{said}");
        assert!(!said.contains(PASSWORD), "{said}");
    }
}

#[test]
fn the_password_comes_from_the_environment_where_the_url_has_none() {
    let Server::Redis(server) = Server::redis() else { panic!("a Redis") };
    let init = |url: &str, password: &str| {
        let folder = folder(url, "", "");
        Ran::of(folder.command(&["store", "init"]).env("REDISCLI_AUTH", password))
    };
    let without = init(&server.url(), "");
    assert!(without.status == 2 && without.stderr.contains("asks for a password"), "{}", without.stderr);
    assert_eq!(init(&server.url(), PASSWORD).status, 0);
    let of_url = format!("redis://:{PASSWORD}@127.0.0.1:{}", server.port());
    assert_eq!(init(&of_url, "canary-of-another-password").status, 0, "the URL's own comes first");
    let wrong = init(&server.url(), "canary-of-another-password");
    assert!(wrong.status == 2 && !wrong.stderr.contains("canary"), "{}", wrong.stderr);
    // The URL itself may be in the environment too.
    let folder = Folder::with("[store]\nurl = { env = \"STORE\" }\nsealing = \"off\"\n");
    let ran = Ran::of(folder.command(&["store", "init"]).env("STORE", &of_url));
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    assert!(!ran.stdout.contains(PASSWORD), "{}", ran.stdout);
}

#[test]
fn stores_with_different_prefixes_share_nothing() {
    let server = RedisServer::start();
    let simulator = Simulator::start().unwrap();
    let [one, other] =
        ["", "prefix = \"team:\"\n"].map(|prefix| folder(&server.url(), prefix, &profiles(&simulator)));
    let token = ok(&one, &["token", "shop"]);
    assert_ne!(ok(&other, &["token", "shop"]), token);
    assert_eq!(ok(&one, &["token", "shop"]), token);
    let keys = server.command(&["KEYS", "*{*"]);
    let with = |prefix: &str| keys.lines().filter(|key| key.starts_with(prefix)).count();
    assert!(with("wellspring:{") == 2 && with("team:{") == 2, "{keys}");
}

#[test]
fn the_primary_that_sentinel_names_has_the_tokens_also_after_a_failover() {
    let mut primary = RedisServer::start();
    let replica = primary.replica();
    let sentinel = RedisSentinel::start_with_password("main", &primary, "canary-watch");
    let simulator = Simulator::start().unwrap();
    let url = format!("redis+sentinel://127.0.0.1:{}/main", sentinel.port());
    for (login, expected) in [
        ("", "asks for a password: set `sentinel_password`"),
        ("sentinel_password = \"canary-wrong\"\n", "correct `sentinel_password`"),
        ("sentinel_username = \"app\"\n", "needs `sentinel_password`"),
    ] {
        let ran = folder(&url, login, "").run(&["store", "init"]);
        assert!(ran.status == 2 && ran.stderr.contains(expected), "{login}: {}", ran.stderr);
        assert!(!ran.stderr.contains("canary"), "{}", ran.stderr);
    }
    let folder = folder(&url, "sentinel_password = \"canary-watch\"\n", &profiles(&simulator));
    ok(&folder, &["store", "init"]);
    let token = ok(&folder, &["token", "shop"]);
    // The save counts as replicated once the replica has confirmed it.
    assert_eq!(primary.command(&["WAIT", "1", "60000"]), "1");
    primary.kill();
    sentinel.wait_for_primary("main", replica.port());
    for transport in TRANSPORTS {
        assert_eq!(ok(&folder, &["token", "shop", "--transport", transport]), token);
    }
    assert_eq!(simulator.asked(Endpoint::PixToken), 1);
    assert!(ok(&folder, &["status", "shop"]).contains("fresh, due in "));
}

/// An authority, and a certificate for this machine that it has signed, with its key. All are PEM.
fn certificates() -> (String, String, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    (authority.pem(), certificate.pem(), key.serialize_pem())
}

#[test]
fn tls_checks_the_server_against_the_authority_that_the_store_names() {
    let (authority, certificate, key) = certificates();
    let server = RedisServer::start_with_tls(&certificate, &key);
    let simulator = Simulator::start().unwrap();
    let url = format!("rediss://127.0.0.1:{}", server.port());
    let with = |settings: &str, pem: &str| {
        let folder = folder(&url, settings, &profiles(&simulator));
        folder.write("ca.pem", pem);
        folder
    };
    let named = "ca_certificate = \"ca.pem\"\n";
    let trusting = with(named, &authority);
    ok(&trusting, &["store", "init"]);
    let token = ok(&trusting, &["token", "shop"]);
    assert_eq!(ok(&trusting, &["token", "shop", "--transport", "async"]), token);
    // Not with another authority, and not with those of the system.
    for doubting in [with(named, &certificates().0), with("", "")] {
        let ran = doubting.run(&["store", "init"]);
        assert_eq!(ran.status, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains("shows a certificate that is not trusted"), "{}", ran.stderr);
    }
    let ran = with(named, "no PEM").run(&["store", "init"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr.contains("wellspring.toml:5: `ca_certificate` holds no certificate in PEM"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_server_may_demand_a_certificate_of_the_client() {
    let (authority, certificate, key) = certificates();
    let server = RedisServer::start_with_tls(&certificate, &key);
    let url = format!("rediss://127.0.0.1:{}", server.port());
    // The server trusts only its own certificate, so that one is the client's too.
    let settings =
        "ca_certificate = \"ca.pem\"\nclient_certificate = \"client.pem\"\nclient_key = \"client.key\"\n";
    let folder = folder(&url, settings, "");
    for (name, text) in [("ca.pem", &authority), ("client.pem", &certificate), ("client.key", &key)] {
        folder.write(name, text);
        private(&folder, name);
    }
    ok(&folder, &["store", "init"]);
    let doctor = ok(&folder, &["doctor"]);
    assert!(doctor.contains("`client_key`: only its owner can read client.key"), "{doctor}");
    folder.write("client.key", "canary");
    let ran = folder.run(&["store", "init"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr.contains("wellspring.toml:7: `client_key` holds no private key in PEM"),
        "{}",
        ran.stderr
    );
    fs::remove_file(folder.path().join("client.key")).unwrap();
    let ran = folder.run(&["store", "init"]);
    assert!(ran.status == 2 && ran.stderr.contains("`client_key` cannot be read from "), "{}", ran.stderr);
}

#[test]
fn a_url_that_is_none_is_refused_at_its_line_and_not_shown() {
    for (url, says) in [
        ("redis://:canary@", "the URL of the store names no host"),
        ("redis://:canary@h:x", "a port that is not a number"),
        ("redis://:canary@h/x", "a database that is not a number"),
        ("redis+sentinel://:canary@h", "names no primary: write redis+sentinel://HOST/NAME"),
        ("redis+fancy://:canary@h", "write redis+cluster: or redis+sentinel:"),
        ("redis://canary@h", "a user and no password"),
    ] {
        let ran = folder(url, "", "").run(&["store", "init"]);
        assert_eq!(ran.status, 2, "{}", ran.stderr);
        assert!(
            ran.stderr.starts_with("wellspring: wellspring.toml:2: `url` cannot be opened: "),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains(says) && !ran.stderr.contains("canary"), "{}", ran.stderr);
    }
}
