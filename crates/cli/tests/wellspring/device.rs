//! `wellspring login` without a browser: the test is the person and their other device.

use core::time::Duration;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Stdio};

use wellspring_simulator::{Endpoint, Fault, Simulator};

use crate::command::{Folder, Ran};
use crate::login::{TRANSPORTS, knock};

const PROFILE: &str = "provider = \"oauth2-app\"\nclient_id = \"client_public\"\nscopes = [\"profile\"]\n";

fn simulator(interval: u64) -> Simulator {
    let interval = Duration::from_secs(interval);
    Simulator::builder().configure(|config| config.app.device_interval = interval).start().unwrap()
}

/// A folder with a store and a profile that needs no browser.
fn folder(simulator: &Simulator, store: &str, more: &str) -> Folder {
    let url = simulator.url();
    Folder::with(&format!(
        "[store]\nurl = \"{store}\"\n[profile.user]\n{PROFILE}\
         device_authorization_url = \"{url}/api/oauth2/device_authorization\"\n\
         token_url = \"{url}/api/oauth2/token\"\nuserinfo_url = \"{url}/api/oauth2/userinfo\"\n{more}"
    ))
}

/// A login that has said where to go.
struct Waiting {
    child: Child,
    stderr: BufReader<ChildStderr>,
    said: String,
    uri: String,
    code: String,
}

impl Waiting {
    fn start(folder: &Folder, arguments: &[&str]) -> Self {
        let mut command = folder.command(&[&["login", "user"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("this waits for it") {
            assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "{said}");
        }
        let (_, after) = said.split_once("wellspring: open ").unwrap();
        let (uri, after) = after.split_once(" on any device and enter the code ").unwrap();
        let (uri, code) = (uri.to_owned(), after.split_once('\n').unwrap().0.to_owned());
        Self { child, stderr, said, uri, code }
    }

    /// What it left behind, all of stderr included.
    fn end(mut self) -> Ran {
        self.stderr.read_to_string(&mut self.said).unwrap();
        let ran = Ran::from(self.child.wait_with_output().unwrap());
        Ran { stderr: self.said, ..ran }
    }

    fn decide(&self, decision: &str) {
        let (authority, path) = self.uri.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let form = format!("user_code={}&decision={decision}", self.code);
        let request = format!(
            "POST /{path} HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        );
        let (head, page) = knock(authority, request.as_bytes());
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head} {page}");
    }
}

/// Waits until so many polls have come.
fn polled(simulator: &Simulator, times: u64) {
    while simulator.asked(Endpoint::DeviceGrant) < times {
        std::thread::yield_now();
    }
}

#[test]
fn who_signs_in_on_another_device_has_tokens_in_every_later_process() {
    for (transport, store) in TRANSPORTS.into_iter().zip(["file:tokens", "sqlite:wellspring.db"]) {
        let simulator = simulator(1);
        let folder = folder(&simulator, store, "");
        let login = Waiting::start(&folder, &["--transport", transport]);
        polled(&simulator, 1);
        login.decide("allow");
        let (uri, code) = (login.uri.clone(), login.code.clone());
        let ran = login.end();
        assert_eq!((ran.status, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
        assert_eq!(uri, format!("{}/api/oauth2/device", simulator.url()));
        assert_eq!(
            ran.stderr,
            format!(
                "wellspring: open {uri} on any device and enter the code {code}\n\
                 wellspring: or open {uri}?user_code={code} and see that it shows that code\n\
                 wellspring: this waits for it, for 5m at most\n\
                 wellspring: signed in; user has a token for 2h\n"
            )
        );
        assert_eq!(simulator.counters().device_grants, 1);
        let asked = simulator.asked(Endpoint::Token);
        let ran = folder.run(&["token", "user", "--transport", transport]);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
        assert_eq!(simulator.asked(Endpoint::Token), asked, "what was kept serves other processes");
        simulator.revoke_access_tokens();
        let userinfo = format!("{}/api/oauth2/userinfo", simulator.url());
        let ran = folder.run(&["call", "user", "GET", &userinfo]);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "and its refresh token is there");
        assert_eq!(simulator.asked(Endpoint::RefreshGrant), 1);
    }
}

#[test]
fn an_issuer_tells_where_devices_go_and_the_option_goes_before_a_redirect_uri() {
    let simulator = simulator(1);
    let url = simulator.url();
    for (profile, arguments) in [
        (format!("issuer = \"{url}\"\n"), &[][..]),
        (format!("issuer = \"{url}\"\nredirect_uri = \"https://yourapp.com/cb\"\n"), &["--device"]),
    ] {
        let folder =
            Folder::with(&format!("[store]\nurl = \"file:tokens\"\n[profile.user]\n{PROFILE}{profile}"));
        let login = Waiting::start(&folder, arguments);
        login.decide("allow");
        assert_eq!(login.end().status, 0);
    }
}

#[test]
fn polls_go_on_through_an_outage() {
    let simulator = simulator(1);
    let folder = folder(&simulator, "file:tokens", "");
    simulator.fault(Endpoint::DeviceGrant, Fault::parse("html=502").unwrap());
    let login = Waiting::start(&folder, &[]);
    login.decide("allow");
    let ran = login.end();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(simulator.asked(Endpoint::DeviceGrant), 2);
}

#[test]
fn the_end_without_a_token_has_the_status_of_what_to_do_next() {
    for (fault, status, says) in [
        ("oauth-error=access_denied", 3, "the user refused the sign-in (status 400, code access_denied"),
        ("oauth-error=expired_token", 5, "the device code expired before the user signed in"),
        ("oauth-error=invalid_grant", 3, "the endpoint refused the device code"),
        ("oauth-error=invalid_client", 4, "the endpoint does not accept the client id or its secret"),
    ] {
        let simulator = simulator(1);
        let folder = folder(&simulator, "file:tokens", "");
        simulator.fault(Endpoint::DeviceGrant, Fault::parse(fault).unwrap());
        let ran = Waiting::start(&folder, &[]).end();
        assert_eq!(ran.status, status, "{}", ran.stderr);
        assert!(ran.stderr.contains(says), "{}", ran.stderr);
        assert_eq!(folder.run(&["token", "user"]).status, 3);
    }
    let simulator = simulator(1);
    let folder = folder(&simulator, "file:tokens", "");
    let login = Waiting::start(&folder, &[]);
    login.decide("deny");
    let ran = login.end();
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    assert!(ran.stderr.ends_with("; run it again to sign in after all\n"), "{}", ran.stderr);
}

#[test]
fn the_wait_ends_with_the_codes_life_with_the_deadline_and_with_ctrl_c() {
    let simulator = simulator(1);
    simulator.configure(|config| config.app.device_lifetime = Duration::from_secs(2));
    let folder = folder(&simulator, "file:tokens", "");
    let ran = Waiting::start(&folder, &[]).end();
    assert_eq!(ran.status, 5, "{}", ran.stderr);
    assert!(ran.stderr.contains("the code expired before the user signed in"), "{}", ran.stderr);

    simulator.configure(|config| config.app.device_interval = Duration::from_secs(600));
    simulator.configure(|config| config.app.device_lifetime = Duration::from_secs(1_800));
    let asked = simulator.asked(Endpoint::DeviceGrant);
    let ran = Waiting::start(&folder, &["--deadline", "5m"]).end();
    assert_eq!(ran.status, 5);
    assert!(
        ran.stderr.ends_with(
            "wellspring: nobody has signed in within 5m; run it again, with a longer --deadline if it takes longer\n"
        ),
        "no poll could come in time: {}",
        ran.stderr
    );
    let login = Waiting::start(&folder, &["--deadline", "1h"]);
    crate::deadline::signal("INT", &login.child);
    assert_eq!(login.end().status, 130);
    assert_eq!(simulator.asked(Endpoint::DeviceGrant), asked);
}

#[test]
fn a_sign_in_that_cannot_be_begun_says_what_is_missing() {
    let simulator = simulator(1);
    let url = simulator.url();
    let begins = |profile: &str, arguments: &[&str]| {
        let folder =
            Folder::with(&format!("[store]\nurl = \"file:tokens\"\n[profile.user]\n{PROFILE}{profile}"));
        folder.run(&[&["login", "user"], arguments].concat())
    };
    let ends = format!("token_url = \"{url}/api/oauth2/token\"\n");
    let ran = begins(&ends, &[]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("lacks `redirect_uri` or `device_authorization_url`"), "{}", ran.stderr);
    let browser = "authorize_url = \"https://a.example/a\"\nredirect_uri = \"http://127.0.0.1/cb\"\n";
    let ran = begins(&format!("{ends}{browser}"), &["--device"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("[profile.user] cannot be signed in to on another device"), "{}", ran.stderr);
    assert_eq!(begins(&ends, &["--device", "--no-browser"]).status, 2);
    assert_eq!(simulator.asked(Endpoint::Any), 0);
    let device = format!("device_authorization_url = \"{url}/api/oauth2/device_authorization\"\n");
    simulator.fault(Endpoint::DeviceAuthorization, Fault::parse("oauth-error=unauthorized_client").unwrap());
    let ran = begins(&format!("{ends}{device}"), &[]);
    assert_eq!(ran.status, 4, "{}", ran.stderr);
    assert!(ran.stderr.contains("this client may not use this grant"), "{}", ran.stderr);
}

#[test]
fn the_device_code_is_shown_nowhere() {
    for transport in TRANSPORTS {
        let simulator = simulator(1);
        let folder = folder(&simulator, "file:tokens", "");
        simulator.fault(Endpoint::DeviceGrant, Fault::parse("html=502").unwrap());
        let mut command = folder.command(&["login", "user", "--transport", transport]);
        command.env("RUST_LOG", "trace");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        polled(&simulator, 1);
        crate::deadline::signal("INT", &child);
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let _ = child.wait();
        let sent = simulator.received(Endpoint::DeviceGrant)[0].form();
        let (_, code) = sent.iter().find(|(name, _)| name == "device_code").unwrap();
        assert!(code.len() > 20 && said.contains("enter the code"), "{said}");
        assert!(!said.contains(code.as_str()), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_during_a_poll_waits_until_its_token_is_kept() {
    for transport in TRANSPORTS {
        let simulator = simulator(1);
        let folder = folder(&simulator, "file:tokens", "");
        simulator.fault(Endpoint::DeviceGrant, Fault::parse("stall-millis=1000").unwrap());
        let login = Waiting::start(&folder, &["--transport", transport]);
        login.decide("allow");
        polled(&simulator, 1);
        crate::deadline::signal("INT", &login.child);
        assert_eq!(login.end().status, 130);
        assert_eq!(folder.run(&["token", "user"]).status, 0, "{transport}");
    }
}

#[test]
fn what_a_poll_brings_is_spilled_when_the_store_fails_and_kept_for_the_next_command() {
    for transport in TRANSPORTS {
        let simulator = simulator(1);
        let policy = "[profile.user.policy]\nstore_deadline = \"500ms\"\n";
        let folder = folder(&simulator, "file:tokens\"\nspill = \"spilled", policy);
        simulator.fault(Endpoint::DeviceGrant, Fault::parse("stall-millis=1000").unwrap());
        let login = Waiting::start(&folder, &["--transport", transport]);
        login.decide("allow");
        polled(&simulator, 1);
        let (tokens, away) = (folder.path().join("tokens"), folder.path().join("away"));
        fs::rename(&tokens, &away).unwrap();
        folder.write("tokens", "no folder");
        let ran = login.end();
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        fs::remove_file(&tokens).unwrap();
        fs::rename(&away, &tokens).unwrap();
        let asked = simulator.asked(Endpoint::Token);
        let ran = folder.run(&["token", "user", "--transport", transport]);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
        assert_eq!(simulator.asked(Endpoint::Token), asked, "it was found where it was spilled");
    }
}
