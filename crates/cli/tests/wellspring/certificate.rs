//! Client certificates in a profile: every command reads the bank's file, and says what is wrong before a server does.

use std::process::Command;

use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};
use wellspring_simulator::{Endpoint, Simulator};

use crate::command::{Folder, Ran};

const TRANSPORTS: [&str; 2] = ["async", "blocking"];

/// A profile of a server that asks for a client certificate, with these TLS settings.
fn stage(simulator: &Simulator, tls: &str) -> Folder {
    let url = simulator.url();
    let folder = Folder::with(&format!(
        "[profile.bank]\nprovider = \"pix-bacen\"\nbase_url = \"{url}\"\nclient_id = \"your-client-id\"\n\
         client_secret = \"your-client-secret\"\n[profile.bank.tls]\nca_certificate = \"ca.pem\"\n{tls}"
    ));
    let identity = simulator.identity().unwrap();
    folder.write("ca.pem", &identity.ca_pem);
    folder.write("client.pem", &identity.client_certificate_pem);
    folder.write("client.key", &identity.client_key_pem);
    folder.write("expired.pem", &format!("{}{}", identity.expired_certificate_pem, identity.expired_key_pem));
    folder.write("other.key", &KeyPair::generate().unwrap().serialize_pem());
    folder.write("password", "canary-password\n");
    for (form, out) in [("", "modern.p12"), ("-legacy ", "legacy.pfx")] {
        let words = format!(
            "pkcs12 -export {form}-in client.pem -inkey client.key -passout file:password -out {out}"
        );
        let status = Command::new("openssl").args(words.split(' ')).current_dir(folder.path()).status();
        assert!(status.unwrap().success(), "openssl {words}");
    }
    folder
}

/// A self-signed certificate with its key, valid between these years.
fn self_signed(from: i32, until: i32) -> String {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "shop 93");
    (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(until, 1, 1));
    let key = KeyPair::generate().unwrap();
    format!("{}{}", params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

#[test]
fn a_pkcs12_file_with_its_password_is_all_that_a_profile_needs() {
    let simulator = Simulator::builder().mutual_tls().start().unwrap();
    for (file, password) in
        [("modern.p12", "{ file = \"password\" }"), ("legacy.pfx", "{ env = \"BANK_PASSWORD\" }")]
    {
        let tls = format!("client_certificate = \"{file}\"\nclient_certificate_password = {password}\n");
        let folder = stage(&simulator, &tls);
        for transport in TRANSPORTS {
            let mut command = folder.command(&["token", "bank", "--transport", transport]);
            let ran = Ran::of(command.env("BANK_PASSWORD", "canary-password").env("RUST_LOG", "trace"));
            assert_eq!(ran.status, 0, "{file}, {transport}: {}", ran.stderr);
            assert!(!ran.stderr.contains("canary"), "{}", ran.stderr);
        }
    }
    let shown = simulator.received(Endpoint::PixToken);
    let ours = &simulator.identity().unwrap().client_certificate_der;
    assert!(shown.iter().all(|request| request.client_certificate.as_ref() == Some(ours)));
    assert_eq!(shown.len(), 4);
}

#[test]
fn what_is_wrong_is_said_at_its_own_line_and_no_password_is_shown() {
    let simulator = Simulator::builder().mutual_tls().start().unwrap();
    for (tls, line, says) in [
        (
            "client_certificate = \"client.pem\"\nclient_key = \"other.key\"\n",
            "9: `client_key`",
            "does not belong",
        ),
        (
            "client_certificate = \"client.pem\"\nclient_key = \"missing.key\"\n",
            "9: `client_key`",
            "cannot be read from",
        ),
        (
            "client_certificate = \"client.pem\"\nclient_key = \"client.pem\"\n",
            "9: `client_key`",
            "holds no private key",
        ),
        ("client_certificate = \"client.pem\"\n", "8: `client_certificate`", "holds no private key"),
        ("client_certificate = \"modern.p12\"\n", "8: `client_certificate`", "its password is missing"),
        (
            "client_certificate = \"modern.p12\"\nclient_certificate_password = \"canary-wrong\"\n",
            "9: `client_certificate_password`",
            "its password is wrong",
        ),
        ("client_key = \"client.key\"\n", "8: `client_key`", "needs `client_certificate`"),
        ("client_certificate = \"client.pem\"\nroots = \"none\"\n", "9: `roots`", "system, bundled"),
    ] {
        let folder = stage(&simulator, tls);
        for command in [&["token", "bank"][..], &["doctor"]] {
            let ran = folder.run(command);
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert_eq!(ran.status, 2, "{tls}: {said}");
            assert!(said.contains(line) && said.contains(says), "{tls}: {said}");
            assert!(!said.contains("canary"), "{said}");
        }
    }
    assert_eq!(simulator.asked(Endpoint::Any), 0);
}

#[test]
fn doctor_status_and_every_command_say_how_long_the_certificate_is_valid() {
    let simulator = Simulator::builder().mutual_tls().start().unwrap();
    let folder = stage(&simulator, "client_certificate = \"shop.pem\"\n");
    let text = std::fs::read_to_string(folder.path().join("wellspring.toml")).unwrap();
    folder.write("wellspring.toml", &format!("[store]\nurl = \"file:tokens\"\n{text}"));
    for (from, until, line, words, event) in [
        (2001, 2002, "wrong  bank:", "\"shop 93\" expired on 2002-01-01 00:00 UTC", "certificate.expired"),
        (
            3001,
            3002,
            "wrong  bank:",
            "\"shop 93\" is not valid before 3001-01-01",
            "certificate.not_yet_valid",
        ),
        (2001, 3002, "ok     bank:", "days, on 3002-01-01", ""),
    ] {
        folder.write("shop.pem", &self_signed(from, until));
        let doctor = folder.run(&["doctor"]).stdout;
        assert!(doctor.lines().any(|it| it.starts_with(line) && it.contains(words)), "{doctor}");
        let status = folder.run(&["status", "bank"]).stdout;
        assert!(
            status.contains(words.trim_start_matches("\"shop 93\" ")) && status.contains("\"shop 93\""),
            "{status}"
        );
        let json: serde_json::Value =
            serde_json::from_str(&folder.run(&["status", "bank", "--format", "json"]).stdout).unwrap();
        assert_eq!(json[0]["client_certificate"]["subject"], "shop 93");
        assert!(json[0]["client_certificate"]["days_left"].is_u64());
        let ran = Ran::of(folder.command(&["token", "bank"]).env("RUST_LOG", "wellspring=warn"));
        assert_eq!(
            ran.stderr.contains("wellspring: bank: the client certificate"),
            !event.is_empty(),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains(event), "{}", ran.stderr);
    }
}

#[test]
fn a_refused_certificate_costs_a_command_one_handshake_and_names_the_alert() {
    for transport in TRANSPORTS {
        let simulator = Simulator::builder().mutual_tls().start().unwrap();
        let folder = stage(&simulator, "client_certificate = \"expired.pem\"\n");
        let ran = folder.run(&["token", "bank", "--transport", transport]);
        assert_eq!(ran.status, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains("(alert certificate_expired)"), "{}", ran.stderr);
        assert!(ran.stderr.contains("expired on 2001-01-01"), "{}", ran.stderr);
        assert!(
            ran.stderr.contains("; set or renew `client_certificate` in the profile's"),
            "{}",
            ran.stderr
        );
        assert_eq!(simulator.refused_handshakes(), 1, "{transport}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_authorities_of_the_environment_are_trusted_unless_the_profile_says_bundled() {
    let simulator = Simulator::builder().mutual_tls().start().unwrap();
    let other = Simulator::builder().tls().start().unwrap();
    let (file, directory) = ("SSL_CERT_FILE", "SSL_CERT_DIR");
    for (variable, value, tls, trusted) in [
        (file, "ca.pem", "", true),
        (file, "ca.pem", "roots = \"system\"\n", true),
        (file, "ca.pem", "roots = \"bundled\"\n", false),
        (directory, "authorities", "", true),
        (directory, "authorities", "roots = \"bundled\"\n", false),
        // The authority of the profile is trusted in addition.
        (file, "other.pem", "", false),
        (file, "other.pem", "ca_certificate = \"ca.pem\"\n", true),
        (file, "other.pem", "ca_certificate = \"ca.pem\"\nroots = \"system\"\n", true),
        (file, "other.pem", "ca_certificate = \"ca.pem\"\nroots = \"bundled\"\n", true),
        (file, "ca.pem", "ca_certificate = \"other.pem\"\n", true),
        (file, "ca.pem", "ca_certificate = \"other.pem\"\nroots = \"bundled\"\n", false),
        // An empty variable names nothing, so the bundled authorities are trusted.
        (file, "", "", false),
    ] {
        let certificate = "client_certificate = \"client.pem\"\nclient_key = \"client.key\"\n";
        let folder = stage(&simulator, certificate);
        let text = std::fs::read_to_string(folder.path().join("wellspring.toml")).unwrap();
        folder.write("wellspring.toml", &text.replace("ca_certificate = \"ca.pem\"\n", tls));
        folder.write("other.pem", &other.identity().unwrap().ca_pem);
        let authorities = folder.path().join("authorities");
        std::fs::create_dir(&authorities).unwrap();
        std::fs::copy(folder.path().join("ca.pem"), authorities.join("ca.pem")).unwrap();
        let rehash = Command::new("openssl").arg("rehash").arg(&authorities).status();
        assert!(rehash.unwrap().success(), "openssl rehash");
        let value = if value.is_empty() { value.into() } else { folder.path().join(value) };
        for transport in TRANSPORTS {
            let mut command = folder.command(&["token", "bank", "--transport", transport]);
            let ran = Ran::of(command.env_remove(file).env_remove(directory).env(variable, &value));
            let row = format!("{variable}={} {tls}{transport}: {}", value.display(), ran.stderr);
            assert_eq!(ran.status, if trusted { 0 } else { 2 }, "{row}");
            assert_eq!(ran.stderr.contains("the server's certificate is not trusted"), !trusted, "{row}");
        }
    }
}
