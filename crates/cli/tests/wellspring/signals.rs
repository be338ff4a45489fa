//! Signals: a command finishes the exchange and its save first, and the wait for that has a bound.

use core::time::Duration;
use std::process::{Child, Command, Stdio};

use wellspring_core::Generation;
use wellspring_simulator::{Endpoint, Fault, SimClock, Simulator};

use crate::command::Folder;
use crate::deadline::{GRANTED, endpoint, with_deadline, with_refresh_token};
use crate::device;
use crate::login::{self, Login};
use crate::signal_list::{OTHER_SIGNALS, SIGNALS, is_ignored};

/// Each transport with a store.
const PAIRS: [(&str, &str); 2] = [("async", "file:tokens"), ("blocking", "sqlite:wellspring.db")];

pub(crate) fn signal(name: &str, child: &Child) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Sends a signal during an exchange, and waits until the command has received it and goes on with the exchange.
pub(crate) fn deferred_signal(name: &str, child: &Child) {
    signal(name, child);
    let process = format!("/proc/{}", child.id());
    let waits = |task: std::io::Result<std::fs::DirEntry>| {
        // The thread may have ended meanwhile.
        let comm = std::fs::read_to_string(task.unwrap().path().join("comm")).unwrap_or_default();
        comm.trim_end() == "last call"
    };
    while cfg!(target_os = "linux") {
        let stat = std::fs::read_to_string(format!("{process}/stat")).unwrap();
        assert!(!stat.rsplit_once(')').unwrap().1.starts_with(" Z"), "{name} ended it during the exchange");
        if std::fs::read_dir(format!("{process}/task")).unwrap().any(waits) {
            break;
        }
        std::thread::yield_now();
    }
}

#[test]
fn a_signal_during_a_token_request_waits_for_the_answer() {
    for transport in ["async", "blocking"] {
        for (name, status) in SIGNALS.into_iter().filter(|(_, status)| !is_ignored(*status)) {
            let (url, was_asked, answer) = endpoint();
            let folder = Folder::with(&format!(
                "[profile.shop]\nprovider = \"pix-bacen\"\nbase_url = \"{url}\"\nclient_id = \"id\"\n\
                 client_secret = \"a long secret\"\n"
            ));
            let mut command = folder.command(&["token", "shop", "--transport", transport]);
            let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            was_asked.recv().unwrap();
            deferred_signal(name, &child);
            answer.send(GRANTED).unwrap();
            let output = child.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(status), "{transport}");
            assert!(output.stdout.is_empty());
        }
    }
}

#[test]
fn a_signal_during_an_exchange_waits_until_its_result_is_saved() {
    for (transport, store) in PAIRS {
        for (name, status) in
            SIGNALS.into_iter().chain(OTHER_SIGNALS).filter(|(_, status)| !is_ignored(*status))
        {
            let (url, was_asked, answer) = endpoint();
            let (folder, store, key) = with_refresh_token(&url, store, "");
            let mut command = folder.command(&["token", "user", "--transport", transport]);
            let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            was_asked.recv().unwrap();
            deferred_signal(name, &child);
            answer.send(GRANTED).unwrap();
            let output = child.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(status), "{transport}");
            let stored = store.load(&key, Duration::from_secs(5)).unwrap().stored.unwrap().record;
            assert_eq!(stored.generation, Generation::new(2), "{transport} {name}: the result is saved");
            assert!(stored.lease.is_none(), "{transport} {name}");
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(said.starts_with("wellspring: the new token is saved; ended by "), "{said}");
        }
    }
}

#[test]
fn a_signal_during_a_sign_in_waits_until_the_session_is_saved() {
    for (transport, store) in PAIRS {
        for (name, status) in SIGNALS.into_iter().filter(|(_, status)| !is_ignored(*status)) {
            let (simulator, folder) = login::stage("http://127.0.0.1/callback", store);
            let hold = simulator.hold(Endpoint::Token);
            let login = Login::start(&folder, &["--transport", transport]);
            let uri = login.redirect_uri();
            simulator.configure(|config| config.app.clients[0].redirect_uris = vec![uri]);
            std::thread::scope(|scope| {
                scope.spawn(|| login::agree(&login));
                while simulator.asked(Endpoint::Token) == 0 {
                    std::thread::yield_now();
                }
                deferred_signal(name, login.child());
                drop(hold);
            });
            let ended = login.end();
            assert_eq!(ended.status, status, "{transport}");
            assert!(
                ended.stderr.ends_with(&format!("signed in; user has a token for 2h; ended by SIG{name}\n")),
                "{}",
                ended.stderr
            );
            let ran = folder.run(&["token", "user", "--transport", transport]);
            assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{transport} {name}");
            assert_eq!(simulator.asked(Endpoint::Token), 1, "{transport} {name}: the session was saved");
        }
    }
}

#[test]
fn a_signal_during_a_poll_of_a_device_sign_in_waits_until_the_session_is_saved() {
    for (transport, store) in PAIRS {
        for (name, status) in SIGNALS.into_iter().filter(|(_, status)| !is_ignored(*status)) {
            let simulator = device::simulator(1);
            let folder = device::folder(&simulator, store, "");
            let login = device::Login::start(&folder, &["--transport", transport]);
            let hold = simulator.hold(Endpoint::DeviceGrant);
            login.decide("allow");
            device::polled(&simulator, 1);
            deferred_signal(name, login.child());
            drop(hold);
            assert_eq!(login.end().status, status, "{transport}");
            let asked = simulator.asked(Endpoint::Token);
            let ran = folder.run(&["token", "user", "--transport", transport]);
            assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{transport} {name}");
            assert_eq!(simulator.asked(Endpoint::Token), asked, "{transport} {name}: the session was saved");
        }
    }
}

/// A refresh whose response does not arrive for ten minutes.
fn endless_refresh(transport: &str) -> (Folder, Child, impl Drop) {
    struct Endpoint(std::sync::mpsc::Sender<(&'static str, &'static str)>);
    impl Drop for Endpoint {
        fn drop(&mut self) {
            let _ = self.0.send(GRANTED);
        }
    }
    let (url, was_asked, answer) = endpoint();
    let policy = "[profile.user.policy]\ndeadline = \"10m\"\n";
    let (folder, _, _) = with_refresh_token(&url, "file:tokens", policy);
    let mut command = folder.command(&["token", "user", "--transport", transport]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    was_asked.recv().unwrap();
    (folder, child, Endpoint(answer))
}

/// The last words of a command that a signal ends in an exchange.
fn given_up(signal: &str) -> String {
    format!(
        "wellspring: {signal} ended the command while it waited for the token endpoint's response: the result is lost, and \
         the next command says whether a new sign-in is needed\n"
    )
}

#[test]
fn a_second_signal_ends_the_command_at_once() {
    for transport in ["async", "blocking"] {
        let (_folder, child, _endpoint) = endless_refresh(transport);
        // Two signals that arrive together count as one: the second is sent once the first one waits.
        deferred_signal("TERM", &child);
        signal("INT", &child);
        // The status is that of the second signal: the first one alone would end the command later.
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{transport}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), given_up("SIGINT"));
    }
}

#[test]
fn an_exchange_without_an_end_holds_a_signal_up_for_a_limited_time() {
    let clock = SimClock::system();
    let (_folder, child, _endpoint) = endless_refresh("blocking");
    signal("TERM", &child);
    let started = clock.now();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), given_up("SIGTERM"));
    // The exchange itself has ten minutes.
    assert!(clock.now() - started < Duration::from_secs(120));
}

#[test]
fn a_command_that_ignores_the_hangup_from_its_start_continues_to_ignore_it() {
    let (url, was_asked, answer) = endpoint();
    let (folder, _, _) = with_refresh_token(&url, "file:tokens", "");
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" token user", env!("CARGO_BIN_EXE_wellspring")]);
    command.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    was_asked.recv().unwrap();
    signal("HUP", &child);
    answer.send(GRANTED).unwrap();
    let output = child.wait_with_output().unwrap();
    if cfg!(target_os = "linux") {
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b"abc\n"[..]));
    }
}

#[test]
fn a_signal_during_a_pause_ends_the_command_at_once() {
    let simulator = Simulator::start().unwrap();
    let folder = with_deadline(&simulator, "50s");
    simulator.fault_times(Endpoint::Token, Fault::parse("retry-after=40+unavailable").unwrap(), u32::MAX);
    let mut command = folder.command(&["token", "shop"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while simulator.asked(Endpoint::Token) == 0 {
        std::thread::yield_now();
    }
    // If the response has not arrived yet, the signal waits for it.
    signal("INT", &child);
    let ran = child.wait_with_output().unwrap();
    assert_eq!(ran.status.code(), Some(130));
}

#[test]
fn a_signal_during_an_api_call_ends_the_command_at_once_even_after_a_renewal() {
    for transport in ["async", "blocking"] {
        let simulator = Simulator::start().unwrap();
        let folder = with_deadline(&simulator, "50s");
        simulator.fault(Endpoint::Api, Fault::parse("challenge-invalid-token").unwrap());
        simulator.fault(Endpoint::Api, Fault::parse("silence-before").unwrap());
        let url = format!("{}/accounts/balances", simulator.url());
        let mut command = folder.command(&["call", "shop", "GET", &url, "--transport", transport]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        while simulator.asked(Endpoint::Api) < 2 {
            std::thread::yield_now();
        }
        let signalled = simulator.clock().now();
        signal("INT", &child);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{transport}");
        assert_eq!(simulator.asked(Endpoint::Token), 2, "{transport}");
        assert!(simulator.clock().now() - signalled < Duration::from_secs(20), "{transport}");
    }
}
