//! An issuer that does not answer: a token in force needs none, and what it said before is kept beside the store.

use std::fs;
use std::path::PathBuf;

use wellspring_simulator::{Endpoint, Fault, Simulator};

use crate::command::Folder;
use crate::token::is_token;

const TRANSPORTS: [&str; 2] = ["async", "blocking"];
const STORES: [&str; 2] = ["file:tokens", "sqlite:wellspring.db"];

fn stage(store: &str) -> (Simulator, Folder) {
    let simulator = Simulator::start().unwrap();
    let url = simulator.url();
    let folder = Folder::with(&format!(
        "[store]\nurl = \"{store}\"\n[profile.app]\nprovider = \"oauth2-app\"\nissuer = \"{url}\"\n\
         grant_type = \"client_credentials\"\nclient_id = \"client_abc123def456\"\n\
         client_secret = \"secret_xyz789uvw012\"\napi_urls = [\"{url}\"]\n"
    ));
    (simulator, folder)
}

/// The file with what the issuer said.
fn kept(folder: &Folder) -> PathBuf {
    let folders = [folder.path().to_owned(), folder.path().join("tokens")];
    let files = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
    let mut paths = files.map(|entry| entry.unwrap().path());
    paths.find(|path| path.to_str().unwrap().contains("issuer-")).unwrap()
}

/// What is kept was said long ago.
fn make_old(folder: &Folder) {
    let path = kept(folder);
    let text = fs::read_to_string(&path).unwrap();
    let (_, document) = text.split_once('\n').unwrap();
    fs::write(path, format!("wellspring-issuer-1 1000\n{document}")).unwrap();
}

#[test]
fn an_issuer_that_is_down_stops_no_command_while_a_token_is_in_force() {
    for store in STORES {
        let (simulator, folder) = stage(store);
        assert!(is_token(&folder.run(&["token", "app"]).stdout));
        let asked = simulator.asked(Endpoint::Metadata);
        simulator.fault_times(Endpoint::Metadata, Fault::parse("unavailable").unwrap(), 100);
        let api = format!("{}/api/oauth2/userinfo", simulator.url());
        for age in ["recent", "old"] {
            for transport in TRANSPORTS {
                for command in [&["token", "app"][..], &["call", "app", "GET", &api]] {
                    let ran = folder.run(&[command, &["--transport", transport]].concat());
                    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{store} {age} {command:?}");
                }
            }
            assert_eq!(folder.run(&["status"]).status, 0, "{store} {age}");
            assert_eq!(simulator.asked(Endpoint::Metadata), asked, "{store} {age}: no command asks");
            make_old(&folder);
        }
        let ran = folder.run(&["logout", "app"]);
        assert_eq!(ran.status, 0, "{store}: {}", ran.stderr);
        assert_eq!(simulator.asked(Endpoint::Metadata), asked, "{store}: a logout asks no issuer");
    }
}

#[test]
fn what_an_issuer_said_long_ago_is_used_when_a_token_is_needed_and_the_issuer_is_down() {
    for (store, transport) in STORES.into_iter().zip(TRANSPORTS) {
        let (simulator, folder) = stage(store);
        assert_eq!(folder.run(&["token", "app"]).status, 0);
        folder.run(&["logout", "app"]);
        make_old(&folder);
        let asked = simulator.asked(Endpoint::Metadata);
        simulator.fault_times(Endpoint::Metadata, Fault::parse("unavailable").unwrap(), 2);
        let ran = folder.run(&["login", "app", "--transport", transport]);
        assert_eq!(ran.status, 0, "{store}: {}", ran.stderr);
        assert!(ran.stderr.contains("cannot be asked, so what it said before is used: "), "{}", ran.stderr);
        assert_eq!(simulator.asked(Endpoint::Metadata), asked + 2);
        // Where it answers, it is asked once a day.
        folder.run(&["logout", "app"]);
        for _ in 0..2 {
            assert_eq!(folder.run(&["login", "app", "--transport", transport]).status, 0);
        }
        assert_eq!(simulator.asked(Endpoint::Metadata), asked + 3);
    }
}

#[test]
fn an_endpoint_that_has_moved_is_looked_up_by_the_next_command() {
    for store in STORES {
        let (simulator, folder) = stage(store);
        assert_eq!(folder.run(&["token", "app"]).status, 0);
        folder.run(&["logout", "app"]);
        let asked = simulator.asked(Endpoint::Metadata);
        simulator.fault(Endpoint::Token, Fault::parse("bare-404").unwrap());
        fs::remove_dir_all(folder.path().join("tokens")).ok();
        fs::remove_file(folder.path().join("wellspring.db")).ok();
        if store.starts_with("file") {
            // The folder held what was kept, too.
            assert_eq!(folder.run(&["token", "app"]).status, 4);
            assert_eq!(simulator.asked(Endpoint::Metadata), asked + 1);
            continue;
        }
        let ran = folder.run(&["token", "app"]);
        assert_eq!(ran.status, 4, "{}", ran.stderr);
        assert_eq!(simulator.asked(Endpoint::Metadata), asked, "what is kept is recent");
        fs::remove_file(folder.path().join("wellspring.db")).ok();
        assert_eq!(folder.run(&["token", "app"]).status, 0);
        assert_eq!(simulator.asked(Endpoint::Metadata), asked + 1, "the issuer is asked again");
    }
}

#[cfg(unix)]
#[test]
fn what_another_user_could_have_written_is_not_used() {
    use std::os::unix::fs::PermissionsExt as _;
    for store in STORES {
        let (_simulator, folder) = stage(store);
        assert_eq!(folder.run(&["token", "app"]).status, 0);
        let path = kept(&folder);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        let ran = folder.run(&["token", "app"]);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{store}: {}", ran.stderr);
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(ran.stderr.contains(name) && ran.stderr.contains("chmod 600"), "{}", ran.stderr);
    }
}
