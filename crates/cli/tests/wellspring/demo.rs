//! `wellspring demo`, and the same demo against a simulator that misbehaves.

use wellspring_cli::demo::{self, Options};
use wellspring_simulator::{Endpoint, Fault};

use crate::command::Folder;

#[test]
fn it_holds_in_every_line_and_shows_no_secret() {
    let ran = Folder::with("").run(&["demo"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    for name in
        ["pix-bacen · async", "oauth2-app · blocking", "hive-auth · async", "Everything held: 46 lines."]
    {
        assert!(ran.stdout.contains(name), "{name}");
    }
    for never in ["\u{1b}", "your-client-secret", "secret_xyz789uvw012", "eyJ", "refresh_", "NO"] {
        assert!(!ran.stdout.contains(never), "{never}");
    }
}

fn misbehaving(endpoint: Endpoint, fault: &str) -> (Vec<String>, String) {
    let fault = Fault::parse(fault).unwrap();
    let mut out = Vec::new();
    let options = Options { misbehave: Some((endpoint, fault)), ..Options::default() };
    let broken = demo::run(&options, &mut out).unwrap();
    (broken, String::from_utf8(out).unwrap())
}

#[test]
fn it_names_the_line_that_did_not_hold_when_the_server_misbehaves() {
    for (endpoint, fault, line) in [
        (Endpoint::PixToken, "invalid-client", "pix-bacen · async · a first token: "),
        (
            Endpoint::PixToken,
            "expires-in=60",
            "pix-bacen · blocking · a first token: the token's lifetime is not",
        ),
        (Endpoint::Api, "api-401-invalid", "hive-auth · blocking · attached to calls: the API answered 401"),
        (Endpoint::RefreshGrant, "invalid-grant", "oauth2-app · async · kept fresh, nobody waits: "),
        (
            Endpoint::RefreshGrant,
            "refresh-token-missing",
            "oauth2-app · blocking · 100 callers, one exchange: ",
        ),
        (
            Endpoint::HiveRefresh,
            "hive-101",
            "hive-auth · async · kept fresh, nobody waits: exchanges should be",
        ),
        (Endpoint::HiveToken, "hive-100", "hive-auth · async · refresh refused, credentials: "),
    ] {
        let (broken, printed) = misbehaving(endpoint, fault);
        assert!(broken.iter().any(|broken| broken.starts_with(line)), "{fault}: {broken:#?}");
        for broken in &broken {
            assert!(printed.contains(broken), "{broken}");
        }
        assert!(printed.contains("lines did not hold:") && printed.contains(" NO "), "{printed}");
    }
}

#[test]
fn a_provider_that_does_as_it_should_holds_beside_one_that_does_not() {
    let (broken, _) = misbehaving(Endpoint::PixToken, "bare-401");
    assert!(!broken.is_empty() && broken.iter().all(|line| line.starts_with("pix-bacen · ")), "{broken:#?}");
}
