//! A site without a socket, and browsers that keep its cookies.

use core::time::Duration;
use std::collections::BTreeMap;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::routing::get;
use http::Request;
use oauth2_app::{App, AppBuilder};
use oauth2_app_axum::{Builder, MemorySessions, SignedIn, WebLogin};
use tokio::task::JoinHandle;
use tower_service::Service as _;
use wellspring_store::MemoryStore;
use wellspring_transport::{Clock, ManualClock};
use wellspring_transport_async::TokenSource;

use crate::server::{ISSUER, Server};

#[derive(Clone)]
pub(crate) struct Site {
    router: Router,
    pub(crate) server: Server,
    pub(crate) clock: ManualClock,
}

impl Site {
    pub(crate) fn of(
        server: Server,
        app: impl FnOnce(AppBuilder) -> AppBuilder,
        login: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        Self::build(server, |builder| app(builder.jwks_url(format!("{ISSUER}/jwks"))), login)
    }

    pub(crate) fn without_keys(server: Server, login: impl FnOnce(Builder) -> Builder) -> Self {
        Self::build(server, |app| app, login)
    }

    fn build(
        server: Server,
        app: impl FnOnce(AppBuilder) -> AppBuilder,
        login: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let clock = Clock::manual(1_800_000_000);
        let builder = App::builder()
            .issuer(ISSUER)
            .authorize_url(format!("{ISSUER}/authorize"))
            .token_url(format!("{ISSUER}/token"))
            .userinfo_url(format!("{ISSUER}/userinfo"))
            .client_id("client")
            .client_secret("canary-client-secret")
            .redirect_uri("https://site.example/oauth/callback")
            .scopes(["openid", "email"]);
        let app = app(builder).build().unwrap();
        let users = app.clone();
        let tokens = TokenSource::builder(app.clone()).transport(server.clone()).clock(&clock);
        let pool = tokens.store(MemoryStore::open()).pool(move |user| users.for_user(user)).unwrap();
        let sessions = MemorySessions::default().clock(&clock);
        let login = login(WebLogin::builder(app, pool).sessions(sessions).clock(&clock)).build().unwrap();
        let who = async |user: SignedIn| {
            format!("{} {}", user.subject().unwrap_or("no subject"), user.user_id().unwrap_or("no id"))
        };
        Self { router: login.router(Router::new().route("/who", get(who))), server, clock }
    }

    pub(crate) fn now(&self) -> u64 {
        Clock::from(&self.clock).now().unix.as_secs()
    }

    /// The number of tasks that wait for the clock.
    pub(crate) fn waits(&self) -> usize {
        Clock::from(&self.clock).notify().unwrap().waiting()
    }

    /// Signs in, and returns where the callback sends the browser.
    pub(crate) async fn sign_in(&self, browser: &mut Browser, query: &str) -> String {
        let away = browser.get(self, &format!("/auth/oauth/start{query}")).await;
        let parameter = |name: &str| {
            let (_, query) = away.location.split_once('?').unwrap();
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned()).unwrap_or_default()
        };
        self.server.authorizes(&parameter("nonce"), self.now());
        browser.get(self, &format!("/oauth/callback?code=c&state={}", parameter("state"))).await.location
    }

    /// The same in a task, in a browser of its own.
    pub(crate) fn begin_sign_in(&self) -> JoinHandle<String> {
        let site = self.clone();
        tokio::spawn(async move { site.sign_in(&mut Browser::default(), "").await })
    }

    /// Waits for a condition, with a bound that only a hung test reaches.
    pub(crate) async fn until(&self, holds: impl Fn() -> bool) {
        for _ in 0..6_000 {
            if holds() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it does not come");
    }
}

/// A browser's cookies.
#[derive(Default)]
pub(crate) struct Browser(BTreeMap<String, String>);

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: String,
    pub(crate) body: String,
}

impl Browser {
    pub(crate) async fn get(&mut self, site: &Site, path: &str) -> Answer {
        let cookies: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::get(path).header("host", "site.example").header("accept", "application/json");
        let request = request.header("cookie", cookies.join("; ")).body(Body::empty()).unwrap();
        let (head, body) = site.router.clone().call(request).await.unwrap().into_parts();
        for cookie in head.headers.get_all("set-cookie") {
            let (pair, attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
        let location = head.headers.get("location").map(|value| value.to_str().unwrap().to_owned());
        let body = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
        Answer { status: head.status.as_u16(), location: location.unwrap_or_default(), body }
    }
}
