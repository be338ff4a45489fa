//! What the command prints: nothing that controls a terminal, and a warning where the result is lost.

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

/// A folder whose profile `shop` has a store.
fn stage_with_a_store() -> (Simulator, Folder) {
    let (simulator, folder) = stage();
    let text = std::fs::read_to_string(folder.path().join("wellspring.toml")).unwrap();
    folder.write("wellspring.toml", &format!("[store]\nurl = \"file:tokens\"\n{text}"));
    (simulator, folder)
}

#[cfg(unix)]
#[test]
fn a_command_that_only_brings_a_result_does_nothing_where_it_is_lost_and_any_other_says_so_first() {
    let (simulator, folder) = stage_with_a_store();
    let create = ["apps", "create", "user", "--name", "n", "--redirect-uri", "https://a.example/"];
    let create: Vec<&str> = create.into_iter().chain(["--secret-file", "s"]).collect();
    for redirection in ["1<>/dev/null", ">&-"] {
        for arguments in [
            &["token", "shop"][..],
            &["token", "shop", "--transport", "async"],
            &["token", "app", "--format", "json"],
            &["token", "chain"],
            &["login", "user", "--no-browser"],
            &create,
        ] {
            let ran = redirected(&folder, arguments, redirection);
            assert_eq!(ran.status, 5, "{arguments:?} {redirection}: {}", ran.stderr);
            let start = "wellspring: standard output is closed or the null device, so the result";
            assert!(ran.stderr.starts_with(start), "{}", ran.stderr);
            assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        }
    }
    assert_eq!(simulator.asked(Endpoint::Token), 0, "nothing was done");
    assert!(!folder.path().join("s").exists());
    let url = format!("{}/accounts/balances", simulator.url());
    // Parents that want no output open the null device for reading and writing. The runtime puts the same in the place of a
    // closed descriptor.
    for redirection in ["1<>/dev/null", ">&-", "2>&1 1<>/dev/null"] {
        for (arguments, status) in [
            (&["call", "shop", "GET", &url][..], 0),
            (&["call", "shop", "GET", &url, "--transport", "async"], 0),
            (&["status"], 0),
            (&["status", "--format", "json"], 0),
            (&["doctor"], 2),
            (&["demo"], 0),
        ] {
            let ran = redirected(&folder, arguments, redirection);
            assert_eq!(ran.status, status, "{arguments:?} {redirection}: {}", ran.stderr);
            let printed = if redirection.starts_with("2>&1") { &ran.stdout } else { &ran.stderr };
            let first = printed.lines().next().unwrap();
            assert!(
                first.starts_with("wellspring: standard output is closed or the null device"),
                "{printed}"
            );
            assert_eq!(printed.lines().count(), if status == 0 { 1 } else { 2 }, "{arguments:?}: {printed}");
        }
    }
    assert!(simulator.asked(Endpoint::Token) > 0);
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_an_error_of_every_command() {
    let (_simulator, folder) = stage_with_a_store();
    for arguments in [
        &["--help"][..],
        &["token", "--help"],
        &["help", "login"],
        &["--version"],
        &["status"],
        &["doctor"],
        &["token", "shop"],
        &["simulate", "--fault", "list"],
        &["demo"],
    ] {
        let ran = redirected(&folder, arguments, ">/dev/full");
        assert_eq!(ran.status, 5, "{arguments:?}: {}", ran.stderr);
        let said = "wellspring: cannot write to standard output: No space left on device (os error 28)";
        assert!(ran.stderr.contains(said), "{arguments:?}: {}", ran.stderr);
    }
}

#[cfg(unix)]
#[test]
fn a_program_that_wants_no_output_redirects_it_and_a_closed_standard_error_changes_nothing() {
    let (_simulator, folder) = stage_with_a_store();
    for (redirection, stdout) in [(">/dev/null", ""), ("2>&-", "token"), (">/dev/null 2>&-", "")] {
        let ran = redirected(&folder, &["token", "shop"], redirection);
        assert_eq!(
            (ran.status, ran.stdout.is_empty(), ran.stderr.as_str()),
            (0, stdout.is_empty(), ""),
            "{redirection}"
        );
    }
    assert_eq!(redirected(&folder, &["token", "none"], ">&- 2>&-").status, 2);
    assert_eq!(redirected(&folder, &["token", "shop"], ">&- 2>&-").status, 5);
    assert_eq!(redirected(&folder, &["logout", "shop"], ">&- 2>&-").status, 0);
}

#[test]
fn a_pipe_that_is_closed_before_the_token_is_there_is_an_error() {
    for transport in ["async", "blocking"] {
        let (simulator, folder) = stage();
        let hold = simulator.hold(Endpoint::Token);
        let mut command = folder.command(&["token", "shop", "--transport", transport]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        drop(hold);
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
