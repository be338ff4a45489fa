//! Concurrency and interruptions: tabs, handlers, browsers that disconnect, a session store that fails.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::sync::Arc;

use async_trait::async_trait;
use oauth2_app::AppBuilder;
use oauth2_app_axum::MemorySessions;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tower_service::Service as _;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use wellspring_simulator::{Endpoint, Fault};
use wellspring_store::MemoryStore;
use wellspring_store::contract::Folder;
use wellspring_store_sqlite::SqliteStore;
use wellspring_transport::Clock;

use crate::browser::Browser;
use crate::local::until;
use crate::site::Site;

fn revoking(url: &str, app: AppBuilder) -> AppBuilder {
    app.revocation_url(format!("{url}/api/oauth2/revoke"))
}

#[tokio::test]
async fn two_concurrent_callbacks_of_one_browser_both_sign_in_and_no_token_is_revoked() {
    let site = Site::of(revoking, |login| login).await;
    let mut browser = Browser::default();
    let one = browser.sent_back(&site.at("/auth/oauth/start")).await;
    let other = browser.sent_back(&site.at("/auth/oauth/start")).await;
    site.simulator.configure(|config| config.latency = Duration::from_millis(100));
    let (mut first, mut second) = (browser.clone(), browser);
    let (one, other) = tokio::join!(first.get(&one), second.get(&other));
    assert_eq!([one.location(), other.location()], ["/?login=success"; 2]);
    site.simulator.configure(|config| config.latency = Duration::ZERO);
    assert_eq!(site.simulator.asked(Endpoint::Revocation), 0);
    // Whichever answer sets the browser's cookie last, its user is signed in.
    for (mut tab, revoked) in [(first, 1), (second, 2)] {
        assert_eq!(tab.fetch(&site.at("/who")).await.status, 200);
        assert_eq!(tab.post(&site.at("/auth/logout")).await.location(), "/?logout=success");
        assert_eq!(site.simulator.asked(Endpoint::Revocation), revoked);
    }
}

#[tokio::test]
async fn a_browser_that_disconnects_during_the_callback_and_comes_back_is_signed_in() {
    let site = Site::of(revoking, |login| login).await;
    let mut browser = Browser::default();
    let callback = browser.sent_back(&site.at("/auth/oauth/start")).await;
    site.simulator.configure(|config| config.latency = Duration::from_secs(1));
    let (host, path) = callback.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let head = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nCookie: {}\r\n\r\n", cookies.join("; "));
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    until(|| site.simulator.asked(Endpoint::CodeGrant) == 1).await;
    drop(stream);
    site.simulator.configure(|config| config.latency = Duration::ZERO);
    assert_eq!(browser.get(&callback).await.location(), "/?login=success");
    assert_eq!(site.simulator.asked(Endpoint::CodeGrant), 1);
    assert_eq!(site.simulator.asked(Endpoint::Revocation), 0);
    assert_eq!(browser.fetch(&site.at("/who")).await.status, 200);
}

#[tokio::test]
async fn a_sign_in_that_cannot_be_stored_leaves_the_previous_one_as_it_was() {
    let sessions = Moody::default();
    let (store, fails) = (sessions.clone(), Arc::clone(&sessions.fails));
    let site = Site::of(revoking, |login| login.sessions(store)).await;
    let mut browser = site.signed_in().await;
    let callback = browser.sent_back(&site.at("/auth/oauth/start")).await;
    fails.store(true, Ordering::SeqCst);
    assert_eq!(browser.get(&callback).await.location(), "/?error=server_error");
    fails.store(false, Ordering::SeqCst);
    assert_eq!(site.simulator.asked(Endpoint::Revocation), 0);
    assert_eq!(browser.fetch(&site.at("/who")).await.status, 200);
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
    let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let logout = http::Request::post("/auth/logout").header("cookie", cookies.join("; "));
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
async fn a_sign_in_expires_on_time_whatever_is_requested_meanwhile() {
    const DAY: Duration = Duration::from_secs(86_400);
    let clock = Clock::manual(Clock::system().now().unix.as_secs());
    let login = |login: oauth2_app_axum::Builder| {
        login.sessions(MemorySessions::default()).session_lifetime(DAY).clock(clock.clone())
    };
    let site = Site::of(|_, app| app, login).await;
    let mut browser = site.signed_in().await;
    assert!(browser.seen.iter().any(|(_, page)| page.head.contains("; Max-Age=86400")), "{browser:?}");
    for (later, status) in
        [(DAY / 2, 200), (DAY / 2 - Duration::from_secs(1), 200), (Duration::from_secs(1), 401)]
    {
        clock.advance(later);
        assert_eq!(browser.fetch(&site.at("/who")).await.status, status);
    }
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
    /// Writing a session fails.
    fails: Arc<AtomicBool>,
}

#[async_trait]
impl SessionStore for Moody {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let is_session = record.data.values().any(|data| data.get("user").is_some());
        if is_session && self.fails.load(Ordering::SeqCst) {
            return Err(Error::Backend("full".to_owned()));
        }
        self.sessions.create(record).await
    }

    async fn save(&self, record: &Record) -> Result<()> {
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
