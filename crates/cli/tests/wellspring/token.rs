//! `wellspring token`.

use wellspring_core::{LoginReason, TokenError};
use wellspring_simulator::{Endpoint, Fault, Request, Simulator};

use crate::command::{Folder, Ran, profiles, stage};

const TRANSPORTS: [&str; 2] = ["async", "blocking"];

pub(crate) fn is_token(text: &str) -> bool {
    text.len() > 20 && text.ends_with('\n') && text.trim_end().bytes().all(|b| b.is_ascii_graphic())
}

#[test]
fn every_provider_gives_a_token_on_both_transports_and_stdout_carries_only_the_token() {
    let (simulator, folder) = stage();
    for profile in ["shop", "app", "chain"] {
        for transport in TRANSPORTS {
            let ran = folder.run(&["token", profile, "--transport", transport]);
            assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{profile} {transport}");
            assert!(is_token(&ran.stdout), "{profile} {transport}");
        }
    }
    assert_eq!(simulator.asked(Endpoint::Token), 6);
}

#[test]
fn the_formats_are_a_token_a_header_json_and_lines_for_a_shell() {
    let (_simulator, folder) = stage();
    let printed = |format| folder.run(&["token", "shop", "--format", format]).stdout;
    assert!(is_token(&printed("token")));
    assert!(printed("header").starts_with("Authorization: Bearer eyJ"));
    let json: serde_json::Value = serde_json::from_str(&printed("json")).unwrap();
    assert!(json["access_token"].as_str().unwrap().starts_with("eyJ"));
    assert_eq!(json["token_type"], "Bearer");
    assert!((3_590..=3_600).contains(&json["expires_in"].as_u64().unwrap()));
    assert!(json["expires_at"].as_u64().unwrap() > 1_700_000_000);
    assert_eq!(json["scope"], "balance:read pix:read pix:write");
    let lines = printed("env");
    let (token, expiry) = lines.trim_end().split_once('\n').unwrap();
    assert!(token.starts_with("ACCESS_TOKEN=eyJ"));
    assert!(expiry.strip_prefix("ACCESS_TOKEN_EXPIRES_AT=").unwrap().parse::<u64>().is_ok());
}

#[test]
fn json_has_the_other_members_of_the_response_also_out_of_the_store() {
    for store in ["file:tokens", "sqlite:w.db"] {
        let (simulator, folder) = stage();
        let text = profiles(&simulator);
        folder.write("wellspring.toml", &format!("[store]\nurl = \"{store}\"\n{text}"));
        simulator.fault(Endpoint::Token, Fault::parse("unknown-members+refresh-token-unasked").unwrap());
        for transport in TRANSPORTS {
            let ran = folder.run(&["token", "shop", "--format", "json", "--transport", transport]);
            assert_eq!(ran.status, 0, "{ran:?}");
            let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
            assert_eq!(json["not-before-policy"], 0, "{store} {transport}");
            assert_eq!(json["x_object"]["deep"][1]["deeper"], serde_json::Value::Null);
            assert_eq!(json["token_type"], "Bearer");
            assert!(json.get("refresh_token").is_none(), "a refresh token is not for the user");
        }
        assert_eq!(simulator.asked(Endpoint::Token), 1, "the second command reads the store");
    }
}

#[test]
fn a_token_with_a_shorter_lifetime_than_requested_is_printed_with_a_warning() {
    let (simulator, folder) = stage();
    let ran = folder.run(&["token", "shop", "--valid-for", "2h"]);
    assert!(ran.status == 0 && is_token(&ran.stdout), "{ran:?}");
    assert!(ran.stderr.contains("do not live as long as requested"), "{}", ran.stderr);
    assert_eq!(simulator.asked(Endpoint::Token), 1);
    let ran = folder.run(&["token", "shop", "--valid-for", "10m"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
}

#[test]
fn values_come_from_the_environment_and_from_files_in_the_configurations_folder() {
    let (simulator, folder) = stage();
    let text = profiles(&simulator)
        .replace("\"your-client-id\"", "{ env = \"PIX_ID\" }")
        .replace("\"your-client-secret\"", "{ file = \"secret.txt\" }");
    folder.write("wellspring.toml", &text);
    folder.write("secret.txt", "your-client-secret\n");
    let config = folder.path().join("wellspring.toml");
    let elsewhere = Folder::with("");
    let mut command = elsewhere.command(&["--config", config.to_str().unwrap(), "token", "shop"]);
    let ran = Ran::of(command.env("PIX_ID", "your-client-id"));
    assert!(ran.status == 0 && is_token(&ran.stdout), "{ran:?}");
}

#[test]
fn without_a_session_the_command_asks_for_a_sign_in_with_status_3() {
    let (simulator, folder) = stage();
    for transport in TRANSPORTS {
        let ran = folder.run(&["token", "user", "--transport", transport]);
        assert_eq!((ran.status, ran.stdout.as_str()), (3, ""));
        let reason = TokenError::login_required(LoginReason::NotSignedIn);
        assert!(ran.stderr.contains(&format!("{reason}; sign in")), "{}", ran.stderr);
    }
    assert_eq!(simulator.asked(Endpoint::Any), 0);
}

/// A refresh token of a sign-in with another program.
pub(crate) fn signed_in(simulator: &Simulator, redirect_uri: &str) -> String {
    let mut world = simulator.world();
    let now = simulator.clock().now();
    let authorize = format!(
        "/api/oauth2/authorize?response_type=code&client_id=client_abc123def456&state=s\
         &redirect_uri={redirect_uri}&auto_authorize=true"
    );
    let answer = world.answer(&Request::get(&authorize), now);
    let location = answer.header("Location").unwrap();
    let code = location.split("code=").nth(1).unwrap().split('&').next().unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("client_id", "client_abc123def456"),
        ("client_secret", "secret_xyz789uvw012"),
    ];
    let answer = world.answer(&Request::post("/api/oauth2/token").with_form(&form), now);
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    body["refresh_token"].as_str().unwrap().to_owned()
}

#[test]
fn using_the_profiles_refresh_token_without_a_store_warns_that_its_successor_is_lost() {
    for transport in TRANSPORTS {
        let simulator = Simulator::start().unwrap();
        let with = "redirect_uri = \"https://yourapp.com/oauth/callback\"";
        let text =
            profiles(&simulator).replace(with, &format!("{with}\nrefresh_token = {{ env = \"REFRESH\" }}"));
        let folder = Folder::with(&text);
        let run = |token: &str| {
            let mut command = folder.command(&["token", "user", "--transport", transport]);
            Ran::of(command.env("REFRESH", token))
        };
        let token = signed_in(&simulator, "https://yourapp.com/oauth/callback");
        let first = run(&token);
        assert!(first.status == 0 && is_token(&first.stdout), "{first:?}");
        assert!(first.stderr.contains("the profile's refresh token is used"), "{}", first.stderr);
        let second = run(&token);
        assert_eq!((second.status, second.stdout.as_str()), (3, ""));
        assert!(!second.stderr.contains(&token) && second.stderr.contains("sign in"), "{}", second.stderr);
    }
}

#[test]
fn an_issuer_is_asked_for_its_token_endpoint() {
    let (simulator, folder) = stage();
    let url = simulator.url();
    folder.write(
        "wellspring.toml",
        &format!(
            "[profile.app]\nprovider = \"oauth2-app\"\nissuer = \"{url}\"\ngrant_type = \"client_credentials\"\n\
             client_id = \"client_abc123def456\"\nclient_secret = \"secret_xyz789uvw012\"\n"
        ),
    );
    let ran = folder.run(&["token", "app"]);
    assert!(ran.status == 0 && is_token(&ran.stdout), "{ran:?}");
    assert_eq!(simulator.asked(Endpoint::Metadata), 1);
    for (fault, status) in [("bare-404", 4), ("top-level-array", 4), ("bad-gateway", 5)] {
        simulator.fault_times(Endpoint::Metadata, Fault::parse(fault).unwrap(), 2);
        let ran = folder.run(&["token", "app"]);
        assert_eq!((ran.status, ran.stdout.as_str()), (status, ""), "{fault}: {}", ran.stderr);
    }
    // If the first metadata URL has nothing, the provider asks the second one.
    simulator.fault(Endpoint::Metadata, Fault::parse("bare-404").unwrap());
    assert_eq!(folder.run(&["token", "app"]).status, 0);
}

#[test]
fn a_client_certificate_and_a_private_ca_work_on_both_transports() {
    let simulator = Simulator::builder().mutual_tls().start().unwrap();
    let identity = simulator.identity().unwrap();
    let text = profiles(&simulator).replace(
        "[profile.app]",
        "[profile.shop.tls]\nca_certificate = \"ca.pem\"\nclient_certificate = \"client.pem\"\n\
         client_key = { file = \"client.key\" }\n[profile.app]",
    );
    let folder = Folder::with(&text);
    folder.write("ca.pem", &identity.ca_pem);
    folder.write("client.pem", &identity.client_certificate_pem);
    folder.write("client.key", &identity.client_key_pem);
    for transport in TRANSPORTS {
        let ran = folder.run(&["token", "shop", "--transport", transport]);
        assert!(ran.status == 0 && is_token(&ran.stdout), "{transport}: {ran:?}");
        let without = folder.run(&["token", "chain", "--transport", transport]);
        assert_eq!((without.status, without.stdout.as_str()), (2, ""), "{transport}: {}", without.stderr);
        assert!(without.stderr.contains("certificate"), "{}", without.stderr);
    }
    // One file may hold certificate and key.
    folder.write("client.pem", &format!("{}{}", identity.client_certificate_pem, identity.client_key_pem));
    folder.write("wellspring.toml", &text.replace("client_key = { file = \"client.key\" }\n", ""));
    assert_eq!(folder.run(&["token", "shop"]).status, 0);
}

#[test]
fn no_secret_is_logged_at_the_finest_log_level() {
    let (simulator, folder) = stage();
    for profile in ["shop", "app", "chain"] {
        for transport in TRANSPORTS {
            let mut command = folder.command(&["token", profile, "--transport", transport]);
            let ran = Ran::of(command.env("RUST_LOG", "trace"));
            assert!(ran.stderr.contains("renewal.renewed"), "{}", ran.stderr);
            let secrets = ["your-client-secret", "secret_xyz789uvw012", ran.stdout.trim_end()];
            for secret in secrets {
                assert!(!ran.stderr.contains(secret), "{profile} {transport}: {}", ran.stderr);
            }
            // Basic authentication, and the hex dumps of an HTTP client.
            assert!(!ran.stderr.contains("Y2xpZW50X2FiYzEyM2RlZjQ1Njpz"), "{}", ran.stderr);
            assert!(!ran.stderr.contains(" TRACE ureq"), "{}", ran.stderr);
        }
    }
    assert_eq!(simulator.asked(Endpoint::Token), 6);
}

#[cfg(unix)]
#[test]
fn a_token_in_force_is_printed_where_no_spill_can_be_looked_for_and_the_command_says_so_once() {
    use std::os::unix::fs::PermissionsExt as _;
    for (url, spill) in [("file:tokens", "tokens/spill"), ("sqlite:wellspring.db", "wellspring.db.spill")] {
        let simulator = Simulator::start().unwrap();
        let folder = Folder::with(&format!("[store]\nurl = \"{url}\"\n{}", profiles(&simulator)));
        let first = folder.run(&["token", "shop"]);
        assert_eq!((first.status, first.stderr.as_str()), (0, ""));
        let path = folder.path().join(spill);
        let _ = std::fs::create_dir(&path);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777)).unwrap();
        for transport in TRANSPORTS {
            let ran = folder.run(&["token", "shop", "--transport", transport]);
            assert_eq!((ran.status, &ran.stdout), (0, &first.stdout), "{url}: {}", ran.stderr);
            assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
            let path = path.canonicalize().unwrap();
            assert!(ran.stderr.starts_with(&format!("wellspring: {} ", path.display())), "{}", ran.stderr);
            assert!(ran.stderr.contains("chmod 700"), "{}", ran.stderr);
        }
        assert_eq!(simulator.asked(Endpoint::PixToken), 1, "{url}");
    }
}
