//! `wellspring simulate`.

use std::io::{Read, Write};
use std::process::Stdio;

use crate::command::{Folder, Ran, Running};
use crate::login;
use crate::signal_list::{SIGNALS, is_ignored};
use crate::signals::signal;

#[test]
fn the_standard_output_of_simulate_is_a_working_configuration() {
    for tls in [&[][..], &["--tls"]] {
        let folder = Folder::with("");
        let file = std::fs::File::create(folder.path().join("wellspring.toml")).unwrap();
        let mut command = folder.command(&[&["simulate"], tls].concat());
        let mut child = command.stdout(file).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let mut byte = [0];
        // The command writes to stderr after the configuration.
        stderr.read_exact(&mut byte).unwrap();
        let running = Running(child);
        for profile in ["shop", "app", "chain"] {
            let ran = folder.run(&["token", profile]);
            assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{profile}");
        }
        // A person can sign in once the commented-out store is enabled.
        let path = folder.path().join("wellspring.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        folder.write("wellspring.toml", &text.replace("# [store]\n# url", "[store]\nurl"));
        assert_eq!(folder.run(&["token", "user"]).status, 3);
        if tls.is_empty() {
            let login = login::Login::start(&folder, &[]);
            assert!(
                login::agree_by(&format!("{}&decision=allow", login.url)).1.contains("You are signed in")
            );
            assert_eq!(login.end().status, 0);
            assert_eq!(folder.run(&["token", "user"]).status, 0);
        }
        drop(running);
    }
}

#[test]
fn only_the_requested_providers_are_printed() {
    let folder = Folder::with("");
    let mut command = folder.command(&["simulate", "--provider", "hive-auth"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut byte = [0];
    child.stderr.take().unwrap().read_exact(&mut byte).unwrap();
    signal("TERM", &child);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143), "it runs until a signal ends it");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("[profile.chain]") && !text.contains("[profile.shop]"), "{text}");
}

#[test]
fn the_simulator_answers_with_the_requested_faults() {
    let folder = Folder::with("");
    let arguments = ["simulate", "--fault", "invalid-client", "--at", "pix-token", "--times", "1"];
    let (_running, line) = Running::start(&mut folder.command(&arguments));
    let url = line.trim().strip_prefix("# ").unwrap();
    folder.write(
        "wellspring.toml",
        &format!(
            "[profile.shop]\nprovider = \"pix-bacen\"\nbase_url = \"{url}\"\nclient_id = \"your-client-id\"\n\
             client_secret = \"your-client-secret\"\n"
        ),
    );
    assert_eq!(folder.run(&["token", "shop"]).status, 4);
    assert_eq!(folder.run(&["token", "shop"]).status, 0);
}

#[test]
fn the_list_has_every_fault_and_an_unknown_fault_is_a_usage_error() {
    let folder = Folder::with("");
    let ran = folder.run(&["simulate", "--fault", "list"]);
    assert!(ran.status == 0 && ran.stdout.contains("expires-in-string "), "{ran:?}");
    for wrong in
        [&["--fault", "gremlins"][..], &["--fault", "status=200", "--at", "nowhere"], &["--port", "99999"]]
    {
        let ran = Ran::of(&mut folder.command(&[&["simulate"], wrong].concat()));
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{wrong:?} {}", ran.stderr);
    }
}

#[test]
fn each_signal_ends_the_simulator_even_with_half_a_request() {
    for (name, status) in SIGNALS.into_iter().filter(|(_, status)| !is_ignored(*status)) {
        let folder = Folder::with("");
        let (mut running, line) = Running::start(&mut folder.command(&["simulate"]));
        let authority = line.trim_start_matches("# http://").trim_end().to_owned();
        let mut half = std::net::TcpStream::connect(authority).unwrap();
        half.write_all(b"POST /api/oauth2/token HTTP/1.1\r\nContent-Length: 9\r\n\r\nx").unwrap();
        signal(name, &running.0);
        assert_eq!(running.0.wait().unwrap().code(), Some(status));
        drop(half);
    }
}
