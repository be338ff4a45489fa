//! `doctor`: each state of a store that needs a person is found, and the line names the file.
#![cfg(unix)]

use core::time::Duration;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use wellspring_core::{Generation, Obtained, PendingSave, SessionState};
use wellspring_simulator::Simulator;

use crate::command::{Folder, Ran, profiles};
use crate::stored::{Stage, private, set_mode, stage};

const STORES: [&str; 2] = ["file:tokens", "sqlite:wellspring.db"];

/// A stage with a record, about which `doctor` finds nothing.
fn sound(url: &str) -> Stage {
    let stage = stage(url);
    stage.put(&stage.granted(10));
    stage
}

/// The main file of the store.
fn main_file(stage: &Stage) -> PathBuf {
    let database = stage.folder.path().join("wellspring.db");
    if database.exists() { database } else { record_in(stage.folder.path()) }
}

/// The record of a store in files.
fn record_in(folder: &Path) -> PathBuf {
    let mut files = fs::read_dir(folder.join("tokens")).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|end| end == "token")).unwrap()
}

/// Asserts that `doctor` ends, fails, and has a line about this that names the path.
fn assert_found(ran: &Ran, path: &Path, says: &[&str]) {
    assert!([2, 5].contains(&ran.status), "{}", ran.stdout);
    let name = path.file_name().unwrap().to_str().unwrap();
    let found = |line: &str| {
        line.starts_with("wrong  ") && line.contains(name) && says.iter().any(|says| line.contains(says))
    };
    assert!(ran.stdout.lines().any(found), "{says:?} about {name}: {}", ran.stdout);
    assert!(!ran.stdout.contains("canary"), "{}", ran.stdout);
}

#[test]
fn a_pipe_a_folder_a_link_or_an_open_file_in_the_place_of_a_stores_file_is_found() {
    for url in STORES {
        for (kind, says) in [
            ("pipe", &["is not a regular file", "a FIFO", "pipe"][..]),
            ("folder", &["is a folder", "not a regular file", "cannot be"]),
            ("hard link", &["link"]),
            ("open", &["is open to others", "chmod 600", "access"]),
        ] {
            let stage = sound(url);
            let file = main_file(&stage);
            match kind {
                "pipe" => {
                    fs::remove_file(&file).unwrap();
                    assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
                }
                "folder" => {
                    fs::remove_file(&file).unwrap();
                    fs::create_dir(&file).unwrap();
                }
                "hard link" => fs::hard_link(&file, stage.folder.path().join("second name")).unwrap(),
                _ => fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap(),
            }
            assert_found(&stage.folder.run(&["doctor"]), &file, says);
            let status = stage.folder.run(&["status"]);
            assert!([2, 5].contains(&status.status), "{url} {kind}: {}", status.stdout);
        }
    }
}

/// What is after the last path of a sentence about a store: cause and action.
fn about<'a>(text: &'a str, path: &Path) -> &'a str {
    let text = text.trim_end();
    text.rfind(path.to_str().unwrap()).map_or(text, |at| &text[at..])
}

#[test]
fn every_command_says_the_same_of_a_fault_that_a_person_must_correct_and_doctor_says_it_once() {
    for kind in ["pipe", "folder", "link", "hard link", "open", "corrupt", "lock link", "lock folder"] {
        let stage = sound("file:tokens");
        let tokens = stage.folder.path().join("tokens").canonicalize().unwrap();
        let record = main_file(&stage).canonicalize().unwrap();
        let mut path = record.clone();
        if kind.starts_with("lock") {
            // The lock of the record's saves, of which a sign-out is one.
            let name = record.file_stem().unwrap().to_str().unwrap();
            let sum = name.bytes().fold(0, u8::wrapping_add);
            path = tokens.join(format!("locks/save-{:02}", sum % 16));
        }
        if !["hard link", "open", "corrupt"].contains(&kind) {
            fs::remove_file(&path).unwrap();
        }
        match kind {
            "pipe" => assert!(Command::new("mkfifo").arg(&path).status().unwrap().success()),
            "folder" | "lock folder" => fs::create_dir(&path).unwrap(),
            "link" | "lock link" => std::os::unix::fs::symlink("/dev/null", &path).unwrap(),
            "hard link" => fs::hard_link(&path, stage.folder.path().join("second name")).unwrap(),
            "open" => fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap(),
            _ => fs::write(&path, "canary").unwrap(),
        }
        let doctor = stage.folder.run(&["doctor"]);
        let wrong: Vec<_> = doctor.stdout.lines().filter(|line| line.starts_with("wrong  ")).collect();
        assert_eq!((doctor.status, wrong.len()), (2, 1), "{kind}: {}", doctor.stdout);
        let said = about(wrong[0], &path);
        assert!(!kind.ends_with("link") || kind == "hard link" || said.contains("move it away"), "{said}");
        let url = format!("{}/api/oauth2/userinfo", stage.simulator.url());
        let call = ["call", "user", "GET", &url];
        let mut commands = vec![&["logout", "user"][..]];
        if path == record {
            commands.extend([&["token", "user"][..], &["token", "user", "--transport", "async"]]);
            commands.extend([&["status"][..], &call]);
        }
        for command in commands {
            let ran = stage.folder.run(command);
            assert_eq!(ran.status, 2, "{kind} {command:?}: {}", ran.stderr);
            assert_eq!(about(&ran.stderr, &path), said, "{kind} {command:?}");
        }
    }
}

#[test]
fn a_client_that_needs_no_record_goes_on_without_it_and_the_command_says_so() {
    let simulator = Simulator::start().unwrap();
    let folder = Folder::with(&format!("[store]\nurl = \"file:tokens\"\n{}", profiles(&simulator)));
    assert_eq!(folder.run(&["token", "shop"]).stderr, "");
    let record = record_in(folder.path());
    fs::write(&record, "canary").unwrap();
    for transport in ["async", "blocking"] {
        let ran = folder.run(&["token", "shop", "--transport", transport]);
        assert_eq!((ran.status, ran.stdout.lines().count()), (0, 1), "{ran:?}");
        let says = "wellspring: the token is not kept, so each command asks for a new one: ";
        assert!(ran.stderr.starts_with(says), "{}", ran.stderr);
        assert!(ran.stderr.contains(record.to_str().unwrap()), "{}", ran.stderr);
        assert!(ran.stderr.contains("move it away") && !ran.stderr.contains("canary"), "{}", ran.stderr);
    }
}

#[test]
fn a_record_that_is_cut_or_changed_is_named_with_what_to_do() {
    for cut in [true, false] {
        let stage = sound("file:tokens");
        let file = main_file(&stage);
        let mut bytes = fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        if cut {
            bytes.truncate(middle);
        } else {
            bytes[middle] ^= 1;
        }
        fs::write(&file, bytes).unwrap();
        assert_found(&stage.folder.run(&["doctor"]), &file, &["move it away"]);
    }
}

#[test]
fn a_spill_that_was_changed_is_named() {
    for url in STORES {
        let stage = sound(url);
        let attempt = wellspring_core::Attempt {
            owner: wellspring_core::Owner { machine: 1, boot: 2, process: 4711, source: 3 },
            number: 1,
        };
        let pending = PendingSave {
            attempt,
            record: stage.granted(5),
            origin: Obtained::ByRenewal { spent: Generation::new(2) },
        };
        stage.store.spill(&stage.key, &pending).unwrap();
        let folders = ["tokens/spill", "wellspring.db.spill"].map(|folder| stage.folder.path().join(folder));
        let folder = folders.iter().find(|folder| folder.is_dir()).unwrap();
        let mut spills = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let spill = spills.find(|path| path.extension().is_some_and(|end| end == "spill")).unwrap();
        let mut bytes = fs::read(&spill).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&spill, bytes).unwrap();
        let ran = stage.folder.run(&["doctor"]);
        assert_found(&ran, &spill, &["move it away"]);
        let name = spill.file_name().unwrap().to_str().unwrap();
        assert_eq!(ran.stdout.lines().filter(|line| line.contains(name)).count(), 1, "{}", ran.stdout);
    }
}

#[test]
fn files_of_another_user_are_found() {
    let am_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
    for url in STORES {
        let stage = sound(url);
        let file = main_file(&stage);
        let changed = Command::new("chown").arg("65534").arg(&file).stderr(Stdio::null()).status().unwrap();
        assert_eq!(changed.success(), am_root, "only root gives files away");
        if am_root {
            assert_found(
                &stage.folder.run(&["doctor"]),
                &file,
                &["belongs to", "owner", "another user", "chown"],
            );
        }
    }
}

#[test]
fn a_folder_without_room_is_found() {
    let stage = sound("file:tokens");
    let mut command = Command::new("sh");
    // As on a nearly full disk, but for this process only.
    command.args(["-c", "trap '' XFSZ; ulimit -f 100; exec \"$0\" doctor", env!("CARGO_BIN_EXE_wellspring")]);
    let ran = Ran::of(command.current_dir(stage.folder.path()).stdin(Stdio::null()));
    assert_found(&ran, &stage.folder.path().join("tokens"), &["free 256 KiB there"]);
    assert!(
        fs::read_dir(stage.folder.path().join("tokens"))
            .unwrap()
            .all(|entry| { !entry.unwrap().file_name().to_string_lossy().contains("doctor") })
    );
}

#[test]
fn a_spill_folder_in_a_folder_that_does_not_exist_is_found() {
    let stage = sound("file:tokens");
    let text = fs::read_to_string(stage.folder.path().join("wellspring.toml")).unwrap();
    stage.folder.write("wellspring.toml", &text.replace("[store]\n", "[store]\nspill = \"missing/spill\"\n"));
    let ran = stage.folder.run(&["doctor"]);
    assert_found(
        &ran,
        &stage.folder.path().join("missing"),
        &["does not exist: make it with `mkdir -m 700`"],
    );
}

#[test]
fn a_configuration_that_others_can_write_and_a_certificate_that_cannot_be_read_are_found() {
    let stage = sound("file:tokens");
    let text = fs::read_to_string(stage.folder.path().join("wellspring.toml")).unwrap();
    stage.folder.write("s", "secret_xyz789uvw012");
    fs::set_permissions(stage.folder.path().join("s"), fs::Permissions::from_mode(0o600)).unwrap();
    let text = text.replace("\"secret_xyz789uvw012\"", "{ file = \"s\" }");
    stage.folder.write("wellspring.toml", &text);
    let config = stage.folder.path().join("wellspring.toml");
    fs::set_permissions(&config, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(stage.folder.run(&["doctor"]).status, 0, "others may read it");
    fs::set_permissions(&config, fs::Permissions::from_mode(0o666)).unwrap();
    assert_found(&stage.folder.run(&["doctor"]), &config, &["can be written by others"]);
    fs::set_permissions(&config, fs::Permissions::from_mode(0o600)).unwrap();
    stage
        .folder
        .write("wellspring.toml", &format!("{text}[profile.user.tls]\nca_certificate = \"missing.pem\"\n"));
    assert_found(&stage.folder.run(&["doctor"]), Path::new("missing.pem"), &["cannot be read"]);
}

#[test]
fn doctor_finds_a_clock_that_was_set_back() {
    let stage = stage("file:tokens");
    let mut record = stage.granted(0);
    let SessionState::Active(granted) = &mut record.state else { panic!("a token is held") };
    granted.obtained_at = stage.now().plus(Duration::from_secs(7_260));
    stage.put(&record);
    let ran = stage.folder.run(&["doctor"]);
    assert_eq!(ran.status, 2, "{}", ran.stdout);
    let found = ran.stdout.lines().any(|line| line.starts_with("wrong  user: the token's time is 2h "));
    assert!(found, "{}", ran.stdout);
}

#[test]
fn doctor_finds_secrets_that_other_users_can_read() {
    let stage = stage("file:tokens");
    stage.put(&stage.granted(10));
    let wrong = |ran: &Ran| {
        let lines = ran.stdout.lines().filter(|line| line.starts_with("wrong  "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    set_mode(&stage.folder, "wellspring.toml", 0o644);
    let ran = stage.folder.run(&["doctor"]);
    assert_eq!(ran.status, 2);
    assert_eq!(
        wrong(&ran),
        [
            "wrong  wellspring.toml holds a secret and can be read by others: chmod 600 it, or move the secret to a file \
             or an environment variable"
        ]
    );
    let text = fs::read_to_string(stage.folder.path().join("wellspring.toml")).unwrap();
    stage
        .folder
        .write("wellspring.toml", &text.replace("\"secret_xyz789uvw012\"", "{ file = \"app.secret\" }"));
    stage.folder.write("app.secret", "secret_xyz789uvw012\n");
    set_mode(&stage.folder, "app.secret", 0o640);
    let ran = stage.folder.run(&["doctor"]);
    assert_eq!(ran.status, 2);
    assert_eq!(
        wrong(&ran),
        [
            "wrong  wellspring.toml:10: `client_secret` names app.secret, which can be read by others: chmod 600 it"
        ]
    );
    private(&stage.folder, "app.secret");
    set_mode(&stage.folder, "tokens", 0o755);
    let ran = stage.folder.run(&["doctor"]);
    assert_eq!(ran.status, 2);
    let found = wrong(&ran);
    assert_eq!(found.len(), 1, "{}", ran.stdout);
    assert!(found[0].contains("tokens is open to others (mode 755): chmod 700 it"), "{}", found[0]);
}

#[test]
fn doctor_notes_a_database_whose_folder_the_group_can_write_to_and_refuses_one_that_all_users_can_write_to() {
    let stage = sound("sqlite:wellspring.db");
    let folder = stage.folder.path();
    let with_mode = |mode| {
        fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
        stage.folder.run(&["doctor"])
    };
    let noted = with_mode(0o775);
    let is_note =
        |line: &str| line.starts_with("note   ") && line.contains("writable by its group (mode 775)");
    assert!(noted.stdout.lines().any(is_note), "{}", noted.stdout);
    assert!(!noted.stdout.contains("wrong  "), "{}", noted.stdout);
    let refused = with_mode(0o1777);
    assert_eq!(refused.status, 2);
    assert_found(&refused, folder, &["is writable by other users (mode 1777)"]);
}
