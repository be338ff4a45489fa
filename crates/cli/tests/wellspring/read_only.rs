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
fn client_credentials_need_no_store_and_each_command_says_that_the_token_is_not_kept() {
    if !mounts() {
        return;
    }
    for (url, transport) in STORES.into_iter().zip(TRANSPORTS) {
        let stage = stage(url);
        let file = stage.folder.path().join("wellspring.toml");
        let text = std::fs::read_to_string(file).unwrap();
        let shop = format!(
            "[profile.shop]\nprovider = \"pix-bacen\"\nbase_url = \"{}\"\nclient_id = \"your-client-id\"\n\
             client_secret = \"your-client-secret\"\n",
            stage.simulator.url()
        );
        stage.folder.write("wellspring.toml", &(text + &shop));
        // The store is there, and holds no token of this profile.
        session(&stage, 10);
        let ran = run(&stage, &["token", "shop", "--transport", transport]);
        assert_eq!((ran.status, ran.stdout.is_empty()), (0, false), "{url}: {}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        let said = ran.stderr.to_ascii_lowercase();
        assert!(
            said.contains("the token is not kept, so each command asks for a new one: ")
                && said.contains("read-only"),
            "{said}"
        );
        let asked = stage.simulator.asked(Endpoint::PixToken);
        let ran = run(&stage, &["login", "shop", "--transport", transport]);
        assert_eq!(ran.status, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains("cannot keep a session, so no sign-in starts"), "{}", ran.stderr);
        assert_eq!(stage.simulator.asked(Endpoint::PixToken), asked, "nothing is asked for in vain");
    }
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
