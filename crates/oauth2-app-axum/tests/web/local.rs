//! A site without a socket: its router, its clock, and browsers that keep its cookies.

use core::time::Duration;
use std::collections::BTreeMap;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::routing::get;
use http::{Request, Response};
use oauth2_app::{App, AppBuilder};
use oauth2_app_axum::{Builder, MemorySessions, SignedIn, WebLogin};
use tower_service::Service as _;
use wellspring_store::{MemoryStore, Records};
use wellspring_transport::{Clock, ManualClock};
use wellspring_transport_async::{TokenPool, TokenSource};

use crate::double::Double;

pub(crate) const SITE: &str = "https://site.example";

pub(crate) struct Local {
    pub(crate) router: Router,
    pub(crate) login: WebLogin,
    pub(crate) server: Double,
    pub(crate) clock: ManualClock,
    pub(crate) pool: TokenPool,
}

/// What this site and another process of it share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) sessions: MemorySessions,
    pub(crate) server: Double,
    pub(crate) clock: ManualClock,
    store: std::sync::Arc<Records<MemoryStore>>,
}

impl Shared {
    pub(crate) fn new() -> Self {
        let clock = Clock::manual(Clock::system().now().unix.as_secs());
        let sessions = MemorySessions::default().clock(&clock);
        Self { sessions, server: Double::default(), clock, store: std::sync::Arc::new(MemoryStore::open()) }
    }

    /// One process of the site.
    pub(crate) fn process(
        &self,
        app: impl FnOnce(AppBuilder) -> AppBuilder,
        login: impl FnOnce(Builder) -> Builder,
        handlers: Router,
    ) -> Local {
        let app = app(app_of(&format!("{SITE}/oauth/callback"))).build().unwrap();
        let pool = self.pool(&app);
        let builder = WebLogin::builder(app, pool.clone()).sessions(self.sessions.clone()).clock(&self.clock);
        let login = login(builder).build().unwrap();
        let handlers = handlers
            .route("/who", get(async |user: SignedIn| user.user_id().unwrap_or("no id").to_owned()))
            .route("/key", get(async |user: SignedIn| user.user().to_owned()))
            .route("/mine", get(async |_: SignedIn| "mine"));
        let router = login.router(handlers);
        Local { router, login, server: self.server.clone(), clock: self.clock.clone(), pool }
    }

    pub(crate) fn pool(&self, app: &App) -> TokenPool {
        let (users, tokens) = (app.clone(), TokenSource::builder(app.clone()));
        let tokens = tokens.transport(self.server.clone()).clock(&self.clock).store(self.store.clone());
        tokens.pool(move |user| users.for_user(user)).unwrap()
    }
}

/// An app of the test's server.
pub(crate) fn app_of(redirect_uri: &str) -> AppBuilder {
    App::builder()
        .authorize_url("https://server.example/authorize")
        .token_url("https://server.example/token")
        .userinfo_url("https://server.example/userinfo")
        .revocation_url("https://server.example/revoke")
        .client_id("client")
        .client_secret("canary-client-secret")
        .redirect_uri(redirect_uri)
}

impl Local {
    pub(crate) fn start() -> Self {
        Self::with(|login| login)
    }

    pub(crate) fn with(login: impl FnOnce(Builder) -> Builder) -> Self {
        Shared::new().process(|app| app, login, Router::new())
    }

    /// Signs this browser in.
    pub(crate) async fn sign_in(&self, jar: &mut Jar) {
        let state = self.started(jar, "").await;
        let back = jar.get(self, &callback(&state, "code")).await;
        assert_eq!(back.location(), "/?login=success");
    }

    /// Starts a sign-in, and returns its state.
    pub(crate) async fn started(&self, jar: &mut Jar, query: &str) -> String {
        let away = jar.get(self, &format!("/auth/oauth/start{query}")).await;
        assert!(away.location().starts_with("https://server.example/authorize?"), "{away:?}");
        away.parameter("state")
    }

    /// Waits until the site has asked this of the server so many times.
    pub(crate) async fn asked(&self, path: &str, times: usize) {
        until(|| self.server.count(path) == times).await;
    }
}

/// Waits for a condition, with a bound that only a hung test reaches.
pub(crate) async fn until(holds: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it does not come");
}

/// Lets all tasks of this runtime run until they wait. None of them waits for a socket.
pub(crate) async fn settle() {
    for _ in 0..500 {
        tokio::task::yield_now().await;
    }
}

/// A callback with these parameters.
pub(crate) fn callback(state: &str, code: &str) -> String {
    format!("/oauth/callback?code={code}&state={state}")
}

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: http::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn location(&self) -> &str {
        self.header("location").unwrap_or_else(|| panic!("no redirect: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn cookies(&self) -> Vec<&str> {
        self.head.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect()
    }

    /// A parameter of the redirect's query.
    pub(crate) fn parameter(&self, name: &str) -> String {
        let query = self.location().split_once('?').map_or("", |(_, query)| query);
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let value = pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned());
        value.unwrap_or_else(|| panic!("no {name}: {}", self.location()))
    }
}

/// A browser's cookies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Jar(pub(crate) BTreeMap<String, String>);

impl Jar {
    pub(crate) async fn get(&mut self, site: &Local, path: &str) -> Answer {
        self.ask(site, "GET", path, &[("accept", "text/html")]).await
    }

    pub(crate) async fn fetch(&mut self, site: &Local, path: &str) -> Answer {
        self.ask(site, "GET", path, &[("accept", "application/json")]).await
    }

    pub(crate) async fn post(&mut self, site: &Local, path: &str) -> Answer {
        self.ask(site, "POST", path, &[("sec-fetch-site", "same-origin")]).await
    }

    pub(crate) async fn ask(
        &mut self,
        site: &Local,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let request = self.request(method, path, headers);
        self.send(&mut site.router.clone(), request).await
    }

    pub(crate) fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
        let cookies: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::builder().method(method).uri(path);
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::empty()).unwrap()
    }

    /// Sends a request, and keeps the cookies of its answer.
    pub(crate) async fn send(&mut self, router: &mut Router, request: Request<Body>) -> Answer {
        let answer: Response<Body> = router.call(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
        let answer = Answer { status: head.status.as_u16(), head: head.headers, body };
        for cookie in answer.cookies() {
            let (pair, attributes) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    /// The cookies of pending sign-ins.
    pub(crate) fn pending(&self, site: &Local) -> usize {
        let start = format!("{}-", site.login.cookie_name());
        self.0.keys().filter(|name| name.starts_with(&start)).count()
    }
}
