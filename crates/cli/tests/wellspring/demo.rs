//! `wellspring demo`, and the same demo against a simulator with faults.

use wellspring_cli::demo::{self, Options};
use wellspring_simulator::{Endpoint, Fault};

use crate::command::Folder;

#[test]
fn every_check_of_the_demo_passes_and_no_secret_is_shown() {
    let ran = Folder::with("").run(&["demo"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    for name in ["pix-bacen · async", "oauth2-app · blocking", "hive-auth · async", "All 46 checks passed."]
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
    let failed = demo::run(&options, &mut out).unwrap();
    (failed, String::from_utf8(out).unwrap())
}

#[test]
fn the_demo_names_the_check_that_failed_when_the_server_misbehaves() {
    for (endpoint, fault, line) in [
        (Endpoint::PixToken, "invalid-client", "pix-bacen · async · a first token: "),
        (
            Endpoint::PixToken,
            "expires-in=60",
            "pix-bacen · blocking · a first token: the token's lifetime is not",
        ),
        (Endpoint::Api, "api-401-invalid", "hive-auth · blocking · attached to calls: the API answered 401"),
        (Endpoint::RefreshGrant, "invalid-grant", "oauth2-app · async · renewed early, no wait: "),
        (
            Endpoint::RefreshGrant,
            "refresh-token-missing",
            "oauth2-app · blocking · 100 callers, one exchange: ",
        ),
        (
            Endpoint::HiveRefresh,
            "hive-101",
            "hive-auth · async · renewed early, no wait: exchanges: expected",
        ),
        (Endpoint::HiveToken, "hive-100", "hive-auth · async · refresh refused, credentials: "),
    ] {
        let (failed, printed) = misbehaving(endpoint, fault);
        assert!(failed.iter().any(|failed| failed.starts_with(line)), "{fault}: {failed:#?}");
        for failed in &failed {
            assert!(printed.contains(failed), "{failed}");
        }
        assert!(printed.contains("checks failed:") && printed.contains(" NO "), "{printed}");
    }
}

#[test]
fn a_fault_of_one_provider_does_not_fail_the_checks_of_the_others() {
    let (failed, _) = misbehaving(Endpoint::PixToken, "bare-401");
    assert!(!failed.is_empty() && failed.iter().all(|line| line.starts_with("pix-bacen · ")), "{failed:#?}");
}
