//! Whose token it is: two profiles of one client, records of an earlier version, a renewed certificate.

use core::time::Duration;

use wellspring_core::{
    AccessToken, Epoch, Generation, Granted, Record, RefreshToken, Scope, SessionState, Swap, TokenKey,
    TokenResponse, UnixTime,
};
use wellspring_simulator::Endpoint;

use crate::command::Ran;
use crate::stored::{Stage, stage};
use crate::token::signed_in;

const STORES: [&str; 2] = ["file:tokens", "sqlite:wellspring.db"];
const TRANSPORTS: [&str; 2] = ["async", "blocking"];
const MOMENT: Duration = Duration::from_secs(5);

/// The stage, and a second profile `home` with the same settings as the profile `user`, which stands first.
fn with_home(url: &str, more: &str) -> Stage {
    let stage = stage(url);
    let one = std::fs::read_to_string(stage.folder.path().join("wellspring.toml")).unwrap();
    let user = one.split_once("[profile.user]").unwrap().1;
    stage.folder.write("wellspring.toml", &format!("{one}{more}[profile.home]{user}{more}"));
    stage
}

/// The key under which version 0.1.0 stored the record of a profile at first: the scopes are in it, the profile is not.
fn former_key(stage: &Stage) -> TokenKey {
    TokenKey::new("oauth2-app", &format!("{}/api/oauth2/token", stage.simulator.url()))
        .client("client_abc123def456")
        .grant("authorization_code")
        .scope(&Scope::parse("profile balance"))
}

/// A session that was renewed this long ago.
fn session(stage: &Stage, access: &str, refresh: &str, ago: Duration) -> Record {
    let response = TokenResponse::new(AccessToken::new(access))
        .with_lifetime(Duration::from_secs(7_200))
        .with_refresh_token(RefreshToken::new(refresh));
    let sent = UnixTime::after_epoch(stage.simulator.clock().now()).minus(ago);
    Record::new(Epoch::new(1), Generation::new(1), SessionState::Active(Granted::new(sent, response)))
}

fn put(stage: &Stage, key: &TokenKey, record: &Record) {
    assert!(matches!(stage.store.save(key, None, record, MOMENT), Ok(Swap::Done(_))));
}

fn token(stage: &Stage, profile: &str, transport: &str) -> Ran {
    stage.folder.run(&["token", profile, "--transport", transport])
}

fn profile_key(stage: &Stage, profile: &str) -> TokenKey {
    TokenKey::new("oauth2-app", &format!("{}/api/oauth2/token", stage.simulator.url()))
        .client("client_abc123def456")
        .grant("authorization_code")
        .profile(profile)
}

#[test]
fn two_profiles_of_one_client_have_a_session_each() {
    for (url, transport) in STORES.into_iter().zip(TRANSPORTS) {
        let stage = with_home(url, "");
        for profile in ["user", "home"] {
            let access = format!("the-token-of-{profile}");
            let record = session(&stage, &access, &format!("refresh-of-{profile}"), Duration::ZERO);
            put(&stage, &profile_key(&stage, profile), &record);
        }
        for profile in ["user", "home"] {
            let ran = token(&stage, profile, transport);
            assert_eq!((ran.status, ran.stdout), (0, format!("the-token-of-{profile}\n")), "{}", ran.stderr);
        }
        assert_eq!(stage.folder.run(&["logout", "home"]).status, 0);
        assert_eq!(token(&stage, "user", transport).stdout, "the-token-of-user\n");
        assert_eq!(token(&stage, "home", transport).status, 3);
        let doctor = stage.folder.run(&["doctor"]);
        assert!(!doctor.stdout.contains("share one record"), "{}", doctor.stdout);
    }
}

#[test]
fn profiles_that_name_the_same_user_share_a_session_and_status_and_doctor_say_so() {
    let stage = with_home("file:tokens", "user = \"ann\"\n");
    let record = session(&stage, "the-token-of-ann", "refresh-of-ann", Duration::ZERO);
    let key = TokenKey::new("oauth2-app", &format!("{}/api/oauth2/token", stage.simulator.url()))
        .client("client_abc123def456")
        .grant("authorization_code")
        .user("ann");
    put(&stage, &key, &record);
    for (profile, transport) in ["user", "home"].into_iter().zip(TRANSPORTS) {
        assert_eq!(token(&stage, profile, transport).stdout, "the-token-of-ann\n");
    }
    for arguments in [&["status"][..], &["status", "user"]] {
        let status = stage.folder.run(arguments);
        assert!(status.stdout.contains("shared with    home"), "{}", status.stdout);
    }
    let json = stage.folder.run(&["status", "home", "--format", "json"]);
    assert!(json.stdout.contains("\"shared_with\":[\"user\"]"), "{}", json.stdout);
    let doctor = stage.folder.run(&["doctor"]);
    let said = "home and user share one record: a logout of one is a logout of all";
    assert!(doctor.stdout.contains(said), "{}", doctor.stdout);
}

#[test]
fn a_session_of_an_earlier_version_goes_to_the_first_profile_and_the_other_signs_in() {
    for (url, transport) in STORES.into_iter().flat_map(|url| TRANSPORTS.map(|transport| (url, transport))) {
        let stage = with_home(url, "");
        let refresh = signed_in(&stage.simulator, "http://127.0.0.1/callback");
        let record = session(&stage, "an-expired-token", &refresh, Duration::from_secs(8_000));
        put(&stage, &former_key(&stage), &record);
        let home = token(&stage, "home", transport);
        assert_eq!((home.status, home.stdout.as_str()), (3, ""), "{url} {transport}");
        let told = "wellspring: an earlier version has stored one session for the profiles user, home: user takes it over, \
                    and each other profile needs a sign-in of its own\n";
        assert!(home.stderr.starts_with(told) && home.stderr.contains("not signed in"), "{}", home.stderr);
        let user = token(&stage, "user", transport);
        assert_eq!((user.status, user.stderr.as_str()), (0, told), "{url} {transport}");
        assert_eq!(stage.simulator.asked(Endpoint::RefreshGrant), 1);
        // A program of the earlier version finds a tombstone, and sends nothing.
        let earlier = stage.store.load(&former_key(&stage), MOMENT).unwrap().stored.unwrap();
        assert!(matches!(earlier.record.state, SessionState::LoggedOut), "{url} {transport}");
        let moved = stage.store.load(&profile_key(&stage, "user"), MOMENT).unwrap().stored.unwrap();
        assert_eq!(moved.record.generation, Generation::new(2), "{url} {transport}");
        let home = token(&stage, "home", transport);
        assert_eq!((home.status, home.stderr.contains("earlier version")), (3, false), "{url} {transport}");
        let again = token(&stage, "user", transport);
        assert_eq!((again.stdout, again.stderr.as_str()), (user.stdout, ""));
        assert_eq!(stage.simulator.counters().reuses_detected, 0);
    }
}

#[test]
fn a_profile_that_asks_for_more_scopes_than_its_session_asks_for_a_sign_in() {
    let stage = stage("file:tokens");
    let record = session(&stage, "the-token", "refresh", Duration::ZERO);
    put(&stage, &former_key(&stage), &record);
    // The first save moves the record, which keeps what the sign-in asked for.
    let loaded = stage.store.load(&stage.key, MOMENT).unwrap().stored.unwrap();
    let saved = stage.store.save(&stage.key, Some(loaded.version), &loaded.record, MOMENT);
    assert!(matches!(saved, Ok(Swap::Done(_))));
    let one = std::fs::read_to_string(stage.folder.path().join("wellspring.toml")).unwrap();
    for (scopes, status) in [("\"profile\", \"balance\", \"email\"", 3), ("\"profile\"", 0)] {
        let changed = one.replace("\"profile\", \"balance\"", scopes);
        stage.folder.write("wellspring.toml", &changed);
        for transport in TRANSPORTS {
            let ran = token(&stage, "user", transport);
            assert_eq!(ran.status, status, "{}", ran.stderr);
            let said = ran.stderr.contains("without the scope email, which is needed now");
            assert_eq!(said, status == 3, "{}", ran.stderr);
        }
    }
}

#[test]
fn a_renewed_client_certificate_lifts_the_pause_after_a_refusal() {
    for transport in TRANSPORTS {
        let stage = stage("file:tokens");
        let certificate = || {
            let made = rcgen::generate_simple_self_signed(vec!["client.test".to_owned()]).unwrap();
            let pem = made.cert.pem() + &made.signing_key.serialize_pem();
            stage.folder.write("client.pem", &pem);
        };
        certificate();
        let one = std::fs::read_to_string(stage.folder.path().join("wellspring.toml")).unwrap();
        let tls = "[profile.user.tls]\nclient_certificate = \"client.pem\"\n";
        let wrong = one.replace("client_secret = \"", "client_secret = \"wrong-");
        stage.folder.write("wellspring.toml", &format!("{wrong}{tls}"));
        let refresh = signed_in(&stage.simulator, "http://127.0.0.1/callback");
        put(&stage, &stage.key, &session(&stage, "expired", &refresh, Duration::from_secs(8_000)));
        let asked = || stage.simulator.asked(Endpoint::RefreshGrant);
        let run = || assert_ne!(token(&stage, "user", transport).status, 0, "{transport}");
        run();
        assert_eq!(asked(), 1, "{transport}: the server refuses the client");
        run();
        assert_eq!(asked(), 1, "{transport}: the pause holds");
        certificate();
        run();
        assert_eq!(asked(), 2, "{transport}: another certificate is another credential");
    }
}
