//! The files that the command reads: regular files of a limited size, and no others.

use std::fs::{self, File};
use std::process::Command;

use wellspring_simulator::{Endpoint, Simulator};

use crate::command::{Folder, profiles, stage};

/// A file of each kind that is refused, and the words of the error.
fn refused(folder: &Folder) -> Vec<(&'static str, &'static str)> {
    let made = Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap();
    assert!(made.success());
    fs::create_dir(folder.path().join("folder")).unwrap();
    // A file without blocks, larger than any memory.
    File::create(folder.path().join("huge")).unwrap().set_len(1 << 40).unwrap();
    vec![
        ("pipe", "not a regular file"),
        ("/dev/zero", "not a regular file"),
        ("folder", "it is a folder"),
        ("huge", "it has more than "),
    ]
}

#[cfg(unix)]
#[test]
fn a_secret_or_a_certificate_is_read_from_a_regular_file_only() {
    let simulator = Simulator::start().unwrap();
    let secret = "client_secret = \"your-client-secret\"";
    for setting in [
        "client_secret = { file = \"FILE\" }",
        "client_secret = \"x\"\n[profile.shop.tls]\nca_certificate = \"FILE\"",
        "client_secret = \"x\"\n[profile.shop.tls]\nclient_certificate = \"FILE\"",
        "client_secret = \"x\"\n[profile.shop.tls]\nclient_certificate = { file = \"FILE\" }",
    ] {
        let folder = Folder::with("");
        for (file, says) in refused(&folder) {
            let text = profiles(&simulator).replace(secret, &setting.replace("FILE", file));
            folder.write("wellspring.toml", &format!("[store]\nurl = \"file:tokens\"\n{text}"));
            let asked = simulator.asked(Endpoint::Token);
            for arguments in
                [&["token", "shop"][..], &["status", "shop"], &["login", "shop"], &["logout", "shop"]]
            {
                let ran = folder.run(arguments);
                assert_eq!(
                    (ran.status, ran.stderr.lines().count()),
                    (2, 1),
                    "{setting} {file}: {}",
                    ran.stderr
                );
                assert!(ran.stderr.contains(says), "{setting} {file}: {}", ran.stderr);
            }
            assert_eq!(simulator.asked(Endpoint::Token), asked, "{setting} {file}");
            let ran = folder.run(&["doctor"]);
            assert_eq!(ran.status, 2, "{setting} {file}: {}", ran.stdout);
            assert!(ran.stdout.contains(says), "{setting} {file}: {}", ran.stdout);
        }
    }
}

#[cfg(unix)]
#[test]
fn a_configuration_is_a_regular_file_of_a_limited_size() {
    let folder = Folder::with("");
    for (file, says) in refused(&folder) {
        for arguments in [&["status"][..], &["doctor"], &["token", "shop"]] {
            let ran = folder.run(&[&["--config", file], arguments].concat());
            assert_eq!((ran.status, ran.stderr.lines().count()), (2, 1), "{file}: {}", ran.stderr);
            assert!(ran.stderr.contains(says), "{file}: {}", ran.stderr);
        }
    }
}

#[test]
fn a_secret_of_64_kibibytes_is_read_and_a_longer_one_is_refused() {
    let simulator = Simulator::start().unwrap();
    let folder = Folder::with(&format!(
        "[profile.app]\nprovider = \"oauth2-app\"\ntoken_url = \"{}/api/oauth2/token\"\n\
         grant_type = \"client_credentials\"\nclient_id = \"id\"\nclient_secret = {{ file = \"s\" }}\n",
        simulator.url()
    ));
    folder.write("s", &"x".repeat(64 << 10));
    assert_eq!(folder.run(&["token", "app"]).status, 4, "the server refuses it");
    folder.write("s", &"x".repeat((64 << 10) + 1));
    let ran = folder.run(&["token", "app"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("it has more than 64 KiB"), "{}", ran.stderr);
}

#[test]
fn a_bundle_of_authorities_may_be_longer_than_a_secret_however_its_file_is_named() {
    let (_simulator, folder) = stage();
    let authority = rcgen::generate_simple_self_signed(vec!["a.example".to_owned()]).unwrap().cert.pem();
    folder.write("ca.pem", &authority.repeat((64 << 10) / authority.len() + 1));
    let text = fs::read_to_string(folder.path().join("wellspring.toml")).unwrap();
    for named in ["\"ca.pem\"", "{ file = \"ca.pem\" }"] {
        folder.write("wellspring.toml", &format!("{text}\n[profile.shop.tls]\nca_certificate = {named}\n"));
        let ran = folder.run(&["token", "shop"]);
        assert_eq!(ran.status, 0, "{named}: {}", ran.stderr);
    }
}
