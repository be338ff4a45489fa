//! A way to sign in, as a browser sees it, and this router as one.

use core::cell::RefCell;

use oauth2_app::aihubmix::{self, TopUp};
use oauth2_app_axum::WebLogin;
use oauth2_app_axum::aihubmix::{account_page, topup_router};
use tokio::net::TcpListener;
use wellspring_simulator::{Endpoint, OauthClient, Simulator};
use wellspring_store::MemoryStore;
use wellspring_transport::{Clock, ManualClock};
use wellspring_transport_async::TokenSource;

use crate::browser::{Browser, Page};
use crate::site::{CLIENT, SECRET};

/// The result of a request for the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    Shown,
    SignInAgain,
    ServerDown,
}

/// A way to sign in, with one browser.
pub(crate) trait Way {
    /// The authorization server.
    fn simulator(&self) -> &Simulator;
    /// Starts a sign-in, and returns the authorization URL.
    async fn starts(&self) -> String;
    /// Loads the callback with this query, and returns what the user then sees, as markup.
    async fn comes_back(&self, query: &str) -> String;
    /// Requests the user info.
    async fn asks(&self) -> User;
    /// The page for a top-up.
    async fn tops_up(&self) -> Option<String>;
    /// The URLs of the shown pages.
    fn shown(&self) -> Vec<String>;
    /// Everything that the browser keeps.
    fn held(&self) -> String;
}

/// The query of the callback from the server.
pub(crate) async fn allowed(way: &impl Way) -> String {
    let away = Browser::default().get(&way.starts().await).await;
    away.location().split_once('?').unwrap().1.to_owned()
}

pub(crate) async fn signed_in<W: Way>(way: W) -> W {
    way.comes_back(&allowed(&way).await).await;
    assert_eq!(way.asks().await, User::Shown);
    way
}

/// The value of a parameter of this query or URL, not decoded.
pub(crate) fn value<'a>(url: &'a str, name: &str) -> &'a str {
    let mut pairs = url.rsplit('?').next().unwrap().split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(known, _)| *known == name).unwrap().1
}

/// The tokens and the client secret that the server has seen.
pub(crate) fn secrets(simulator: &Simulator) -> Vec<String> {
    let asked = simulator.received(Endpoint::Userinfo);
    let bearer = asked.iter().filter_map(|request| request.header("authorization")?.strip_prefix("Bearer "));
    let mut all: Vec<String> = bearer.map(str::to_owned).collect();
    for request in simulator.received(Endpoint::RefreshGrant) {
        all.extend(
            request.form().into_iter().filter(|(name, _)| name == "refresh_token").map(|(_, value)| value),
        );
    }
    all.push(SECRET.to_owned());
    all
}

/// This router.
pub(crate) struct Ours {
    simulator: Simulator,
    url: String,
    pub(crate) clock: ManualClock,
    browser: RefCell<Browser>,
}

impl Ours {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let redirect_uri = format!("{url}/oauth/callback");
        let client = OauthClient::confidential(CLIENT, SECRET, &redirect_uri);
        let simulator = Simulator::builder().client(client).start().unwrap();
        let app = aihubmix::app(simulator.url()).unwrap().client_id(CLIENT).client_secret(SECRET);
        let app = app.redirect_uri(redirect_uri).scopes(["profile", "balance"]).build().unwrap();
        let clock = Clock::manual(Clock::system().now().unix.as_secs());
        let (users, source) = (app.clone(), TokenSource::builder(app.clone()).clock(clock.clone()));
        let pool = source.store(MemoryStore::open()).pool(move |user| users.for_user(user)).unwrap();
        let login = WebLogin::builder(app, pool).clock(clock.clone()).account_page(account_page());
        let login = login.build().unwrap();
        let topup = topup_router(TopUp::new(simulator.url()).unwrap());
        tokio::spawn(async move { axum::serve(listener, login.router(topup)).await.unwrap() });
        Self { simulator, url, clock, browser: RefCell::default() }
    }

    /// Loads a page in a tab, while other tabs may do the same.
    async fn get(&self, path: &str, accept: &str) -> Page {
        let mut tab = Browser { cookies: self.browser.borrow().cookies.clone(), ..Browser::default() };
        let page = tab.ask("GET", &format!("{}{path}", self.url), &format!("Accept: {accept}\r\n")).await;
        let mut browser = self.browser.borrow_mut();
        browser.cookies = tab.cookies;
        browser.seen.extend(tab.seen);
        page
    }
}

impl Way for Ours {
    fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    async fn starts(&self) -> String {
        self.get("/auth/oauth/start", "text/html").await.location().to_owned()
    }

    async fn comes_back(&self, query: &str) -> String {
        let back = self.get(&format!("/oauth/callback?{query}"), "text/html").await;
        self.get(back.location(), "text/html").await.body
    }

    async fn asks(&self) -> User {
        match self.get("/api/user/info", "application/json").await.status {
            200 => User::Shown,
            401 => User::SignInAgain,
            _ => User::ServerDown,
        }
    }

    async fn tops_up(&self) -> Option<String> {
        let page = self.get("/api/user/topup", "text/html").await;
        Some(page.location().to_owned()).filter(|to| !to.starts_with('/'))
    }

    fn shown(&self) -> Vec<String> {
        let browser = self.browser.borrow();
        browser.seen.iter().filter(|(_, page)| page.status == 200).map(|(url, _)| url.clone()).collect()
    }

    fn held(&self) -> String {
        let browser = self.browser.borrow();
        let pages = browser.seen.iter().map(|(url, page)| format!("{url} {} {}\n", page.head, page.body));
        pages.chain(browser.cookies.values().cloned()).collect()
    }
}
