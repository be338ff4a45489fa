//! Errors of the user and of servers: each gives one sentence and the right exit status; no panic, no secret, nothing on
//! standard output.

use std::net::TcpListener;
use std::process::Command;

use wellspring_simulator::{Endpoint, Fault, Simulator};

use crate::command::{Folder, Ran, profiles, stage};

const SECRET: &str = "a-canary-of-a-secret";

/// Runs a command that must fail, and checks the rules for every failure.
fn refused(command: &mut Command) -> Ran {
    let ran = Ran::of(command);
    assert_eq!(ran.stdout, "", "{}", ran.stderr);
    assert!(ran.stderr.starts_with("wellspring: ") && ran.stderr.ends_with('\n'), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    for never in ["canary", "your-client-secret", "panicked", "RUST_BACKTRACE"] {
        assert!(!ran.stderr.contains(never), "{}", ran.stderr);
    }
    ran
}

/// The error of `token shop` with these settings, which is the same on both transports.
fn shop(settings: &str, wanted: i32) -> String {
    let folder = Folder::with(&format!("[profile.shop]\nprovider = \"pix-bacen\"\n{settings}\n"));
    let [one, other] = ["async", "blocking"].map(|transport| {
        let ran = refused(&mut folder.command(&["token", "shop", "--transport", transport]));
        assert_eq!(ran.status, wanted, "{transport}: {}", ran.stderr);
        ran.stderr
    });
    // The rest of the text may come from the HTTP client.
    let first_words = |text: &str| text.split([':', ';', '(']).take(2).collect::<String>();
    assert_eq!(first_words(&one), first_words(&other));
    other
}

fn settings(url: &str, secret: &str) -> String {
    format!("base_url = \"{url}\"\nclient_id = \"your-client-id\"\nclient_secret = {secret}")
}

#[test]
fn a_wrong_secret_is_refused_with_status_4() {
    let simulator = Simulator::start().unwrap();
    let said = shop(&settings(&simulator.url(), &format!("\"{SECRET}\"")), 4);
    assert!(said.contains("status 401") && said.contains("check the profile's client id, secret"), "{said}");
}

#[test]
fn a_secret_that_is_too_short_is_reported_before_any_request() {
    let simulator = Simulator::start().unwrap();
    let said = shop(&settings(&simulator.url(), "\"canary\""), 2);
    assert!(
        said.contains("`client_secret` is invalid: the client secret must be 8 to 64 characters"),
        "{said}"
    );
    assert_eq!(simulator.asked(Endpoint::Any), 0);
}

#[test]
fn a_missing_variable_is_named() {
    let said = shop(&settings("http://127.0.0.1:1", "{ env = \"PIX_CLIENT_SECRET\" }"), 2);
    assert!(said.contains(
        "wellspring.toml:5: `client_secret` needs the environment variable PIX_CLIENT_SECRET; set it"
    ));
}

#[test]
fn an_unreadable_secret_file_is_named() {
    let said = shop(&settings("http://127.0.0.1:1", "{ file = \"no.secret\" }"), 2);
    assert!(said.contains("wellspring.toml:5: `client_secret` cannot be read from no.secret: "), "{said}");
    let said = shop(&settings("http://127.0.0.1:1", "\"\""), 2);
    assert!(said.contains("`client_secret` is empty"), "{said}");
}

#[test]
fn a_malformed_url_and_plain_http_to_another_machine_are_reported_with_their_line() {
    for (url, why) in [
        ("gateway.example", "the URL must start with https://"),
        ("https://user:canary@gateway.example", "the URL must not carry a user name or password"),
        ("http://gateway.example", "the URL must use https, except to loopback"),
        ("http://127.0.0.1.example", "the URL must use https, except to loopback"),
    ] {
        let said = shop(&settings(url, "\"your-client-secret\""), 2);
        assert!(said.contains("wellspring.toml:3: `base_url` is invalid: ") && said.contains(why), "{said}");
    }
}

#[test]
fn an_unreadable_certificate_is_named() {
    let with = |tls: &str| {
        let settings = settings("https://127.0.0.1:1", "\"your-client-secret\"");
        shop(&format!("{settings}\n[profile.shop.tls]\n{tls}"), 2)
    };
    let said = with("client_certificate = \"missing.pem\"");
    assert!(
        said.contains("wellspring.toml:7: `client_certificate` cannot be read from missing.pem"),
        "{said}"
    );
    let said = with("ca_certificate = \"wellspring.toml\"");
    assert!(said.contains("`ca_certificate` is neither PEM, DER nor PKCS #12"), "{said}");
    let said = with("client_certificate = \"wellspring.toml\"\nclient_key = \"wellspring.toml\"");
    assert!(said.contains("`client_certificate` is neither PEM, DER nor PKCS #12"), "{said}");
    let said = with("client_key = \"wellspring.toml\"");
    assert!(said.contains("`client_key` needs `client_certificate`"), "{said}");
}

#[test]
fn a_server_that_is_down_is_retried_until_the_deadline_and_no_longer() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let settings = settings(&format!("http://{unused}"), "\"your-client-secret\"");
    let said = shop(&format!("{settings}\n[profile.shop.policy]\ndeadline = \"1s\""), 5);
    assert!(said.contains("could not be reached") && said.contains("try again later"), "{said}");
}

#[test]
fn a_malformed_token_response_is_not_retried() {
    let simulator = Simulator::start().unwrap();
    let settings = settings(&simulator.url(), "\"your-client-secret\"");
    for fault in [
        "cut-json",
        "top-level-array",
        "access-token-missing",
        "invalid-utf-8",
        "token-type-mac",
        "echo-secrets",
    ] {
        simulator.clear_faults();
        simulator.fault_times(Endpoint::Token, Fault::parse(fault).unwrap(), u32::MAX);
        let said = shop(&settings, 4);
        assert!(said.contains(" check "), "{fault}: {said}");
    }
}

#[test]
fn a_page_of_an_intermediary_asks_for_a_later_retry() {
    let simulator = Simulator::start().unwrap();
    let settings = settings(&simulator.url(), "\"your-client-secret\"");
    let folder = Folder::with(&format!(
        "[profile.shop]\nprovider = \"pix-bacen\"\n{settings}\n[profile.shop.policy]\ndeadline = \"400ms\"\n"
    ));
    for fault in ["html-200", "html-502", "html-403", "oversized-body", "gzip-bomb", "too-many-requests"] {
        simulator.clear_faults();
        simulator.fault_times(Endpoint::Token, Fault::parse(fault).unwrap(), u32::MAX);
        for transport in ["async", "blocking"] {
            let ran = refused(&mut folder.command(&["token", "shop", "--transport", transport]));
            assert_eq!(ran.status, 5, "{fault} {transport}: {}", ran.stderr);
            let says = if fault == "too-many-requests" { "; try again " } else { "; try again later\n" };
            assert!(ran.stderr.contains(says), "{fault} {transport}: {}", ran.stderr);
        }
    }
}

#[test]
fn missing_and_unknown_arguments_are_usage_errors() {
    let (simulator, folder) = stage();
    let ran = refused(folder.command(&["token", "shpo"]).env("X", "y"));
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("there is no [profile.shpo]; profiles there: app, chain, shop, user"));
    let ran = refused(&mut folder.command(&["--config", "missing.toml", "token", "shop"]));
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("missing.toml cannot be read: "), "{}", ran.stderr);
    assert!(ran.stderr.contains("; create it, or name another file with --config FILE"), "{}", ran.stderr);
    folder.write("wellspring.toml", &profiles(&simulator).replace("client_id", "clientid"));
    let ran = refused(&mut folder.command(&["token", "shop"]));
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("wellspring.toml:"), "{}", ran.stderr);
    assert!(ran.stderr.contains("`clientid` is not a key of [profile."), "{}", ran.stderr);
    for wrong in [
        &["token"][..],
        &["token", "shop", "--format", "xml"],
        &["token", "shop", "--transport", "carrier-pigeon"],
        &["token", "shop", "--valid-for", "10"],
        &["tokens", "shop"],
        &["call", "shop", "GET"],
        &["token", "shop", "--client-secret", "x"],
        &[],
    ] {
        let ran = folder.run(wrong);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{wrong:?}");
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    }
    assert_eq!(simulator.asked(Endpoint::Any), 0);
}

#[test]
fn an_invalid_rust_log_is_a_usage_error() {
    let (_simulator, folder) = stage();
    let ran = refused(folder.command(&["token", "shop"]).env("RUST_LOG", "wellspring=loud"));
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("RUST_LOG is not a valid filter"), "{}", ran.stderr);
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ran = refused(&mut Folder::with("").command(&["simulate", "--port", &port]));
    assert_eq!(ran.status, 2);
    let said = format!("another program uses port {port}; choose another with --port");
    assert!(ran.stderr.contains(&said), "{}", ran.stderr);
}

#[test]
fn a_store_deadline_of_zero_is_a_usage_error() {
    let profile = settings("http://127.0.0.1:1", &format!("\"{SECRET}\""));
    let said = shop(&format!("{profile}\n[profile.shop.policy]\nstore_deadline = \"0s\""), 2);
    assert!(said.contains("must not be zero"), "{said}");
}
