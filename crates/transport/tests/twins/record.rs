//! What a stored session keeps beside its tokens: members of the response, attachments, fields of a later version.

use core::time::Duration;

use wellspring_core::{
    Attachments, ErrorKind, ExistingTokens, LoginReason, Record, Replay, Store as _, TokenKey, UnixTime,
    UnknownFields,
};

use crate::driver::transport::{Clock, ManualClock, TokenSource};
use crate::driver::{Gate, Moody, Reply, Server, Toy, code, join, spawn, twin, with_store};

const START: u64 = 1_800_000_000;
const HOUR: Duration = Duration::from_secs(3_600);
const WITHIN: Duration = Duration::from_secs(5);

/// What the next version may add to a record.
const NEXT: &str = "+next_proof 5 k\ney1\n+next_audience 3 api\n";

fn source(server: &Server, store: &Moody, clock: &ManualClock) -> TokenSource {
    let toy = Toy::at(&server.url).without_credentials().replaying(Replay::Never);
    with_store(TokenSource::builder(toy), store).clock(clock).build().unwrap()
}

fn stored(server: &Server, store: &Moody) -> Record {
    let key = TokenKey::new("toy", &server.url);
    store.load(&key, WITHIN).unwrap().stored.unwrap().record
}

/// Changes the stored record as another process would.
fn edit(server: &Server, store: &Moody, change: impl FnOnce(&mut Record)) {
    let key = TokenKey::new("toy", &server.url);
    let mut found = store.load(&key, WITHIN).unwrap().stored.unwrap();
    change(&mut found.record);
    store.save(&key, Some(found.version), &found.record, WITHIN).unwrap();
}

fn reason(kind: ErrorKind) -> Option<LoginReason> {
    if let ErrorKind::LoginRequired { reason } = kind { Some(reason) } else { None }
}

/// The first response has an ID token, the second has another region and no ID token.
fn server_with_members() -> Server {
    Server::start(|request, n| match (request.path(), n) {
        ("/token", 0) => {
            let body = r#"{"access_token":"a","expires_in":3600,"refresh_token":"r","id_token":"id-1","region":"eu"}"#;
            Reply::with(200, "", body)
        }
        _ => Reply::with(
            200,
            "",
            r#"{"access_token":"b","expires_in":3600,"refresh_token":"s","region":"us"}"#,
        ),
    })
}

#[twin::test(flavor = "multi_thread")]
async fn members_of_the_response_reach_the_token_and_survive_the_store_and_a_renewal() {
    let (server, store, clock) = (server_with_members(), Moody::new(), Clock::manual(START));
    let source_one = source(&server, &store, &clock);
    let token = source_one.sign_in(code()).await.unwrap();
    assert_eq!((token.members().expose("region"), token.id_token().unwrap().expose()), (Some("eu"), "id-1"));
    let token = source(&server, &store, &clock).token().await.unwrap();
    assert_eq!((token.members().expose("region"), token.id_token().unwrap().expose()), (Some("eu"), "id-1"));
    clock.advance(HOUR);
    for source in [source(&server, &store, &clock), source_one] {
        let token = source.token().await.unwrap();
        assert_eq!(token.expose(), "b");
        assert_eq!(token.members().expose("region"), Some("us"), "that of the latest response");
        assert_eq!(token.id_token().unwrap().expose(), "id-1", "kept: the refresh response has none");
    }
    assert_eq!(server.asked("/token"), 2);
}

#[twin::test(flavor = "multi_thread")]
async fn without_a_store_members_survive_a_renewal_and_a_new_sign_in_begins_with_its_own() {
    let (server, clock) = (server_with_members(), Clock::manual(START));
    let toy = Toy::at(&server.url).without_credentials();
    let source = TokenSource::builder(toy).clock(&clock).build().unwrap();
    source.sign_in(code()).await.unwrap();
    clock.advance(HOUR);
    assert_eq!(source.token().await.unwrap().id_token().unwrap().expose(), "id-1");
    assert_eq!(source.sign_in(code()).await.unwrap().id_token(), None);
}

#[twin::test(flavor = "multi_thread")]
async fn a_record_of_the_next_version_loses_nothing_when_this_version_renews_it() {
    let (server, store, clock) = (Server::rotating(3_600), Moody::new(), Clock::manual(START));
    let source = source(&server, &store, &clock);
    source.sign_in(code()).await.unwrap();
    edit(&server, &store, |record| record.unknown = UnknownFields::new(NEXT));
    for renewal in 2..4 {
        clock.advance(HOUR);
        assert_eq!(source.token().await.unwrap().expose(), format!("token-{renewal}"));
        assert_eq!(stored(&server, &store).unknown.expose(), NEXT, "after renewal {renewal}");
    }
    source.attach("key", b"k").await.unwrap();
    assert_eq!(stored(&server, &store).unknown.expose(), NEXT, "after an attachment");
    source.sign_in(code()).await.unwrap();
    assert!(stored(&server, &store).unknown.is_empty(), "another session");
}

#[twin::test(flavor = "multi_thread")]
async fn a_refused_renewal_keeps_what_the_record_has() {
    let server = Server::start(|_, n| match n {
        0 => Reply::with(200, "", r#"{"access_token":"a","expires_in":3600,"refresh_token":"r"}"#),
        _ => Reply::status(400),
    });
    let (store, clock) = (Moody::new(), Clock::manual(START));
    let source = source(&server, &store, &clock);
    source.sign_in(code()).await.unwrap();
    source.attach("key", b"k").await.unwrap();
    edit(&server, &store, |record| record.unknown = UnknownFields::new(NEXT));
    clock.advance(HOUR);
    assert_eq!(reason(source.token().await.unwrap_err().kind()), Some(LoginReason::Refused));
    let record = stored(&server, &store);
    assert!(record.dead.is_some());
    assert_eq!((record.unknown.expose(), record.attachments.expose("key")), (NEXT, Some(&b"k"[..])));
}

#[twin::test(flavor = "multi_thread")]
async fn what_is_attached_is_shared_and_survives_renewals_and_ends_with_the_session() {
    let (server, store, clock) = (Server::rotating(3_600), Moody::new(), Clock::manual(START));
    let (one, two) = (source(&server, &store, &clock), source(&server, &store, &clock));
    assert_eq!(reason(one.attach("a", b"x").await.unwrap_err().kind()), Some(LoginReason::NotSignedIn));
    assert!(one.attachments().await.unwrap().is_empty());
    one.sign_in(code()).await.unwrap();
    one.attach("registration", b"first").await.unwrap();
    two.attach("registration", &[0, 255, 10]).await.unwrap();
    two.attach("key", b"k").await.unwrap();
    clock.advance(HOUR);
    assert_eq!(one.token().await.unwrap().expose(), "token-2");
    let attachments = one.attachments().await.unwrap();
    assert_eq!(attachments.expose("registration"), Some(&[0, 255, 10][..]));
    one.detach("key").await.unwrap();
    one.detach("never attached").await.unwrap();
    assert_eq!(two.attachments().await.unwrap().names().collect::<Vec<_>>(), ["registration"]);
    let error = two.attach("big", &vec![7; Attachments::MAX_BYTES - 2]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
    assert_eq!(two.attachments().await.unwrap().names().count(), 1);
    two.attach("registration", &vec![7; Attachments::MAX_BYTES]).await.unwrap();
    one.sign_out().await.unwrap();
    assert!(two.attachments().await.unwrap().is_empty());
    assert_eq!(reason(one.attach("a", b"x").await.unwrap_err().kind()), Some(LoginReason::LoggedOut));
    one.sign_in(code()).await.unwrap();
    assert!(two.attachments().await.unwrap().is_empty());
}

#[twin::test(flavor = "multi_thread")]
async fn what_is_attached_during_a_renewal_is_not_lost_and_loses_no_token() {
    let gate = Gate::default();
    let server = Server::rotating_for_each(3_600, Some(gate.clone()));
    let (store, clock) = (Moody::new(), Clock::manual(START));
    let (one, two) = (source(&server, &store, &clock), source(&server, &store, &clock));
    one.sign_in(code()).await.unwrap();
    clock.advance(HOUR);
    let waiting = spawn(async move { one.token().await.unwrap().expose().to_owned() });
    gate.arrived();
    let lease = stored(&server, &store).lease.unwrap();
    two.attach("key", b"k").await.unwrap();
    assert_eq!(stored(&server, &store).lease, Some(lease), "the lease names the lock of its owner still");
    gate.open();
    assert_eq!(join(waiting).await, "token-2");
    assert_eq!(two.attachments().await.unwrap().expose("key"), Some(&b"k"[..]));
    assert_eq!(two.token().await.unwrap().expose(), "token-2");
    assert_eq!(server.asked("/token"), 2);
}

#[twin::test]
async fn without_a_store_nothing_can_be_attached() {
    let server = Server::rotating(3_600);
    let source = TokenSource::builder(Toy::at(&server.url)).build().unwrap();
    for error in
        [source.attach("a", b"x").await.unwrap_err(), source.attachments().await.map(drop).unwrap_err()]
    {
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{error}");
    }
}

fn existing() -> ExistingTokens {
    ExistingTokens::new("refresh-0").with_id_token("theirs")
}

fn until(seconds: u64) -> UnixTime {
    UnixTime::from_secs(START + seconds)
}

#[twin::test(flavor = "multi_thread")]
async fn tokens_of_another_program_are_imported_once_and_used_until_they_expire() {
    let server = Server::renewing("refresh-0");
    let (store, clock) = (Moody::new(), Clock::manual(START));
    let source_one = source(&server, &store, &clock);
    let tokens = existing().with_access_token("their-access-token", until(600));
    assert!(source_one.import(tokens.clone()).await.unwrap());
    let token = source_one.token().await.unwrap();
    assert_eq!((token.expose(), token.id_token().unwrap().expose()), ("their-access-token", "theirs"));
    assert_eq!(token.expires().unwrap().unix, until(600));
    assert!(!source_one.import(tokens.clone()).await.unwrap(), "there is a session");
    assert_eq!(server.asked("/token"), 0);
    clock.advance(Duration::from_secs(600));
    assert_eq!(source_one.token().await.unwrap().expose(), "token-1");
    // The refresh token that was imported is spent by now: another start of the program does not bring it back.
    let source_two = source(&server, &store, &clock);
    assert!(!source_two.import(tokens.clone()).await.unwrap());
    assert_eq!(source_two.token().await.unwrap().expose(), "token-1");
    source_two.sign_out().await.unwrap();
    assert!(!source(&server, &store, &clock).import(tokens).await.unwrap(), "a logout is remembered");
    assert_eq!(server.asked("/token"), 1);
}

#[twin::test(flavor = "multi_thread")]
async fn an_import_without_an_access_token_in_force_refreshes_at_the_first_use() {
    for tokens in [existing(), existing().with_access_token("expired", until(0))] {
        let server = Server::renewing("refresh-0");
        let (store, clock) = (Moody::new(), Clock::manual(START));
        let source = source(&server, &store, &clock);
        assert!(source.import(tokens).await.unwrap());
        assert_eq!(server.asked("/token"), 0);
        let token = source.token().await.unwrap();
        assert_eq!((token.expose(), token.id_token().unwrap().expose()), ("token-1", "theirs"));
    }
}

#[twin::test]
async fn without_a_store_an_import_lasts_as_long_as_the_source() {
    let (server, clock) = (Server::renewing("refresh-0"), Clock::manual(START));
    let toy = Toy::at(&server.url).without_credentials();
    let source = TokenSource::builder(toy).clock(&clock).build().unwrap();
    let tokens = existing().with_access_token("theirs", until(600));
    assert!(source.import(tokens.clone()).await.unwrap() && !source.import(tokens.clone()).await.unwrap());
    assert_eq!(source.token().await.unwrap().expose(), "theirs");
    clock.advance(Duration::from_secs(600));
    assert_eq!(source.token().await.unwrap().expose(), "token-1");
    source.sign_out().await.unwrap();
    assert!(!source.import(tokens).await.unwrap());
}

#[twin::test(flavor = "multi_thread")]
async fn an_import_that_the_store_refuses_is_an_error_and_changes_nothing() {
    let (server, store, clock) = (Server::renewing("refresh-0"), Moody::new(), Clock::manual(START));
    let source = source(&server, &store, &clock);
    store.set(|moods| &moods.refuses_loads, true);
    assert_eq!(source.import(existing()).await.unwrap_err().kind(), ErrorKind::Store);
    assert_eq!(source.attachments().await.unwrap_err().kind(), ErrorKind::Store);
    store.set(|moods| &moods.refuses_loads, false);
    assert!(source.import(existing()).await.unwrap());
    source.close(WITHIN).await.unwrap();
    assert!(source.import(existing()).await.is_err(), "closed");
}
