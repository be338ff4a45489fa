//! `wellspring login` without a browser: the test plays the person with another device.

use core::time::Duration;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Stdio};

use wellspring_simulator::{Endpoint, Fault, Simulator};

use crate::command::{Folder, Ran};
use crate::login::{TRANSPORTS, exchange};

const PROFILE: &str = "provider = \"oauth2-app\"\nclient_id = \"client_public\"\nscopes = [\"profile\"]\n";

pub(crate) fn simulator(interval: u64) -> Simulator {
    let interval = Duration::from_secs(interval);
    Simulator::builder().configure(|config| config.app.device_interval = interval).start().unwrap()
}

/// A folder with a store and a profile that needs no browser.
pub(crate) fn folder(simulator: &Simulator, store: &str, more: &str) -> Folder {
    let url = simulator.url();
    Folder::with(&format!(
        "[store]\nurl = \"{store}\"\n[profile.user]\n{PROFILE}\
         device_authorization_url = \"{url}/api/oauth2/device_authorization\"\n\
         token_url = \"{url}/api/oauth2/token\"\nuserinfo_url = \"{url}/api/oauth2/userinfo\"\n{more}"
    ))
}

/// A login that has printed its URL and code and polls.
pub(crate) struct Login {
    child: Child,
    stderr: BufReader<ChildStderr>,
    said: String,
    uri: String,
    code: String,
}

impl Login {
    pub(crate) fn start(folder: &Folder, arguments: &[&str]) -> Self {
        let mut command = folder.command(&[&["login", "user"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        while !said.contains("this command waits for the sign-in") {
            assert_ne!(stderr.read_line(&mut said).unwrap(), 0, "{said}");
        }
        let (_, after) = said.split_once("wellspring: open ").unwrap();
        let (uri, after) = after.split_once(" on any device and enter the code ").unwrap();
        let (uri, code) = (uri.to_owned(), after.split_once('\n').unwrap().0.to_owned());
        Self { child, stderr, said, uri, code }
    }

    /// Waits for the end; the result has all of stderr.
    pub(crate) fn end(mut self) -> Ran {
        self.stderr.read_to_string(&mut self.said).unwrap();
        let ran = Ran::from(self.child.wait_with_output().unwrap());
        Ran { stderr: self.said, ..ran }
    }

    pub(crate) fn child(&self) -> &Child {
        &self.child
    }

    pub(crate) fn decide(&self, decision: &str) {
        let (authority, path) = self.uri.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let form = format!("user_code={}&decision={decision}", self.code);
        let request = format!(
            "POST /{path} HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        );
        let (head, page) = exchange(authority, request.as_bytes());
        assert!(head.starts_with("HTTP/1.1 200 OK"), "{head} {page}");
    }
}

/// Waits until the server has received this number of polls.
pub(crate) fn polled(simulator: &Simulator, times: u64) {
    while simulator.asked(Endpoint::DeviceGrant) < times {
        std::thread::yield_now();
    }
}

#[test]
fn a_sign_in_on_another_device_serves_every_later_process() {
    for (transport, store) in TRANSPORTS.into_iter().zip(["file:tokens", "sqlite:wellspring.db"]) {
        let simulator = simulator(1);
        let folder = folder(&simulator, store, "");
        let login = Login::start(&folder, &["--transport", transport]);
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
                 wellspring: or open {uri}?user_code={code} and check that it shows the same code\n\
                 wellspring: this command waits for the sign-in, for at most 5m\n\
                 wellspring: signed in; user has a token for 2h\n"
            )
        );
        assert_eq!(simulator.counters().device_grants, 1);
        let asked = simulator.asked(Endpoint::Token);
        let ran = folder.run(&["token", "user", "--transport", transport]);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
        assert_eq!(simulator.asked(Endpoint::Token), asked, "the stored token serves other processes");
        simulator.revoke_access_tokens();
        let userinfo = format!("{}/api/oauth2/userinfo", simulator.url());
        let ran = folder.run(&["call", "user", "GET", &userinfo]);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "and the store has its refresh token");
        assert_eq!(simulator.asked(Endpoint::RefreshGrant), 1);
    }
}

#[test]
fn an_issuer_names_the_device_endpoint_and_the_option_takes_precedence_over_a_redirect_uri() {
    let simulator = simulator(1);
    let url = simulator.url();
    for (profile, arguments) in [
        (format!("issuer = \"{url}\"\n"), &[][..]),
        (format!("issuer = \"{url}\"\nredirect_uri = \"https://yourapp.com/cb\"\n"), &["--device"]),
    ] {
        let folder =
            Folder::with(&format!("[store]\nurl = \"file:tokens\"\n[profile.user]\n{PROFILE}{profile}"));
        let login = Login::start(&folder, arguments);
        login.decide("allow");
        assert_eq!(login.end().status, 0);
    }
}

#[test]
fn polling_continues_through_an_outage() {
    let simulator = simulator(1);
    let folder = folder(&simulator, "file:tokens", "");
    simulator.fault(Endpoint::DeviceGrant, Fault::parse("html=502").unwrap());
    let login = Login::start(&folder, &[]);
    login.decide("allow");
    let ran = login.end();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(simulator.asked(Endpoint::DeviceGrant), 2);
}

#[test]
fn a_poll_whose_access_token_cannot_be_used_ends_the_wait_with_a_saved_session() {
    for (transport, store) in TRANSPORTS.into_iter().zip(["file:tokens", "sqlite:wellspring.db"]) {
        for fault in ["error-beside=temporarily_unavailable", "token-type-mac"] {
            let simulator = simulator(1);
            let folder = folder(&simulator, store, "");
            let login = Login::start(&folder, &["--transport", transport]);
            let hold = simulator.hold(Endpoint::DeviceGrant);
            login.decide("allow");
            simulator.fault_times(Endpoint::DeviceGrant, Fault::parse(fault).unwrap(), u32::MAX);
            drop(hold);
            let ran = login.end();
            assert_eq!(ran.status, 5, "{fault}: {}", ran.stderr);
            let says = "the session is saved, so no other sign-in is needed: run `wellspring token user`\n";
            assert!(ran.stderr.ends_with(says), "{fault}: {}", ran.stderr);
            assert_eq!(simulator.counters().device_grants, 1, "{fault}");
            let codes = simulator.received(Endpoint::DeviceGrant).len();
            assert_eq!(folder.run(&["token", "user"]).status, 0, "{fault}");
            assert_eq!(simulator.asked(Endpoint::DeviceGrant), codes as u64, "{fault}");
        }
    }
}

#[test]
fn a_failed_sign_in_has_the_exit_status_of_its_next_action() {
    for (fault, status, says) in [
        ("oauth-error=access_denied", 3, "the user refused the sign-in (status 400, code access_denied"),
        ("oauth-error=expired_token", 5, "the device code expired before the user signed in"),
        ("oauth-error=invalid_grant", 3, "the endpoint refused the device code"),
        ("oauth-error=invalid_client", 4, "the endpoint does not accept the client id or its secret"),
    ] {
        let simulator = simulator(1);
        let folder = folder(&simulator, "file:tokens", "");
        simulator.fault(Endpoint::DeviceGrant, Fault::parse(fault).unwrap());
        let ran = Login::start(&folder, &[]).end();
        assert_eq!(ran.status, status, "{}", ran.stderr);
        assert!(ran.stderr.contains(says), "{}", ran.stderr);
        assert_eq!(folder.run(&["token", "user"]).status, 3);
    }
    let simulator = simulator(1);
    let folder = folder(&simulator, "file:tokens", "");
    let login = Login::start(&folder, &[]);
    login.decide("deny");
    let ran = login.end();
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    assert!(ran.stderr.ends_with("; run the command again to sign in\n"), "{}", ran.stderr);
}

#[test]
fn the_wait_ends_when_the_code_expires_at_the_deadline_and_with_ctrl_c() {
    let simulator = simulator(1);
    simulator.configure(|config| config.app.device_lifetime = Duration::from_secs(2));
    let folder = folder(&simulator, "file:tokens", "");
    let ran = Login::start(&folder, &[]).end();
    assert_eq!(ran.status, 5, "{}", ran.stderr);
    assert!(ran.stderr.contains("the code expired before the user signed in"), "{}", ran.stderr);

    simulator.configure(|config| config.app.device_interval = Duration::from_secs(600));
    simulator.configure(|config| config.app.device_lifetime = Duration::from_secs(1_800));
    let asked = simulator.asked(Endpoint::DeviceGrant);
    let ran = Login::start(&folder, &["--deadline", "5m"]).end();
    assert_eq!(ran.status, 5);
    assert!(
        ran.stderr.ends_with(
            "wellspring: the sign-in timed out after 5m; run the command again, with a longer --deadline if needed\n"
        ),
        "the deadline is before the first poll: {}",
        ran.stderr
    );
    let login = Login::start(&folder, &["--deadline", "1h"]);
    crate::signals::signal("INT", &login.child);
    assert_eq!(login.end().status, 130);
    assert_eq!(simulator.asked(Endpoint::DeviceGrant), asked);
}

#[test]
fn a_sign_in_that_cannot_start_says_what_is_missing() {
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
    assert!(ran.stderr.contains("lacks `redirect_uri` and `device_authorization_url`"), "{}", ran.stderr);
    let browser = "authorize_url = \"https://a.example/a\"\nredirect_uri = \"http://127.0.0.1/cb\"\n";
    let ran = begins(&format!("{ends}{browser}"), &["--device"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr.contains("[profile.user] does not support sign-in on another device"),
        "{}",
        ran.stderr
    );
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
        crate::signals::signal("INT", &child);
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
fn ctrl_c_during_a_poll_waits_until_the_token_is_saved() {
    for transport in TRANSPORTS {
        let simulator = simulator(1);
        let folder = folder(&simulator, "file:tokens", "");
        let hold = simulator.hold(Endpoint::DeviceGrant);
        let login = Login::start(&folder, &["--transport", transport]);
        login.decide("allow");
        polled(&simulator, 1);
        crate::signals::deferred_signal("INT", &login.child);
        drop(hold);
        assert_eq!(login.end().status, 130);
        assert_eq!(folder.run(&["token", "user"]).status, 0, "{transport}");
    }
}

#[test]
fn the_token_of_a_poll_is_spilled_when_the_store_fails_and_serves_the_next_command() {
    for transport in TRANSPORTS {
        let simulator = simulator(1);
        let policy = "[profile.user.policy]\nstore_deadline = \"500ms\"\n";
        let folder = folder(&simulator, "file:tokens\"\nspill = \"spilled", policy);
        let hold = simulator.hold(Endpoint::DeviceGrant);
        let login = Login::start(&folder, &["--transport", transport]);
        login.decide("allow");
        polled(&simulator, 1);
        let (tokens, away) = (folder.path().join("tokens"), folder.path().join("away"));
        fs::rename(&tokens, &away).unwrap();
        folder.write("tokens", "no folder");
        drop(hold);
        let ran = login.end();
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        fs::remove_file(&tokens).unwrap();
        fs::rename(&away, &tokens).unwrap();
        let asked = simulator.asked(Endpoint::Token);
        let ran = folder.run(&["token", "user", "--transport", transport]);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
        assert_eq!(simulator.asked(Endpoint::Token), asked, "the command found the spilled token");
    }
}

#[test]
fn status_sends_nothing_not_even_to_an_issuer() {
    for store in ["file:tokens", "sqlite:wellspring.db"] {
        let simulator = simulator(1);
        let folder = Folder::with(&format!(
            "[store]\nurl = \"{store}\"\n[profile.user]\n{PROFILE}issuer = \"{}\"\n",
            simulator.url()
        ));
        let ran = folder.run(&["status"]);
        assert_eq!((ran.status, simulator.asked(Endpoint::Any)), (5, 0), "{}", ran.stderr);
        let says = "no command has asked the issuer of user yet, and this one sends nothing; run `wellspring token user`";
        assert!(ran.stderr.contains(says), "{}", ran.stderr);
        let login = Login::start(&folder, &[]);
        login.decide("allow");
        assert_eq!(login.end().status, 0);
        // The server is gone.
        drop(simulator);
        let ran = folder.run(&["status"]);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{store}");
        assert!(ran.stdout.contains("fresh, due in "), "{}", ran.stdout);
    }
}
