//! `keygen`, `rekey`, and what `status` and `doctor` say of a sealed store.

use std::fs;

use crate::command::{Folder, Ran};
use crate::stored::{Stage, private, set_mode, stage};

/// What `granted` of the stage puts into a record.
const ACCESS: &str = "canary-access-token-0123456789";

/// Makes a key in this file and returns its id.
fn keygen(folder: &Folder, name: &str) -> String {
    let ran = folder.run(&["keygen", "--out", name]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    let id = ran.stderr.strip_prefix("wellspring: the sealing key ").unwrap().split(' ').next().unwrap();
    assert!(
        id.len() == 16 && ran.stderr.contains(&format!("is in {name}; name it in [store]")),
        "{}",
        ran.stderr
    );
    let text = fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(text.starts_with("wellspring-key-1:") && !ran.stderr.contains(&text[17..]), "{}", ran.stderr);
    id.to_owned()
}

/// Names this file of keys in `[store]`.
fn seal_with(stage: &Stage, file: &str) {
    let path = stage.folder.path().join("wellspring.toml");
    let text = fs::read_to_string(&path).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("sealing_key_file"));
    let lines = lines.flat_map(|line| {
        let is_url = line.starts_with("url = \"file:") || line.starts_with("url = \"sqlite:");
        [Some(line.to_owned()), is_url.then(|| format!("sealing_key_file = \"{file}\""))]
    });
    let text: Vec<_> = lines.flatten().collect();
    assert!(text.iter().any(|line| line.starts_with("sealing_key_file")), "{text:?}");
    fs::write(path, text.join("\n")).unwrap();
}

fn read_store(stage: &Stage, path: &str) -> Vec<u8> {
    let path = stage.folder.path().join(path);
    if path.is_dir() {
        let files = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        return files.filter(|path| path.is_file()).flat_map(|path| fs::read(path).unwrap()).collect();
    }
    let log = path.with_extension("db-wal");
    [fs::read(path).unwrap(), fs::read(log).unwrap_or_default()].concat()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn ok(ran: &Ran) -> &str {
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    &ran.stdout
}

#[test]
fn a_key_goes_to_a_new_file_of_its_owner_and_never_over_another() {
    let folder = Folder::with("");
    keygen(&folder, "key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(folder.path().join("key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let first = fs::read(folder.path().join("key")).unwrap();
    let ran = folder.run(&["keygen", "--out", "key"]);
    assert_eq!(ran.status, 2);
    assert!(
        ran.stderr.contains("key exists and is not overwritten; name a new file with --out"),
        "{}",
        ran.stderr
    );
    assert_eq!(fs::read(folder.path().join("key")).unwrap(), first);
    let ran = folder.run(&["keygen", "--out", "no/such/folder/key"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    let ran = folder.run(&["keygen"]);
    assert!(
        ok(&ran).starts_with("wellspring-key-1:") && ran.stdout.ends_with('\n') && ran.stdout.len() == 61
    );
    assert_ne!(folder.run(&["keygen"]).stdout, ran.stdout);
}

#[test]
fn a_plain_store_is_sealed_by_rekey_and_a_new_key_replaces_the_old_one() {
    for (url, path) in [("file:tokens", "tokens"), ("sqlite:wellspring.db", "wellspring.db")] {
        let stage = stage(url);
        stage.put(&stage.granted(10));
        let ran = stage.folder.run(&["rekey"]);
        assert_eq!(ran.status, 2);
        assert!(
            ran.stderr.contains("has no sealing key: `wellspring keygen --out FILE` makes one"),
            "{}",
            ran.stderr
        );
        assert!(contains(&read_store(&stage, path), ACCESS), "without a key the store shows the token");
        assert!(ok(&stage.folder.run(&["status"])).contains("\n  sealed         no: the record is plain\n"));

        let old = keygen(&stage.folder, "old");
        seal_with(&stage, "old");
        let says =
            format!("the store seals with the key {old}; 2 records are plain, 0 sealed with another key");
        assert!(ok(&stage.folder.run(&["doctor"])).contains(&says));
        let says = format!(
            "sealed with the key {old}: 2 records and 0 spilled tokens; 0 were sealed with it before\n"
        );
        assert_eq!(ok(&stage.folder.run(&["rekey"])), says);
        let says = format!(
            "sealed with the key {old}: 0 records and 0 spilled tokens; 2 were sealed with it before\n"
        );
        assert_eq!(ok(&stage.folder.run(&["rekey"])), says);
        assert!(path != "tokens" || !contains(&read_store(&stage, path), ACCESS));
        assert!(
            ok(&stage.folder.run(&["status"])).contains(&format!("\n  sealed         with the key {old}\n"))
        );
        let ran = stage.folder.run(&["status", "--format", "json"]);
        assert!(ok(&ran).contains(&format!("\"sealing_key\":\"{old}\"")), "{}", ran.stdout);
        assert!(
            ok(&stage.folder.run(&["doctor"]))
                .contains(&format!("ok     the store is sealed with the key {old}\n"))
        );
        assert_eq!(ok(&stage.folder.run(&["token", "user"])), format!("{ACCESS}\n"));

        // A process that has only the old key meets what the new one has sealed.
        let new = keygen(&stage.folder, "new");
        let ring = ["new", "old"].map(|name| fs::read_to_string(stage.folder.path().join(name)).unwrap());
        stage.folder.write("ring", &ring.concat());
        private(&stage.folder, "ring");
        seal_with(&stage, "ring");
        let says =
            format!("the store seals with the key {new}; 0 records are plain, 2 sealed with another key");
        assert!(ok(&stage.folder.run(&["doctor"])).contains(&says));
        assert!(
            ok(&stage.folder.run(&["rekey"]))
                .starts_with(&format!("sealed with the key {new}: 2 records and "))
        );
        seal_with(&stage, "old");
        for command in [&["token", "user"][..], &["doctor"], &["status"], &["rekey"], &["logout", "user"]] {
            let ran = stage.folder.run(command);
            let said = format!("{}{}", ran.stdout, ran.stderr);
            assert!(
                ran.status == 2 && said.contains(&format!("is sealed with the key {new}")),
                "{command:?}: {said}"
            );
            assert!(
                said.contains(&format!("this store has only {old}: add that key")),
                "{command:?}: {said}"
            );
            assert!(!said.contains("canary") && !said.contains("move it away"), "{command:?}: {said}");
        }
        seal_with(&stage, "new");
        assert_eq!(ok(&stage.folder.run(&["token", "user"])), format!("{ACCESS}\n"));
    }
}

#[test]
fn the_keys_may_be_in_the_environment_and_only_in_one_place() {
    let stage = stage("file:tokens");
    stage.put(&stage.granted(10));
    let id = keygen(&stage.folder, "key");
    let key = fs::read_to_string(stage.folder.path().join("key")).unwrap();
    let run = |arguments: &[&str], key: &str| {
        Ran::of(stage.folder.command(arguments).env("WELLSPRING_SEALING_KEY", key))
    };
    assert!(ok(&run(&["rekey"], key.trim())).starts_with(&format!("sealed with the key {id}: 2 records")));
    assert_eq!(ok(&run(&["token", "user"], &key)), format!("{ACCESS}\n"));
    let without = stage.folder.run(&["token", "user"]);
    let says =
        format!("is sealed with the key {id}, and this store has no sealing key: give the store that key");
    assert!(without.status == 2 && without.stderr.contains(&says), "{}", without.stderr);
    for wrong in ["", "canary", &key.trim()[..40]] {
        let ran = run(&["token", "user"], wrong);
        assert_eq!(ran.status, 2, "{}", ran.stderr);
        assert!(
            ran.stderr.contains("the environment variable WELLSPRING_SEALING_KEY cannot be used: "),
            "{}",
            ran.stderr
        );
        assert!(!ran.stderr.contains("canary") && !ran.stderr.contains(&key[17..40]), "{}", ran.stderr);
    }
    seal_with(&stage, "key");
    let both = run(&["token", "user"], &key);
    let says =
        "`sealing_key_file` names keys, and the environment variable WELLSPRING_SEALING_KEY holds keys too";
    assert!(both.status == 2 && both.stderr.contains(says), "{}", both.stderr);
}

#[cfg(unix)]
#[test]
fn doctor_finds_a_key_file_that_is_missing_wrong_or_open_to_others() {
    let stage = stage("file:tokens");
    stage.put(&stage.granted(10));
    seal_with(&stage, "key");
    let doctor = |says: &str| {
        let ran = stage.folder.run(&["doctor"]);
        let wrong: Vec<_> = ran.stdout.lines().filter(|line| line.starts_with("wrong  ")).collect();
        assert_eq!((ran.status, wrong.len()), (2, 1), "{}", ran.stdout);
        assert!(wrong[0].contains("`sealing_key_file`") && wrong[0].contains(says), "{}", ran.stdout);
    };
    doctor("does not exist: restore it, or for a new store make a key");
    keygen(&stage.folder, "key");
    set_mode(&stage.folder, "key", 0o644);
    doctor("chmod 600");
    stage.folder.write("key", "wellspring-key-1:canary\n");
    set_mode(&stage.folder, "key", 0o600);
    doctor("the sealing key at place 1 is none: write `wellspring-key-1:`");
}
