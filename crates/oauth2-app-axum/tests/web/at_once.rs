//! Concurrency and interruptions: tabs, handlers, browsers that disconnect, a session store that fails.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::routing::get;
use oauth2_app::AppBuilder;
use oauth2_app_axum::{MemorySessions, SignedIn, WebLogin};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tower_service::Service as _;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use tower_sessions::{Session, SessionStore};
use wellspring_simulator::{Endpoint, Fault};
use wellspring_store::MemoryStore;
use wellspring_store::contract::Folder;
use wellspring_store_sqlite::SqliteStore;
use wellspring_transport::Clock;

use crate::browser::Browser;
use crate::site::Site;

fn revoking(url: &str, app: AppBuilder) -> AppBuilder {
    app.revocation_url(format!("{url}/api/oauth2/revoke"))
}

/// Waits for a condition.
async fn until(holds: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it does not come");
}

#[tokio::test]
async fn a_handler_that_writes_its_session_late_does_not_undo_a_logout() {
    let (here, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (is_here, may_go_on) = (Arc::clone(&here), Arc::clone(&go_on));
    let slow = get(move |_: SignedIn, session: Session| async move {
        session.insert_value("cart", 1.into()).await.unwrap();
        is_here.notify_one();
        may_go_on.notified().await;
    });
    let routes = |login: &WebLogin, own: axum::Router| login.router(own.route("/slow", slow));
    let site = Site::routed(MemoryStore::open(), |_, app| app, |login| login, routes).await;
    let mut browser = site.signed_in().await;
    let (mut tab, url) = (browser.clone(), site.at("/slow"));
    let writing = tokio::spawn(async move {
        assert_eq!(tab.fetch(&url).await.status, 200);
        tab
    });
    here.notified().await;
    assert_eq!(browser.post(&site.at("/auth/logout")).await.location(), "/?logout=success");
    go_on.notify_one();
    let mut tab = writing.await.unwrap();
    assert!(!tab.cookies.is_empty(), "the handler has written the session again");
    assert_eq!(tab.fetch(&site.at("/who")).await.status, 401, "and no user is signed in");
}

#[tokio::test]
async fn of_two_concurrent_callbacks_the_later_one_wins_and_the_other_is_signed_out() {
    let site = Site::of(revoking, |login| login).await;
    let mut browser = Browser::default();
    let one = browser.sent_back(&site.at("/auth/oauth/start")).await;
    let other = browser.sent_back(&site.at("/auth/oauth/start")).await;
    site.simulator.configure(|config| config.latency = Duration::from_millis(100));
    let (mut first, mut second) = (browser.clone(), browser);
    let (one, other) = tokio::join!(first.get(&one), second.get(&other));
    assert_eq!([one.location(), other.location()], ["/?login=success"; 2]);
    site.simulator.configure(|config| config.latency = Duration::ZERO);
    assert_eq!(site.simulator.asked(Endpoint::Revocation), 1);
    let mut signed_in = Vec::new();
    for mut tab in [first, second] {
        if tab.fetch(&site.at("/who")).await.status == 200 {
            signed_in.push(tab);
        }
    }
    let [mut tab] = <[_; 1]>::try_from(signed_in).unwrap();
    tab.post(&site.at("/auth/logout")).await;
    assert_eq!(site.simulator.asked(Endpoint::Revocation), 2);
}

#[tokio::test]
async fn a_second_start_does_not_write_the_session() {
    let clock = Clock::manual(Clock::system().now().unix.as_secs());
    let sessions = MemorySessions::default();
    let site = Site::of(|_, app| app, |login| login.sessions(sessions).clock(clock.clone())).await;
    let mut browser = Browser::default();
    let start = site.at("/auth/oauth/start");
    assert!(browser.get(&start).await.header("set-cookie").is_some());
    // If this answer set the cookie, it could arrive after a callback's answer and sign the browser out.
    assert!(browser.get(&start).await.header("set-cookie").is_none());
    clock.advance(Duration::from_secs(601));
    let callback = browser.sent_back(&start).await;
    assert!(
        browser.seen[2].1.header("set-cookie").is_some(),
        "the session must last as long as its last pending sign-in"
    );
    assert_eq!(browser.get(&callback).await.location(), "/?login=success");
    assert!(browser.get(&start).await.header("set-cookie").is_none());
}

/// Loads this URL, and disconnects when the condition holds.
async fn disconnect(browser: &Browser, url: &str, holds: impl Fn() -> bool) {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let cookie = format!("session={}", browser.cookies["session"]);
    let head = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n");
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
    until(holds).await;
}

#[tokio::test]
async fn a_browser_that_disconnects_during_the_callback_leaves_no_tokens() {
    let site = Site::of(revoking, |login| login).await;
    let mut browser = Browser::default();
    let callback = browser.sent_back(&site.at("/auth/oauth/start")).await;
    site.simulator.configure(|config| config.latency = Duration::from_secs(2));
    disconnect(&browser, &callback, || site.simulator.asked(Endpoint::CodeGrant) == 1).await;
    site.simulator.configure(|config| config.latency = Duration::ZERO);
    until(|| site.simulator.asked(Endpoint::Revocation) == 1).await;
    assert_eq!(browser.fetch(&site.at("/who")).await.status, 401);
}

#[tokio::test]
async fn a_browser_that_disconnects_while_its_previous_sign_in_is_revoked_leaves_no_tokens() {
    let site = Site::of(revoking, |login| login).await;
    let mut browser = site.signed_in().await;
    let callback = browser.sent_back(&site.at("/auth/oauth/start")).await;
    site.simulator.configure(|config| config.latency = Duration::from_secs(2));
    disconnect(&browser, &callback, || site.simulator.asked(Endpoint::Revocation) == 1).await;
    site.simulator.configure(|config| config.latency = Duration::ZERO);
    until(|| site.simulator.asked(Endpoint::Revocation) == 2).await;
    assert_eq!(browser.fetch(&site.at("/who")).await.status, 401);
}

#[tokio::test]
async fn a_forged_code_leaves_nothing_in_the_store() {
    let folder = Folder::new();
    let store = SqliteStore::open(folder.path().join("tokens.db")).unwrap();
    let site = Site::over(store, revoking, |login| login).await;
    site.signed_in().await;
    let written = || std::fs::metadata(folder.path().join("tokens.db-wal")).unwrap().len();
    let before = written();
    for n in 0..20 {
        let mut browser = Browser::default();
        let callback = browser.sent_back(&site.at("/auth/oauth/start")).await;
        let made_up = callback.replace("code=", &format!("code=made-up-{n}-"));
        assert_eq!(browser.get(&made_up).await.location(), "/?error=server_error");
    }
    // A record of the forged code would be written before the answer to this later request.
    site.signed_in().await;
    let one_sign_in = written() - before;
    assert!(before > one_sign_in / 2 && one_sign_in < before * 2, "{before}, then {one_sign_in}");
}

#[tokio::test]
async fn if_a_sign_in_cannot_be_stored_the_previous_one_is_ended_or_stays() {
    for (moment, still) in [(Moment::TheSession, 401), (Moment::TheSignIn, 200)] {
        let sessions = Moody::default();
        let (store, fails) = (sessions.clone(), Arc::clone(&sessions.fails));
        let site = Site::of(revoking, |login| login.sessions(store)).await;
        let mut browser = site.signed_in().await;
        let callback = browser.sent_back(&site.at("/auth/oauth/start")).await;
        *fails.lock().unwrap() = Some(moment);
        assert_eq!(browser.get(&callback).await.location(), "/?error=server_error", "{moment:?}");
        *fails.lock().unwrap() = None;
        // The new tokens always, and the old ones if no session refers to them any more.
        let ended = if still == 200 { 1 } else { 2 };
        until(|| site.simulator.asked(Endpoint::Revocation) == ended).await;
        assert_eq!(browser.fetch(&site.at("/who")).await.status, still, "{moment:?}");
    }
}

#[tokio::test]
async fn a_logout_completes_after_its_browser_has_disconnected() {
    let sessions = Moody::default();
    let (store, mut router) = (sessions.clone(), None);
    let site = Site::routed(
        MemoryStore::open(),
        revoking,
        |login| login.sessions(store),
        |login, own| router.insert(login.router(own)).clone(),
    )
    .await;
    let mut browser = site.signed_in().await;
    let cookie = format!("session={}", browser.cookies["session"]);
    let logout = http::Request::post("/auth/logout").header("cookie", cookie);
    sessions.deletes.store(true, Ordering::SeqCst);
    let answer = router.unwrap().call(logout.body(axum::body::Body::empty()).unwrap());
    // Up to here; then the browser disconnects.
    tokio::select! {
        answer = answer => panic!("it is not asked to wait: {answer:?}"),
        () = until(|| sessions.waiting.load(Ordering::SeqCst)) => {}
    }
    sessions.deletes.store(false, Ordering::SeqCst);
    sessions.go_on.notify_waiters();
    until(|| site.simulator.asked(Endpoint::Revocation) == 1).await;
    assert_eq!(browser.fetch(&site.at("/who")).await.status, 401);
}

#[tokio::test]
async fn sessions_that_cannot_be_read_are_an_outage_and_sign_no_user_in_or_out() {
    let sessions = Moody::default();
    let (store, down) = (sessions.clone(), Arc::clone(&sessions.down));
    let site = Site::of(revoking, |login| login.sessions(store)).await;
    let mut browser = site.signed_in().await;
    down.store(true, Ordering::SeqCst);
    for path in ["/api/user/info", "/api/user/topup", "/who"] {
        let answer = browser.fetch(&site.at(path)).await;
        assert_eq!((answer.status, answer.body.as_str()), (500, r#"{"error":"Server error"}"#), "{path}");
    }
    let page = browser.get(&site.at("/")).await;
    assert!(page.status == 200 && page.body.contains(">The server cannot be reached"), "{}", page.body);
    for path in ["/api/user/topup", "/auth/oauth/start", "/oauth/callback?code=c&state=s"] {
        assert_eq!(browser.get(&site.at(path)).await.location(), "/?error=server_error", "{path}");
    }
    // A failed logout is not reported as a success.
    assert_eq!(browser.post(&site.at("/auth/logout")).await.location(), "/?error=server_error");
    down.store(false, Ordering::SeqCst);
    assert_eq!(site.simulator.asked(Endpoint::Revocation), 0);
    assert_eq!(browser.fetch(&site.at("/who")).await.status, 200);
    assert_eq!(browser.post(&site.at("/auth/logout")).await.location(), "/?logout=success");
    assert_eq!(browser.fetch(&site.at("/who")).await.status, 401);
}

#[tokio::test]
async fn a_sign_in_expires_on_time_whatever_is_written_meanwhile() {
    const DAY: Duration = Duration::from_secs(86_400);
    let clock = Clock::manual(Clock::system().now().unix.as_secs());
    let own = async |_: SignedIn, session: Session| {
        let visits = session.get_value("visits").await.unwrap().and_then(|n| n.as_u64()).unwrap_or_default();
        session.insert_value("visits", (visits + 1).into()).await.unwrap();
    };
    let site = Site::routed(
        MemoryStore::open(),
        |_, app| app,
        |login| login.sessions(MemorySessions::default()).session_lifetime(DAY).clock(clock.clone()),
        |login, router| login.router(router.route("/cart", get(own))),
    )
    .await;
    let mut browser = site.signed_in().await;
    for (later, status) in
        [(DAY / 2, 200), (DAY / 2 - Duration::from_secs(1), 200), (Duration::from_secs(1), 401)]
    {
        clock.advance(later);
        assert_eq!(browser.fetch(&site.at("/cart")).await.status, status);
    }
}

#[tokio::test]
async fn without_a_refresh_token_a_logout_revokes_the_access_token() {
    let site = Site::of(revoking, |login| login).await;
    site.simulator.fault(Endpoint::CodeGrant, Fault::without("refresh_token"));
    let mut browser = site.signed_in().await;
    assert_eq!(browser.fetch(&site.at("/who")).await.status, 200);
    let call = site.simulator.received(Endpoint::Userinfo).pop().unwrap();
    assert_eq!(browser.post(&site.at("/auth/logout")).await.location(), "/?logout=success");
    assert_eq!(site.simulator.asked(Endpoint::Revocation), 1);
    let token = format!("Authorization: {}\r\n", call.header("authorization").unwrap());
    let userinfo = format!("{}/api/oauth2/userinfo", site.simulator.url());
    assert_eq!(browser.ask("GET", &userinfo, &token).await.status, 401);
}

/// A session store that can fail.
#[derive(Clone, Debug, Default)]
struct Moody {
    sessions: MemorySessions,
    /// Reading fails.
    down: Arc<AtomicBool>,
    /// Deleting waits for a permit.
    deletes: Arc<AtomicBool>,
    waiting: Arc<AtomicBool>,
    go_on: Arc<Notify>,
    /// Writing this fails.
    fails: Arc<Mutex<Option<Moment>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    TheSession,
    TheSignIn,
}

impl Moody {
    fn refuses(&self, record: &Record) -> Result<()> {
        let moment = match record.data.keys().find_map(|key| key.strip_prefix("oauth2-app.")) {
            Some("user" | "proof") => Moment::TheSignIn,
            _ if record.data.contains_key("oauth2-app.sign-in") => Moment::TheSession,
            _ => return Ok(()),
        };
        let fails = *self.fails.lock().unwrap() == Some(moment);
        if fails { Err(Error::Backend("full".to_owned())) } else { Ok(()) }
    }
}

#[async_trait]
impl SessionStore for Moody {
    async fn create(&self, record: &mut Record) -> Result<()> {
        self.refuses(record)?;
        self.sessions.create(record).await
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.refuses(record)?;
        self.sessions.save(record).await
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        if self.down.load(Ordering::SeqCst) {
            return Err(Error::Backend("down".to_owned()));
        }
        self.sessions.load(id).await
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        if self.deletes.load(Ordering::SeqCst) {
            let go_on = self.go_on.notified();
            self.waiting.store(true, Ordering::SeqCst);
            go_on.await;
        }
        self.sessions.delete(id).await
    }
}
