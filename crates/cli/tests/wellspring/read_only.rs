//! A store on a file system that can only be read. Permissions do not bind root, so the file system is a bind mount in a
//! namespace of the command.

use core::time::Duration;
use std::process::Command;

use wellspring_core::{
    AccessToken, Epoch, Generation, Granted, Record, RefreshToken, SessionState, TokenResponse, UnixTime,
};
use wellspring_simulator::Endpoint;

use crate::command::Ran;
use crate::stored::{Stage, stage};

const TRANSPORTS: [&str; 2] = ["async", "blocking"];
const STORES: [&str; 2] = ["file:tokens", "sqlite:wellspring.db"];

/// Whether a namespace can have a mount of its own here.
fn mounts() -> bool {
    let tried = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
    tried.is_ok_and(|output| output.status.success())
}

/// Runs the command where its folder can only be read.
fn run(stage: &Stage, arguments: &[&str]) -> Ran {
    let folder = stage.folder.path().display();
    let script = format!(
        "mount --bind '{folder}' '{folder}' && mount -o remount,bind,ro '{folder}' && cd '{folder}' && exec \"$0\" \"$@\""
    );
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", &script, env!("CARGO_BIN_EXE_wellspring")]).args(arguments);
    Ran::of(command.env("RUST_LOG", "off"))
}

/// A session whose token of two hours was obtained so long ago.
fn session(stage: &Stage, age: u64) {
    let response = TokenResponse::new(AccessToken::new("held"))
        .with_lifetime(Duration::from_secs(7_200))
        .with_refresh_token(RefreshToken::new("refresh"));
    let sent = UnixTime::after_epoch(stage.simulator.clock().now()).minus(Duration::from_secs(age));
    let state = SessionState::Active(Granted::new(sent, response));
    stage.put(&Record::new(Epoch::new(1), Generation::new(1), state));
}

#[test]
fn a_token_in_force_is_used_from_a_store_that_can_only_be_read_and_an_expired_one_names_the_path() {
    if !mounts() {
        eprintln!(
            "no namespace can mount here: the test of the store crate makes the file unwritable instead"
        );
        return;
    }
    for url in STORES {
        let stage = stage(url);
        let path = stage.folder.path().join(url.split_once(':').unwrap().1).canonicalize().unwrap();
        for transport in TRANSPORTS {
            // Fresh, and due for a minute.
            for age in [10, 6_960] {
                session(&stage, age);
                let ran = run(&stage, &["token", "user", "--transport", transport]);
                assert_eq!((ran.status, ran.stdout.as_str()), (0, "held\n"), "{url} {age}: {}", ran.stderr);
            }
            session(&stage, 8_000);
            let ran = run(&stage, &["token", "user", "--transport", transport]);
            assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{url} {transport}: {}", ran.stderr);
            let said = ran.stderr.to_ascii_lowercase();
            assert!(
                said.contains("read-only") && ran.stderr.contains(path.to_str().unwrap()),
                "{}",
                ran.stderr
            );
        }
        assert_eq!(
            stage.simulator.asked(Endpoint::RefreshGrant),
            0,
            "nothing is sent that could not be saved"
        );
    }
}
