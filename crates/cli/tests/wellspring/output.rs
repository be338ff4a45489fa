//! What the command prints: nothing that controls a terminal, and nothing into a closed standard output.

use std::process::{Command, Stdio};

use wellspring_simulator::{Endpoint, Fault, Simulator};

use crate::command::{Folder, Ran, profiles, stage};

/// Every kind of character that must not reach a terminal.
const HOSTILE: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\r\u{8}\u{9b}31m\u{202e}\u{2066}\u{200f}\u{2028}\u{feff}";

fn assert_harmless(text: &str, of: &str) {
    let bad =
        |c: &char| c.is_control() && *c != '\n' || HOSTILE.chars().filter(|c| !c.is_ascii()).any(|h| h == *c);
    let found: Vec<_> = text.chars().filter(bad).collect();
    assert!(found.is_empty(), "{of}: {found:?} in {text}");
}

#[test]
fn no_name_path_argument_or_server_text_reaches_the_terminal_with_its_control_characters() {
    let simulator = Simulator::start().unwrap();
    let name = HOSTILE.chars().fold(String::new(), |name, c| format!("{name}\\U{:08x}", u32::from(c)));
    let hostile = profiles(&simulator).replace("[profile.shop]", &format!("[profile.\"shop{name}\"]"));
    let folder = Folder::with(&format!("[store]\nurl = \"file:tokens\"\n{hostile}"));
    let shop = format!("shop{HOSTILE}");
    let fault = format!("oauth-error={HOSTILE}");
    simulator.fault(Endpoint::Token, Fault::parse(&fault).unwrap());
    for arguments in [
        &["status"][..],
        &["status", "--format", "json"],
        &["doctor"],
        &["token", &shop],
        &["token", &shop],
        &["token", &shop, "--format", "json"],
        &["logout", &shop],
        &["status", &shop],
        &["token", HOSTILE],
        &["login", HOSTILE],
        &["login", &shop],
        &["call", "app", HOSTILE, HOSTILE],
        &["call", "app", "GET", HOSTILE],
        &["call", "app", "POST", "https://x", "--data", HOSTILE],
        &["token", "app", "--format", HOSTILE],
        &["token", "app", "--valid-for", HOSTILE],
        &[HOSTILE],
        &["--config", HOSTILE, "status"],
        &["simulate", "--fault", HOSTILE],
    ] {
        let ran = Ran::of(folder.command(arguments).env("RUST_LOG", "trace"));
        assert_harmless(&ran.stdout, &format!("stdout of {arguments:?}"));
        assert_harmless(&ran.stderr, &format!("stderr of {arguments:?}"));
    }
    // The name stays legible.
    let ran = folder.run(&["status"]);
    assert!(ran.stdout.contains("shop\\u{1b}]0;owned\\u{7}"), "{}", ran.stdout);
    folder.write("wellspring.toml", &format!("{hostile}\n[profile.\"x{name}\"]\nprovider = \"none\"\n"));
    assert_harmless(&folder.run(&["status"]).stderr, "a faulty profile");
}

/// Runs a command by a shell that first closes or replaces descriptors.
fn redirected(folder: &Folder, arguments: &[&str], redirection: &str) -> Ran {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("exec \"$0\" \"$@\" {redirection}"), env!("CARGO_BIN_EXE_wellspring")]);
    command.args(arguments).current_dir(folder.path()).env_clear().stdin(Stdio::null());
    Ran::of(&mut command)
}

#[cfg(unix)]
#[test]
fn with_a_closed_standard_output_nothing_is_done_and_the_command_says_so() {
    let (simulator, folder) = stage();
    let text = std::fs::read_to_string(folder.path().join("wellspring.toml")).unwrap();
    folder.write("wellspring.toml", &format!("[store]\nurl = \"file:tokens\"\n{text}"));
    let url = format!("{}/accounts/balances", simulator.url());
    for arguments in [
        &["token", "shop"][..],
        &["token", "shop", "--transport", "async"],
        &["token", "chain", "--format", "json"],
        &["call", "shop", "GET", &url],
        &["login", "user", "--no-browser"],
        &["status"],
        &["doctor"],
        &["simulate"],
        &["demo"],
        &[
            "apps",
            "create",
            "user",
            "--name",
            "n",
            "--redirect-uri",
            "https://a.example/",
            "--secret-file",
            "s",
        ],
    ] {
        let ran = redirected(&folder, arguments, ">&-");
        assert_eq!(ran.status, 5, "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.starts_with("wellspring: standard output is closed"), "{}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    }
    assert_eq!(simulator.asked(Endpoint::Any), 0);
    // A program that wants no output redirects it, and a closed standard error changes nothing.
    for (redirection, stdout) in [(">/dev/null", ""), ("2>&-", "token"), (">/dev/null 2>&-", "")] {
        let ran = redirected(&folder, &["token", "shop"], redirection);
        assert_eq!(
            (ran.status, ran.stdout.is_empty()),
            (0, stdout.is_empty()),
            "{redirection}: {}",
            ran.stderr
        );
    }
    assert_eq!(redirected(&folder, &["token", "none"], ">&- 2>&-").status, 2);
    assert_eq!(redirected(&folder, &["logout", "shop"], ">&- 2>&-").status, 0);
}

#[test]
fn a_pipe_that_is_closed_before_the_token_is_there_is_an_error() {
    for transport in ["async", "blocking"] {
        let (simulator, folder) = stage();
        simulator.fault(Endpoint::Token, Fault::parse("stall-millis=500").unwrap());
        let mut command = folder.command(&["token", "shop", "--transport", transport]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ran = Ran::from(child.wait_with_output().unwrap());
        assert_eq!(ran.status, 5, "{}", ran.stderr);
        assert!(ran.stderr.starts_with("wellspring: cannot write to standard output: "), "{}", ran.stderr);
    }
}

#[cfg(unix)]
#[test]
fn with_too_few_file_descriptors_every_command_says_so() {
    let (simulator, folder) = stage();
    let text = std::fs::read_to_string(folder.path().join("wellspring.toml")).unwrap();
    folder.write("wellspring.toml", &format!("[store]\nurl = \"sqlite:w.db\"\n{text}"));
    for arguments in [
        &["token", "shop"][..],
        &["token", "shop", "--transport", "async"],
        &["call", "shop", "GET", &simulator.url()],
        &["call", "shop", "GET", &simulator.url(), "--transport", "async"],
        &["login", "shop"],
        &["login", "user", "--transport", "async"],
        &["logout", "shop", "--transport", "async"],
        &["status"],
        &["doctor"],
        &["simulate"],
        &["demo"],
        &[
            "apps",
            "create",
            "user",
            "--name",
            "n",
            "--redirect-uri",
            "https://a.example/",
            "--secret-file",
            "s",
        ],
    ] {
        for limit in [8, 12, 16, 20] {
            let mut command = Command::new("sh");
            let limited = format!("ulimit -n {limit}; exec \"$0\" \"$@\"");
            command.args(["-c", &limited, env!("CARGO_BIN_EXE_wellspring")]).args(arguments);
            let ran = Ran::of(command.current_dir(folder.path()).env_clear().stdin(Stdio::null()));
            assert_eq!((ran.status, ran.stdout.as_str()), (5, ""), "{arguments:?}: {}", ran.stderr);
            assert!(ran.stderr.contains("raise the limit with `ulimit -n 256`"), "{}", ran.stderr);
            assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        }
    }
    assert_eq!(simulator.asked(Endpoint::Any), 0);
}
