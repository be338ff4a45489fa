//! What the server has granted and this machine no longer uses: sessions that sign-ins replace, and a session that nothing
//! keeps.

use std::path::Path;

use wellspring_simulator::{Endpoint, Fault};

use crate::command::{Folder, Ran};
use crate::login::{self, Login};
use crate::login_twice::{STORES, stage};

fn sign_in(folder: &Folder, transport: &str) -> Ran {
    let login = Login::start(folder, &["--transport", transport]);
    assert!(login::agree(&login).1.contains("You are signed in"));
    login.end()
}

/// Whether a file in this folder, or below, holds this text.
fn holds(folder: &Path, text: &str) -> bool {
    folder.read_dir().unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, text);
        }
        std::fs::read(path).unwrap().windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[test]
fn of_a_session_that_a_sign_in_replaces_only_the_refresh_token_is_kept() {
    for (store, transport) in STORES.into_iter().zip(login::TRANSPORTS) {
        let (simulator, folder) = stage(store);
        assert_eq!(sign_in(&folder, transport).status, 0);
        let access_token = folder.run(&["token", "user"]).stdout.trim_end().to_owned();
        assert!(holds(folder.path(), &access_token));
        assert_eq!(sign_in(&folder, transport).status, 0);
        // The last connection to the database writes what its log holds into the database.
        assert_eq!(folder.run(&["token", "user"]).status, 0);
        assert!(!holds(folder.path(), &access_token), "{store}");
        assert_eq!(folder.run(&["logout", "user"]).status, 0);
        assert_eq!(simulator.asked(Endpoint::Revocation), 2, "{store}");
    }
}

#[test]
fn a_sign_in_whose_access_token_cannot_be_used_replaces_a_session_like_any_other() {
    for (store, transport) in STORES.into_iter().zip(login::TRANSPORTS) {
        for fault in ["token-type-mac", "error-beside=temporarily_unavailable"] {
            let (simulator, folder) = stage(store);
            assert_eq!(sign_in(&folder, transport).status, 0);
            simulator.fault(Endpoint::CodeGrant, Fault::parse(fault).unwrap());
            let ran = sign_in(&folder, transport);
            assert_eq!(ran.status, 5, "{}", ran.stderr);
            for says in [
                "the session that this sign-in replaces lives on at the server until `wellspring logout user`",
                "; the session is saved, so no other sign-in is needed: run `wellspring token user`\n",
            ] {
                assert!(ran.stderr.contains(says), "{fault}: {}", ran.stderr);
            }
            assert_eq!(simulator.asked(Endpoint::Revocation), 0, "{fault}");
            let ran = folder.run(&["token", "user", "--transport", transport]);
            assert_eq!((ran.status, simulator.asked(Endpoint::RefreshGrant)), (0, 1), "{}", ran.stderr);
            assert_eq!(folder.run(&["logout", "user"]).status, 0);
            assert_eq!(simulator.asked(Endpoint::Revocation), 2, "{fault} {store}");
        }
    }
}

#[test]
fn a_logout_ends_the_sessions_that_sign_ins_have_replaced() {
    for (store, transport) in STORES.into_iter().zip(login::TRANSPORTS) {
        let (simulator, folder) = stage(store);
        let sign_in = || {
            let login = Login::start(&folder, &["--transport", transport]);
            assert!(login::agree(&login).1.contains("You are signed in"));
            let ran = login.end();
            assert_eq!(ran.status, 0, "{}", ran.stderr);
            ran.stderr
        };
        assert_eq!(sign_in(), "wellspring: signed in; user has a token for 2h\n");
        for _ in 0..2 {
            let says = "the session that this sign-in replaces lives on at the server until `wellspring logout user`";
            let said = sign_in();
            assert!(said.contains(says), "{said}");
        }
        assert_eq!(
            simulator.asked(Endpoint::Revocation),
            0,
            "the new session may share the grant of the old one"
        );
        assert_eq!(folder.run(&["token", "user"]).status, 0);
        // The server is down for the first of the three revocations, that of the current session.
        simulator.fault(Endpoint::Revocation, Fault::parse("unavailable").unwrap());
        let ran = folder.run(&["logout", "user", "--transport", transport]);
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        assert!(
            ran.stderr.starts_with("wellspring: user is logged out here; the session at the server may last"),
            "{}",
            ran.stderr
        );
        let revoked = simulator.received(Endpoint::Revocation);
        let token = |request: &wellspring_simulator::Request| {
            request.form().into_iter().find(|(name, _)| name == "token").unwrap().1
        };
        let tokens: std::collections::BTreeSet<_> = revoked.iter().map(token).collect();
        assert_eq!((revoked.len(), tokens.len()), (3, 3), "{store}");
        assert!(
            ran.stderr.contains(" until it expires or `wellspring logout user` revokes it: "),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.ends_with("; 2 former sessions were revoked at the server\n"), "{}", ran.stderr);
        // What could not be revoked is kept, and what was revoked is forgotten.
        for says in
            ["1 former session was revoked at the server", "there was nothing to revoke at the server"]
        {
            let ran = folder.run(&["logout", "user", "--transport", transport]);
            assert_eq!(ran.stderr, format!("wellspring: user is logged out; {says}\n"));
        }
        let asked: Vec<_> = simulator.received(Endpoint::Revocation).iter().map(token).collect();
        assert_eq!(
            (asked.len(), &asked[3]),
            (4, &asked[0]),
            "{store}: the newest session is revoked at last"
        );
    }
}

#[test]
fn an_earlier_session_that_cannot_be_revoked_is_named_and_tried_again() {
    let (simulator, folder) = stage("file:tokens");
    for _ in 0..2 {
        let login = Login::start(&folder, &[]);
        login::agree(&login);
        assert_eq!(login.end().status, 0);
    }
    simulator.fault_times(Endpoint::Revocation, Fault::parse("unavailable").unwrap(), 2);
    let ran = folder.run(&["logout", "user"]);
    assert_eq!(ran.status, 0);
    assert!(
        ran.stderr.ends_with(
            "; 1 former session lasts there until it expires or `wellspring logout user` revokes it\n"
        ),
        "{}",
        ran.stderr
    );
    let ran = folder.run(&["logout", "user"]);
    assert_eq!(ran.stderr, "wellspring: user is logged out; 2 former sessions were revoked at the server\n");
    assert_eq!(simulator.asked(Endpoint::Revocation), 4);
}

#[test]
fn a_session_that_the_store_takes_no_more_is_revoked() {
    for (transport, fault) in
        login::TRANSPORTS.into_iter().flat_map(|t| ["bom", "token-type-mac"].map(|f| (t, f)))
    {
        let (simulator, folder) = stage("file:tokens");
        let text = std::fs::read_to_string(folder.path().join("wellspring.toml")).unwrap();
        let policy = "[profile.user.policy]\nstore_deadline = \"1s\"\n";
        folder.write("wellspring.toml", &format!("{text}{policy}"));
        let hold = simulator.hold(Endpoint::Token);
        simulator.fault(Endpoint::Token, Fault::parse(fault).unwrap());
        let login = Login::start(&folder, &["--transport", transport]);
        std::thread::scope(|scope| {
            let page = scope.spawn(|| login::agree(&login).1);
            while simulator.asked(Endpoint::Token) == 0 {
                std::thread::yield_now();
            }
            // The code is spent, and a file takes the place of the store and of its spill folder.
            std::fs::rename(folder.path().join("tokens"), folder.path().join("moved")).unwrap();
            folder.write("tokens", "");
            drop(hold);
            assert!(page.join().unwrap().contains("but the token request failed"));
        });
        let ran = login.end();
        assert_eq!(ran.status, 2, "{}", ran.stderr);
        assert!(
            ran.stderr.contains("nothing here keeps the new session, so it was revoked"),
            "{}",
            ran.stderr
        );
        assert_eq!(simulator.asked(Endpoint::Revocation), 1, "{transport} {fault}");
    }
}
