//! The command over Postgres: what only Postgres has.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use wellspring_simulator::Simulator;
use wellspring_test_servers::{PostgresServer, Settings};

use crate::command::{Ran, profiles};
use crate::network::{PASSWORD, Server, folder, ok};
use crate::stored::private;

#[test]
fn a_server_without_the_table_names_the_command_that_makes_it() {
    let Server::Postgres(server) = Server::postgres() else { panic!("a Postgres") };
    let simulator = Simulator::start().unwrap();
    let url = server.url_of("app", PASSWORD, "tokens");
    let folder = folder(&url, "table = \"Auth\"\n", &profiles(&simulator));
    for command in [&["status"][..], &["doctor", "shop"], &["login", "shop"], &["rekey"]] {
        let ran = folder.run(command);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.status, 2, "{command:?}: {said}");
        assert!(
            said.contains("has no table \"Auth\": make it with `wellspring store init`"),
            "{command:?}: {said}"
        );
        assert!(!said.contains(PASSWORD), "{said}");
    }
    let ran = folder.run(&["token", "shop"]);
    assert!(ran.status == 0 && ran.stderr.contains("`wellspring store init`"), "{ran:?}");
    let says = format!("postgres://127.0.0.1:{}/tokens has the table \"Auth\"\n", server.port());
    for _ in 0..2 {
        assert_eq!(ok(&folder, &["store", "init"]), says);
    }
    let token = ok(&folder, &["token", "shop"]);
    assert_eq!(ok(&folder, &["token", "shop"]), token);
    assert_eq!(server.sql("tokens", "SELECT count(*) FROM \"Auth\" WHERE length(name) = 64").trim(), "2");
}

#[test]
fn the_password_comes_from_the_environment_or_a_file_where_the_url_has_none() {
    let Server::Postgres(server) = Server::postgres() else { panic!("a Postgres") };
    let url = format!("postgres://app@127.0.0.1:{}/tokens", server.port());
    let folder = folder(&url, "", "");
    let init = |name: &str, value: &str| Ran::of(folder.command(&["store", "init"]).env(name, value));
    let without = init("PGPASSWORD", "");
    assert_eq!(without.status, 2, "{}", without.stderr);
    assert!(without.stderr.contains("correct the user and the password of the store"), "{}", without.stderr);
    let wrong = init("PGPASSWORD", "canary-of-another-password");
    assert!(wrong.status == 2 && !wrong.stderr.contains("canary"), "{}", wrong.stderr);
    assert_eq!(init("PGPASSWORD", PASSWORD).status, 0);
    folder.write("passwords", &format!("127.0.0.1:*:tokens:app:{PASSWORD}\n"));
    private(&folder, "passwords");
    assert_eq!(init("PGPASSFILE", "passwords").status, 0);
}

#[test]
fn tls_checks_the_server_against_the_authority_that_the_url_names() {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let of_server = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = of_server.signed_by(&key, &authority).unwrap();
    let server =
        PostgresServer::start_with(&Settings::default().tls(&certificate.pem(), &key.serialize_pem()));
    let url = server.url("postgres");
    let trusting = folder(&format!("{url}?sslrootcert=ca.pem"), "", "");
    trusting.write("ca.pem", &authority.pem());
    ok(&trusting, &["store", "init"]);
    let doubting = folder(&format!("{url}?sslmode=require"), "", "");
    let ran = doubting.run(&["store", "init"]);
    assert!(
        ran.status == 2 && ran.stderr.contains("name its authority with `sslrootcert`"),
        "{}",
        ran.stderr
    );
    let wrong = folder(&url, "ca_certificate = \"ca.pem\"\n", "");
    let ran = wrong.run(&["store", "init"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr.contains(
            "wellspring.toml:5: `ca_certificate` is for stores in Redis; the URL of a store in Postgres"
        ),
        "{}",
        ran.stderr
    );
}
