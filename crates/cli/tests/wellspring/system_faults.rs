//! Faults of the system below a store: `strace` makes the system calls of an unchanged command fail.

use std::process::{Command, Stdio};

use wellspring_simulator::Endpoint;

use crate::command::{Folder, Ran};
use crate::stored::stage;

/// Whether processes may be traced here.
fn may_trace() -> bool {
    let traced = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    let may_trace = traced.is_ok_and(|output| output.status.success());
    if !may_trace {
        eprintln!("skipped: strace is missing, or this user may not trace a process");
    }
    may_trace
}

/// A command of which these system calls fail.
fn with_fault(folder: &Folder, calls: &str, fault: &str, arguments: &[&str]) -> Ran {
    let mut command = Command::new("strace");
    command.args(["-f", "-o", "strace.log", "-e", &format!("trace={calls}")]);
    command.args(["-e", &format!("inject={calls}:{fault}"), env!("CARGO_BIN_EXE_wellspring")]);
    command.args(arguments).current_dir(folder.path()).stdin(Stdio::null());
    Ran::of(&mut command)
}

#[test]
fn locks_that_do_not_work_are_named_at_once_and_no_retry_helps() {
    if !may_trace() {
        return;
    }
    for (store, calls) in [("sqlite:wellspring.db", "fcntl"), ("file:tokens", "flock")] {
        let stage = stage(store);
        // The token has expired, so a renewal takes the locks.
        stage.put(&stage.granted(4_000));
        for error in ["ENOLCK", "ENOSYS", "EINVAL", "EOPNOTSUPP"] {
            for arguments in [
                &["token", "user", "--transport", "async"][..],
                &["token", "user", "--transport", "blocking"],
                &["login", "user", "--no-browser"],
                &["logout", "user"],
                &["doctor"],
            ] {
                let ran = with_fault(&stage.folder, calls, &format!("error={error}"), arguments);
                let said = if arguments == ["doctor"] { &ran.stdout } else { &ran.stderr };
                assert_eq!(ran.status, 2, "{calls} {error} {arguments:?}: {said}");
                assert!(said.contains("cannot be locked"), "{calls} {error} {arguments:?}: {said}");
                let advice = "this file system has no such operation: put the store on a local disk";
                assert!(said.contains(advice), "{calls} {error} {arguments:?}: {said}");
            }
        }
        assert_eq!(stage.simulator.asked(Endpoint::RefreshGrant), 0, "{calls}: nothing was sent");
    }
}
