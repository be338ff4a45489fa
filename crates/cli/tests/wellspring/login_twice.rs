//! Two commands that sign in to one profile at once, and sign-ins that do not start because the store cannot keep them.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};

use wellspring_simulator::{Endpoint, Simulator};

use crate::command::{Folder, Ran};
use crate::device;
use crate::login::{self, Login, visit};
use crate::signals::signal;

pub(crate) const STORES: [&str; 2] = ["file:tokens", "sqlite:wellspring.db"];
/// A login that waits for another one.
struct Second {
    child: Child,
    stderr: BufReader<ChildStderr>,
}

impl Second {
    fn start(folder: &Folder, first: &Child, arguments: &[&str]) -> Self {
        let mut command = folder.command(&[&["login", "user"], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let process = first.id();
        let says = format!(
            "wellspring: another `wellspring login user` (process {process}) waits for the sign-in; this command waits for \
             its result\n"
        );
        assert_eq!(line, says);
        Self { child, stderr }
    }

    /// Waits for the end; the result has what followed on stderr.
    fn end(mut self) -> Ran {
        let mut stderr = String::new();
        self.stderr.read_to_string(&mut stderr).unwrap();
        Ran { stderr, ..Ran::from(self.child.wait_with_output().unwrap()) }
    }
}

/// A simulator and a folder with a profile whose redirect URI names a port.
pub(crate) fn stage(store: &str) -> (Simulator, Folder) {
    login::stage(&format!("http://127.0.0.1:{}/oauth/callback", login::free_port()), store)
}

#[test]
fn a_second_login_takes_the_result_of_the_first_one() {
    for store in STORES {
        let (simulator, folder) = stage(store);
        let first = Login::start(&folder, &[]);
        let others =
            [&["--no-browser"][..], &["--transport", "async"], &["--no-browser", "--transport", "async"]];
        let others = others.map(|arguments| Second::start(&folder, first.child(), arguments));
        assert!(login::agree(&first).1.contains("You are signed in"));
        let first = first.end();
        assert_eq!(
            (first.status, first.stderr.as_str()),
            (0, "wellspring: signed in; user has a token for 2h\n")
        );
        for second in others {
            let ran = second.end();
            assert_eq!(
                (ran.status, ran.stdout.as_str(), ran.stderr),
                (0, "", first.stderr.clone()),
                "{store}"
            );
        }
        assert_eq!(simulator.asked(Endpoint::Token), 1, "one sign-in");
        assert_eq!(folder.run(&["token", "user"]).status, 0);
        // The result is not that of a later login.
        let later = Login::start(&folder, &[]);
        assert!(login::agree(&later).1.contains("You are signed in"));
        assert_eq!(later.end().status, 0);
        assert_eq!(simulator.asked(Endpoint::CodeGrant), 2);
    }
}

#[test]
fn a_second_login_fails_as_the_first_one_does() {
    let (simulator, folder) = stage("file:tokens");
    let first = Login::start(&folder, &[]);
    let second = Second::start(&folder, first.child(), &["--no-browser"]);
    let state = first.parameter("state").unwrap();
    visit(&format!("{}?error=access_denied&state={state}", first.redirect_uri()));
    let (first, second) = (first.end(), second.end());
    assert_eq!((second.status, second.stdout.as_str(), second.stderr), (3, "", first.stderr));
    assert_eq!((first.status, simulator.asked(Endpoint::Token)), (3, 0));
}

#[test]
fn a_second_login_signs_in_itself_when_the_first_one_dies() {
    for (store, name) in STORES.into_iter().zip(["KILL", "INT"]) {
        let (simulator, folder) = stage(store);
        // The result of an earlier login is not that of the one that dies.
        let earlier = Login::start(&folder, &[]);
        assert!(login::agree(&earlier).1.contains("You are signed in"));
        assert_eq!(earlier.end().status, 0);
        let first = Login::start(&folder, &[]);
        let mut second = Second::start(&folder, first.child(), &["--no-browser"]);
        signal(name, first.child());
        let mut url = String::new();
        BufReader::new(second.child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        assert!(login::agree_by(url.trim_end()).1.contains("You are signed in"));
        assert_eq!(second.end().status, 0, "{store}");
        assert_eq!(simulator.asked(Endpoint::CodeGrant), 2);
    }
}

#[test]
fn a_second_login_on_another_device_or_by_another_path_to_the_store_waits_too() {
    let simulator = device::simulator(1);
    let folder = device::folder(&simulator, "file:tokens", "");
    let first = device::Login::start(&folder, &[]);
    let second = Second::start(&folder, first.child(), &[]);
    first.decide("allow");
    assert_eq!((first.end().status, second.end().status), (0, 0));
    assert_eq!(simulator.counters().device_grants, 1);

    for (store, name) in STORES.into_iter().zip(["tokens", "wellspring.db"]) {
        let (simulator, folder) = stage(store);
        let text = std::fs::read_to_string(folder.path().join("wellspring.toml")).unwrap();
        let elsewhere = Folder::with(&text);
        let first = Login::start(&folder, &[]);
        std::os::unix::fs::symlink(folder.path().join(name), elsewhere.path().join(name)).unwrap();
        let second = Second::start(&elsewhere, first.child(), &["--no-browser"]);
        assert!(login::agree(&first).1.contains("You are signed in"));
        assert_eq!((first.end().status, second.end().status), (0, 0), "{store}");
        assert_eq!(simulator.asked(Endpoint::CodeGrant), 1, "{store}");
    }
}

#[test]
fn a_second_login_waits_no_longer_than_its_own_deadline() {
    let (_simulator, folder) = stage("file:tokens");
    let first = Login::start(&folder, &[]);
    let ran = Second::start(&folder, first.child(), &["--no-browser", "--deadline", "300ms"]).end();
    assert_eq!(ran.status, 5);
    let process = first.child().id();
    let says = format!(
        "wellspring: the sign-in timed out after 300ms: another `wellspring login user` (process {process}) has not ended; \
         finish that sign-in or end that process, and run the command again\n"
    );
    assert_eq!(ran.stderr, says);
    signal("TERM", first.child());
    assert_eq!(first.end().status, 143);
}

/// The file that a login locks.
fn lock_file(folder: &Folder) -> PathBuf {
    let root = folder.path();
    let mut files =
        [root.to_owned(), root.join("tokens")].into_iter().filter_map(|folder| folder.read_dir().ok());
    let is_lock = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().contains("login-");
    files.find_map(|mut files| files.find_map(|file| Some(file.unwrap().path()).filter(is_lock))).unwrap()
}

#[test]
fn a_login_whose_lock_file_was_removed_locks_the_one_that_others_lock() {
    for store in STORES {
        let (_simulator, folder) = stage(store);
        let first = Login::start(&folder, &[]);
        let mut second = Second::start(&folder, first.child(), &["--no-browser"]);
        std::fs::remove_file(lock_file(&folder)).unwrap();
        signal("KILL", first.child());
        let mut url = String::new();
        BufReader::new(second.child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let third = Second::start(&folder, &second.child, &["--no-browser"]);
        assert!(login::agree_by(url.trim_end()).1.contains("You are signed in"));
        assert_eq!((second.end().status, third.end().status), (0, 0), "{store}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_login_that_waits_for_a_stopped_one_says_how_to_continue_that() {
    let (_simulator, folder) = stage("file:tokens");
    let first = Login::start(&folder, &[]);
    let process = first.child().id();
    signal("STOP", first.child());
    let is_stopped = || {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
        stat.rsplit_once(')').unwrap().1.starts_with(" T")
    };
    while !is_stopped() {
        std::thread::yield_now();
    }
    let ran = folder.run(&["login", "user", "--no-browser", "--deadline", "300ms"]);
    signal("KILL", first.child());
    assert_eq!(ran.status, 5);
    let says = format!("(process {process}, which is stopped: `kill -CONT {process}` continues it)");
    let lines: Vec<_> = ran.stderr.lines().collect();
    assert!(lines.len() == 2 && lines.iter().all(|line| line.contains(&says)), "{}", ran.stderr);
}

/// Runs `login user` by a shell that first does this.
fn login_after(folder: &Folder, preparation: &[&str], script: &str) -> Ran {
    let mut command = Command::new(preparation[0]);
    let script = format!("{script}; exec \"$0\" login user --no-browser --deadline 20s");
    command.args(&preparation[1..]).args(["sh", "-c", &script, env!("CARGO_BIN_EXE_wellspring")]);
    command.current_dir(folder.path()).stdin(Stdio::null());
    Ran::of(&mut command)
}

fn assert_refused(ran: &Ran, of: &str) {
    assert_eq!((ran.status, ran.stdout.as_str()), (5, ""), "{of}: {}", ran.stderr);
    assert!(ran.stderr.contains("cannot keep a session, so no sign-in starts"), "{of}: {}", ran.stderr);
    assert!(ran.stderr.contains("tokens") || ran.stderr.contains("wellspring.db"), "{of}: {}", ran.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn no_sign_in_starts_over_a_store_without_room_for_the_session() {
    for store in STORES {
        let people = stage(store);
        let by_code = device::simulator(1);
        let folder = device::folder(&by_code, store, "");
        for (simulator, folder) in [people, (by_code, folder)] {
            // The store exists, and no file may grow: as on a full disk, but for this process only.
            assert_eq!(folder.run(&["status"]).status, 0);
            let ran = login_after(&folder, &["env"], "trap '' XFSZ; ulimit -f 80");
            assert_refused(&ran, store);
            assert_eq!(simulator.asked(Endpoint::Any), 0, "{store}: no page, no code");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn no_sign_in_starts_over_a_read_only_store() {
    let unshare = ["unshare", "-rm"];
    let may_mount = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
    if !may_mount.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: this user may not mount a disk");
        return;
    }
    for store in STORES {
        let (simulator, folder) = stage(store);
        assert_eq!(folder.run(&["status"]).status, 0);
        let ran =
            login_after(&folder, &unshare, "mount --bind . . && mount -o remount,ro,bind . && cd \"$PWD\"");
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{store}: {}", ran.stderr);
        let path = store.split_once(':').unwrap().1;
        assert!(ran.stderr.contains(path) && ran.stderr.lines().count() == 1, "{store}: {}", ran.stderr);
        assert_eq!(simulator.asked(Endpoint::Any), 0, "{store}: no page");
    }
}

/// Flips a bit of this text wherever a file in this folder, or below, holds it.
fn damage(folder: &Path, text: &str) {
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            damage(&path, text);
            continue;
        }
        let mut bytes = std::fs::read(&path).unwrap();
        let places: Vec<_> =
            (0..bytes.len()).filter(|at| bytes[*at..].starts_with(text.as_bytes())).collect();
        places.iter().for_each(|at| bytes[*at] ^= 1);
        if !places.is_empty() {
            std::fs::write(&path, bytes).unwrap();
        }
    }
}

#[test]
fn a_record_that_cannot_be_read_is_named_by_its_file_and_no_sign_in_starts_over_it() {
    for (store, path) in STORES.into_iter().zip(["/tokens/", "/wellspring.db"]) {
        let (simulator, folder) = stage(store);
        let login = Login::start(&folder, &[]);
        assert!(login::agree(&login).1.contains("You are signed in"));
        assert_eq!(login.end().status, 0);
        let token = folder.run(&["token", "user"]).stdout;
        let asked = simulator.asked(Endpoint::Any);
        damage(folder.path(), token.trim_end());
        for arguments in [
            &["login", "user", "--no-browser", "--deadline", "5s"][..],
            &["token", "user"],
            &["status", "user"],
            &["doctor"],
        ] {
            let ran = folder.run(arguments);
            assert_ne!(ran.status, 0, "{store} {arguments:?}");
            let is_doctor = arguments == ["doctor"];
            assert!(is_doctor || simulator.asked(Endpoint::Any) == asked, "{store}: no page, no request");
            let said = ran.stdout + &ran.stderr;
            let file = format!("{}{path}", folder.path().display());
            for says in [file.as_str(), "is corrupt", "move it away and sign in again"] {
                assert!(said.contains(says), "{store} {arguments:?}: {said}");
            }
        }
    }
}
