//! `token`, `call` and `logout` of many processes that share a store.

use core::time::Duration;
use std::process::Stdio;

use wellspring_core::{
    AccessToken, Epoch, Generation, Granted, LoginReason, Record, RefreshToken, SessionState, TokenError,
    TokenResponse, UnixTime,
};
use wellspring_simulator::{Endpoint, Fault, Simulator};

use crate::command::{Folder, Ran, eventually, profiles};
use crate::login;
use crate::stored::{Stage, stage};
use crate::token::signed_in;

const TRANSPORTS: [&str; 2] = ["async", "blocking"];
const STORES: [&str; 2] = ["file:tokens", "sqlite:wellspring.db"];

/// A store that holds an expired token and the refresh token of a sign-in.
fn expired(url: &str) -> Stage {
    let stage = stage(url);
    let refresh_token = signed_in(&stage.simulator, "http://127.0.0.1/callback");
    let response = TokenResponse::new(AccessToken::new("an-expired-token"))
        .with_lifetime(Duration::from_secs(7_200))
        .with_refresh_token(RefreshToken::new(refresh_token));
    let sent = UnixTime::after_epoch(stage.simulator.clock().now()).minus(Duration::from_secs(8_000));
    stage.put(&Record::new(
        Epoch::new(1),
        Generation::new(1),
        SessionState::Active(Granted::new(sent, response)),
    ));
    stage
}

/// Runs the command in this number of processes at once, on both transports.
fn at_once(folder: &Folder, profile: &str, processes: usize) -> Vec<Ran> {
    let start = |transport: &&str| {
        let mut command = folder.command(&["token", profile, "--transport", transport]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let running: Vec<_> = TRANSPORTS.iter().cycle().take(processes).map(start).collect();
    running.into_iter().map(|child| Ran::from(child.wait_with_output().unwrap())).collect()
}

#[test]
fn processes_that_need_one_token_at_once_make_one_exchange() {
    for url in STORES {
        let stage = expired(url);
        let before = stage.simulator.asked(Endpoint::Token);
        // Long enough for all processes to find the lease.
        stage.simulator.configure(|config| config.latency = Duration::from_millis(500));
        let all = at_once(&stage.folder, "user", 8);
        for ran in &all {
            assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{url}");
            assert_eq!(ran.stdout, all[0].stdout, "{url}");
        }
        assert_eq!(stage.simulator.asked(Endpoint::RefreshGrant), 1, "{url}");
        assert_eq!(stage.simulator.asked(Endpoint::Token) - before, 1, "{url}");
        assert_eq!(stage.simulator.counters().reuses_detected, 0, "{url}");
        // The rotated refresh token is in the store.
        let lines = stage.folder.run(&["status"]).stdout;
        assert!(
            lines.contains("fresh, due in ") && lines.contains("  generation     2 of epoch 1"),
            "{lines}"
        );
    }
}

#[test]
fn a_token_that_is_due_is_printed_at_once_and_renewed_behind_the_command() {
    for (url, transport) in STORES.into_iter().zip(TRANSPORTS) {
        let stage = expired(url);
        let loaded = stage.store.load(&stage.key, Duration::from_secs(5)).unwrap();
        let mut record = loaded.stored.unwrap().record;
        let SessionState::Active(granted) = &mut record.state else { panic!("a refresh token is held") };
        // Due for one minute, and valid for four more.
        granted.obtained_at = stage.now().minus(Duration::from_secs(6_960));
        stage.put(&record);
        // The endpoint answers only after the command has ended.
        stage.simulator.fault(Endpoint::Token, Fault::parse("stall-millis=3000").unwrap());
        let ran = stage.folder.run(&["token", "user", "--transport", transport]);
        assert_eq!((ran.status, ran.stdout.as_str()), (0, "an-expired-token\n"), "{}", ran.stderr);
        let record = || stage.store.load(&stage.key, Duration::from_secs(5)).unwrap().stored.unwrap().record;
        assert_eq!(record().generation, Generation::new(1), "{transport}: the command does not wait");
        let renewed = || record().generation == Generation::new(2) && record().lease.is_none();
        assert!(eventually(renewed), "{transport}: the renewal goes on");
        assert_eq!(stage.simulator.asked(Endpoint::RefreshGrant), 1);
        let ran = stage.folder.run(&["token", "user", "--transport", transport]);
        assert_ne!(ran.stdout, "an-expired-token\n", "{transport}");
    }
}

#[test]
fn a_due_token_is_printed_while_its_endpoint_hangs_and_again_by_the_next_command() {
    for (url, transport) in STORES.into_iter().zip(TRANSPORTS) {
        let stage = expired(url);
        let mut record = stage.store.load(&stage.key, Duration::from_secs(5)).unwrap().stored.unwrap().record;
        let SessionState::Active(granted) = &mut record.state else { panic!("a refresh token is held") };
        granted.obtained_at = stage.now().minus(Duration::from_secs(6_960));
        stage.put(&record);
        stage.simulator.fault(Endpoint::Token, Fault::parse("silence-before").unwrap());
        for _ in 0..2 {
            // `$( )` waits for the process and for each holder of its standard output.
            let ran = stage.folder.run(&["token", "user", "--transport", transport]);
            assert_eq!((ran.status, ran.stdout.as_str()), (0, "an-expired-token\n"), "{}", ran.stderr);
            assert!(eventually(|| stage.simulator.asked(Endpoint::RefreshGrant) > 0));
        }
        assert_eq!(stage.simulator.asked(Endpoint::RefreshGrant), 1, "{transport}: one renewal is under way");
    }
}

#[test]
fn one_exchange_of_the_credentials_serves_all_processes() {
    for url in STORES {
        let simulator = Simulator::start().unwrap();
        let folder = Folder::with(&format!("[store]\nurl = \"{url}\"\n{}", profiles(&simulator)));
        for profile in ["shop", "app", "chain"] {
            let before = simulator.asked(Endpoint::Token);
            let first = folder.run(&["token", profile]);
            assert_eq!((first.status, first.stderr.as_str()), (0, ""), "{profile}");
            for transport in TRANSPORTS {
                let ran = folder.run(&["token", profile, "--transport", transport]);
                assert_eq!((ran.status, ran.stdout.as_str()), (0, first.stdout.as_str()), "{profile}");
            }
            assert_eq!(simulator.asked(Endpoint::Token) - before, 1, "{url} {profile}");
        }
    }
}

#[test]
fn a_401_renews_for_all_processes() {
    for (url, transport) in STORES.into_iter().zip(TRANSPORTS) {
        let stage = expired(url);
        let first = stage.folder.run(&["token", "user", "--transport", transport]);
        stage.simulator.revoke_access_tokens();
        let userinfo = format!("{}/api/oauth2/userinfo", stage.simulator.url());
        let ran = stage.folder.run(&["call", "user", "GET", &userinfo, "--transport", transport]);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
        let second = stage.folder.run(&["token", "user", "--transport", transport]);
        assert!(second.status == 0 && first.stdout != second.stdout);
        assert_eq!(stage.simulator.asked(Endpoint::RefreshGrant), 2);
    }
}

#[test]
fn after_a_logout_no_process_has_the_session_and_a_sign_in_brings_a_new_one() {
    for (url, transport) in STORES.into_iter().zip(TRANSPORTS) {
        let stage = expired(url);
        let on = ["--transport", transport];
        let run = |arguments: &[&str]| stage.folder.run(&[arguments, &on].concat());
        assert_eq!(run(&["token", "user"]).status, 0);
        let ran = run(&["logout", "user"]);
        assert_eq!((ran.status, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
        assert_eq!(ran.stderr, "wellspring: user is logged out, here and at the server\n");
        assert_eq!(stage.simulator.asked(Endpoint::Revocation), 1);
        let asked = stage.simulator.asked(Endpoint::Token);
        for transport in TRANSPORTS {
            let ran = stage.folder.run(&["token", "user", "--transport", transport]);
            assert_eq!((ran.status, ran.stdout.as_str()), (3, ""));
            assert_eq!(
                ran.stderr,
                format!(
                    "wellspring: {}; sign in again with `wellspring login user` if you want a session\n",
                    TokenError::login_required(LoginReason::LoggedOut)
                )
            );
        }
        assert_eq!(stage.simulator.asked(Endpoint::Token), asked);
        let login = login::Login::start(&stage.folder, &on);
        stage.simulator.configure(|config| {
            config.app.clients[0].redirect_uris = vec![login.redirect_uri()];
        });
        assert!(login::agree(&login).1.contains("You are signed in"));
        assert_eq!(login.end().status, 0);
        assert_eq!(run(&["token", "user"]).status, 0);
    }
}

#[test]
fn a_logout_of_a_profile_with_credentials_lasts_until_the_next_login() {
    for (url, transport) in STORES.into_iter().zip(TRANSPORTS) {
        let simulator = Simulator::start().unwrap();
        let folder = Folder::with(&format!("[store]\nurl = \"{url}\"\n{}", profiles(&simulator)));
        let on = ["--transport", transport];
        let run = |arguments: &[&str]| folder.run(&[arguments, &on].concat());
        for profile in ["shop", "chain"] {
            assert_eq!(run(&["token", profile]).status, 0);
            let ran = run(&["logout", profile]);
            assert_eq!(ran.status, 0, "{}", ran.stderr);
            assert!(
                ran.stderr.starts_with(&format!("wellspring: {profile} is logged out")),
                "{}",
                ran.stderr
            );
            assert_eq!(run(&["token", profile]).status, 3, "{profile}");
            let ran = run(&["login", profile]);
            assert_eq!((ran.status, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
            assert!(ran.stderr.contains(&format!("signed in; {profile} has a token for ")), "{}", ran.stderr);
            assert_eq!(run(&["token", profile]).status, 0, "{profile}");
        }
    }
}

#[test]
fn a_login_moves_the_profiles_refresh_token_into_the_store() {
    for (url, transport) in STORES.into_iter().zip(TRANSPORTS) {
        let (simulator, folder) = login::stage("http://127.0.0.1/callback", url);
        let text = std::fs::read_to_string(folder.path().join("wellspring.toml")).unwrap();
        folder.write("refresh.txt", &signed_in(&simulator, "http://127.0.0.1/callback"));
        folder.write("wellspring.toml", &format!("{text}refresh_token = {{ file = \"refresh.txt\" }}\n"));
        let ran = folder.run(&["token", "user", "--transport", transport]);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
        assert!(
            ran.stderr.contains(
                "has a `refresh_token` and a store, so the two would diverge: run `wellspring login user`"
            ),
            "{}",
            ran.stderr
        );
        let ran = folder.run(&["login", "user", "--transport", transport]);
        assert_eq!((ran.status, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
        assert!(ran.stderr.contains("remove it from the profile"), "{}", ran.stderr);
        folder.write("wellspring.toml", &text);
        assert_eq!(folder.run(&["token", "user", "--transport", transport]).status, 0);
        assert_eq!(simulator.asked(Endpoint::RefreshGrant), 1);
    }
}

#[test]
fn no_command_of_a_session_shows_a_secret_at_the_finest_log_level() {
    for (url, transport) in STORES.into_iter().zip(TRANSPORTS) {
        let (simulator, folder) = login::stage("http://127.0.0.1/callback", url);
        let command = |arguments: &[&str]| {
            let mut command = folder.command(arguments);
            command.env("RUST_LOG", "trace");
            command
        };
        let login = ["login", "user", "--no-browser", "--transport", transport];
        let login = login::Login::of(&mut command(&login));
        let mut secrets = vec![login.parameter("state").unwrap(), "secret_xyz789uvw012".to_owned()];
        simulator.configure(|config| config.app.clients[0].redirect_uris = vec![login.redirect_uri()]);
        login::agree(&login);
        let mut output = login.end().stderr;
        let userinfo = format!("{}/api/oauth2/userinfo", simulator.url());
        for arguments in [
            &["token", "user", "--transport", transport][..],
            &["call", "user", "GET", &userinfo, "--transport", transport],
            &["status"],
            &["status", "--format", "json"],
            &["doctor"],
            &["logout", "user", "--transport", transport],
            &["token", "user", "--transport", transport],
        ] {
            let ran = Ran::of(&mut command(arguments));
            output.push_str(&ran.stderr);
            if arguments[0] == "token" {
                secrets.extend(Some(ran.stdout.trim_end().to_owned()).filter(|token| !token.is_empty()));
            } else {
                output.push_str(&ran.stdout);
            }
        }
        for request in simulator.received(Endpoint::Any) {
            let named = ["client_secret", "refresh_token", "code", "code_verifier", "token"];
            let form = request.form().into_iter().filter(|(name, _)| named.contains(&name.as_str()));
            secrets.extend(form.map(|(_, value)| value));
        }
        assert!(secrets.len() >= 6, "{secrets:?}");
        for secret in secrets {
            assert!(!output.contains(&secret), "{secret} in {output}");
        }
        // Basic authentication.
        assert!(!output.contains("Y2xpZW50X2FiYzEyM2RlZjQ1Njpz"), "{output}");
    }
}
