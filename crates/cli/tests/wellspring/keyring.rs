//! Sealing keys in the operating system's keyring: a real GNOME keyring on a private D-Bus.

use std::fs;
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};

use wellspring_simulator::Endpoint;

use crate::command::{Folder, Ran};
use crate::stored::stage;

const PROFILE: &str = "\
[store]
url = \"sqlite:tokens.db\"
sealing_key_keyring = \"shop\"
[profile.fixed]
provider = \"static\"
token = \"canary-static-token-0123456789\"
";

/// Runs this shell script beside a keyring that is unlocked. `$W` is the command.
fn beside_keyring(folder: &Folder, script: &str) -> Ran {
    let path = folder.path();
    let unlocked =
        format!("printf pw | gnome-keyring-daemon --unlock --components=secrets >daemon.log 2>&1\n{script}");
    let mut command = Command::new("dbus-run-session");
    command.args(["--", "sh", "-c", &unlocked]).current_dir(path).stdin(Stdio::null());
    command.env("W", env!("CARGO_BIN_EXE_wellspring")).env("HOME", path).env("XDG_RUNTIME_DIR", path);
    for name in ["XDG_DATA_HOME", "DBUS_SESSION_BUS_ADDRESS", "WELLSPRING_SEALING_KEY", "DISPLAY"] {
        command.env_remove(name);
    }
    Ran::of(&mut command)
}

#[test]
fn a_key_in_the_keyring_seals_the_store_and_is_never_overwritten() {
    let folder = Folder::with(PROFILE);
    let ran = beside_keyring(
        &folder,
        "$W keygen --keyring shop; echo made $?\n\
         $W keygen --keyring shop; echo again $?\n\
         $W rekey; echo rekeyed $?\n\
         $W doctor; echo looked $?\n\
         sed -i s/shop/other/ wellspring.toml; $W rekey; echo missing $?",
    );
    let said = format!("{}{}", ran.stdout, ran.stderr);
    for line in ["made 0", "again 2", "rekeyed 0", "missing 2"] {
        assert!(ran.stdout.lines().any(|printed| printed == line), "{line}: {said}");
    }
    // The bus may say something of its own first.
    let made = ran.stderr.lines().find_map(|line| line.strip_prefix("wellspring: the sealing key "));
    let id = made.unwrap().split(' ').next().unwrap();
    assert!(ran.stdout.contains(&format!("sealed with the key {id}: ")), "{said}");
    for says in [
        "name it in [store] as `sealing_key_keyring`",
        "the sealing key \"shop\" in the operating system's keyring is there and is not overwritten: choose another name",
        "the sealing key \"other\" in the operating system's keyring does not exist: `wellspring keygen --keyring other` makes one",
    ] {
        assert!(ran.stderr.contains(says), "{says}: {said}");
    }
    assert!(!said.contains("wellspring-key-1:A") && !said.contains("canary"), "{said}");
}

#[test]
fn without_a_keyring_service_a_command_says_so_at_once() {
    let folder = Folder::with(PROFILE);
    let mut command = folder.command(&["rekey"]);
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/no/such/bus");
    let ran = Ran::of(&mut command);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("`sealing_key_keyring`"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("unlock the keyring, or keep the key in a file or in the environment"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_keyring_that_never_answers_is_given_up_before_a_token_is_requested() {
    let stage = stage("sqlite:tokens.db");
    let path = stage.folder.path().join("wellspring.toml");
    let text = fs::read_to_string(&path).unwrap();
    let url = "url = \"sqlite:tokens.db\"";
    assert!(text.contains(url), "{text}");
    fs::write(path, text.replacen(url, &format!("{url}\nsealing_key_keyring = \"shop\""), 1)).unwrap();
    stage.put(&stage.granted(0));
    // A bus that takes the connection and says nothing.
    let bus = stage.folder.path().join("bus");
    let listener = UnixListener::bind(&bus).unwrap();
    let mut command = stage.folder.command(&["token", "user"]);
    command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", bus.display()));
    let ran = Ran::of(&mut command);
    drop(listener);
    assert_eq!((ran.status, ran.stdout.as_str()), (5, ""), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("the operating system's keyring did not answer within 10 s"),
        "{}",
        ran.stderr
    );
    assert_eq!(stage.simulator.asked(Endpoint::AppToken), 0);
}
