//! Browsers and a site in one process, without sockets.

use core::sync::atomic::Ordering;
use core::time::Duration;
use std::collections::BTreeSet;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Request, Response, StatusCode};
use oauth2_app::App;
use oauth2_app_axum::{MemorySessions, SignedIn, WebLogin};
use sha2::{Digest as _, Sha256};
use tower_service::Service as _;
use wellspring_store::MemoryStore;
use wellspring_transport::{Clock, ManualClock};
use wellspring_transport_async::TokenSource;

use crate::callback::{HOSTILE, Made, percent};
use crate::endpoint::Endpoint;
use crate::model::{ISSUER, Login, Model};
use crate::numbers::Numbers;

/// Redirect targets, and whether they are valid.
const PLACES: [(&str, bool); 4] = [
    ("/mine?page=2", true),
    ("//evil.example/", false),
    ("/\\evil.example", false),
    ("https://evil.example", false),
];

/// A browser: its cookie, and whether it should be signed in.
#[derive(Clone, Default)]
struct Browser {
    cookie: String,
    signed_in: bool,
}

pub(crate) struct World {
    site: Router,
    endpoint: Endpoint,
    clock: ManualClock,
    model: Model,
    browsers: [Browser; 3],
    states: BTreeSet<String>,
    pub(crate) callbacks: usize,
    pub(crate) signed_in: usize,
}

impl World {
    pub(crate) fn new() -> Self {
        let endpoint = Endpoint::default();
        let clock = Clock::manual(Clock::system().now().unix.as_secs());
        let app = App::builder().authorize_url("https://issuer.example/authorize");
        let app = app.token_url("https://issuer.example/token").issuer(ISSUER);
        let app = app.client_id("c").client_secret("s").redirect_uri("https://site.example/oauth/callback");
        let app = app.build().unwrap();
        let users = app.clone();
        let pool = TokenSource::builder(app.clone()).transport(endpoint.clone()).store(MemoryStore::open());
        let pool = pool.pool(move |user| users.for_user(user)).unwrap();
        // The sessions themselves do not expire here, so pending sign-ins must expire by their own clock.
        let login = WebLogin::builder(app, pool).sessions(MemorySessions::default()).clock(clock.clone());
        let login = login.build().unwrap();
        let site = login.router(Router::new().route("/who", get(|_: SignedIn| async {})));
        Self {
            site,
            endpoint,
            clock,
            model: Model::default(),
            browsers: Default::default(),
            states: BTreeSet::new(),
            callbacks: 0,
            signed_in: 0,
        }
    }

    /// One random event.
    pub(crate) async fn step(&mut self, numbers: &mut Numbers, seed: u64) {
        let browser = numbers.below(self.browsers.len());
        match numbers.below(16) {
            0..3 => self.start(numbers, browser).await,
            3 => {
                let later = [1, 30, 599, 600][numbers.below(4)];
                self.clock.advance(Duration::from_secs(later));
                self.model.now += later;
            }
            4 => self.endpoint.down.store(numbers.below(3) == 0, Ordering::Relaxed),
            5 => self.logout(browser).await,
            _ => self.callback(numbers, browser, seed).await,
        }
    }

    async fn start(&mut self, numbers: &mut Numbers, browser: usize) {
        let (mut query, mut next) = (String::new(), None);
        match numbers.below(3) {
            0 => {
                let (place, fine) = PLACES[numbers.below(PLACES.len())];
                query = format!("?next={}", percent(place));
                next = fine.then_some(place);
            }
            1 => query = format!("?next={}", percent(HOSTILE[numbers.below(HOSTILE.len())])),
            _ => {}
        }
        let popup = numbers.below(4) == 0;
        if popup {
            query.push_str(if query.is_empty() { "?popup=1" } else { "&popup=1" });
        }
        let away = self.ask(browser, "GET", &format!("/auth/oauth/start{query}")).await;
        let url = location(&away);
        assert!(url.starts_with("https://issuer.example/authorize?"), "{url}");
        let value = |name: &str| {
            let pairs = url.split_once('?').unwrap().1.split('&').filter_map(|pair| pair.split_once('='));
            pairs.filter(|(known, _)| *known == name).map(|(_, value)| value.to_owned()).collect::<Vec<_>>()
        };
        let ([state], [challenge]) = (&value("state")[..], &value("code_challenge")[..]) else {
            panic!("{url}")
        };
        assert!(URL_SAFE_NO_PAD.decode(state).unwrap().len() >= 16, "128 bits at least: {state}");
        assert!(self.states.insert(state.clone()), "every state is unique");
        let (state, challenge, started) = (state.clone(), challenge.clone(), self.model.now);
        self.model.logins.push(Login { browser, state, challenge, started, over: false, next, popup });
    }

    async fn callback(&mut self, numbers: &mut Numbers, browser: usize, seed: u64) {
        let made = Made::any(numbers, &self.model, browser);
        let before = self.browsers[browser].cookie.clone();
        let ruling = self.model.rule(&made, browser, self.endpoint.down.load(Ordering::Relaxed));
        self.endpoint.look();
        let n = self.callbacks;
        let case = || format!("world {seed}, callback {n}: {made:?}");
        let answer = self.ask(browser, "GET", &format!("/oauth/callback?{}", made.query())).await;

        assert_eq!(location(&answer), ruling.to, "{}", case());
        let spent: Vec<_> = self.endpoint.look().iter().map(|form| exchanged(form)).collect();
        assert_eq!(spent, Vec::from_iter(ruling.spends), "{}", case());
        if ruling.signs_in {
            assert_ne!(self.browsers[browser].cookie, before, "a new session id: {}", case());
            self.browsers[browser].signed_in = true;
            self.signed_in += 1;
        } else {
            assert_eq!(self.browsers[browser].cookie, before, "{}", case());
        }
        self.callbacks += 1;
        self.who(browser, &case()).await;
    }

    async fn logout(&mut self, browser: usize) {
        assert_eq!(location(&self.ask(browser, "POST", "/auth/logout").await), "/?logout=success");
        self.browsers[browser].signed_in = false;
        // The session's pending sign-ins end with it.
        for login in self.model.logins.iter_mut().filter(|login| login.browser == browser) {
            login.over = true;
        }
        self.who(browser, "after a logout").await;
    }

    /// Checks that only the expected user is signed in.
    async fn who(&mut self, browser: usize, case: &str) {
        let expected =
            if self.browsers[browser].signed_in { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
        assert_eq!(self.ask(browser, "GET", "/who").await.status(), expected, "{case}");
    }

    async fn ask(&mut self, browser: usize, method: &str, path: &str) -> Response<Body> {
        let browser = &mut self.browsers[browser];
        let mut request = Request::builder().method(method).uri(path);
        if !browser.cookie.is_empty() {
            request = request.header("cookie", &browser.cookie);
        }
        let answer = self.site.call(request.body(Body::empty()).unwrap()).await.unwrap();
        assert!(!answer.status().is_server_error(), "{method} {path}: {answer:?}");
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.starts_with("__Host-session="), "{cookie}");
            let gone = cookie.contains("Max-Age=0");
            browser.cookie = if gone { String::new() } else { cookie.split(';').next().unwrap().to_owned() };
        }
        answer
    }
}

fn location(answer: &Response<Body>) -> String {
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// The code of this form, and the challenge of its verifier.
fn exchanged(form: &str) -> (String, String) {
    let value = |name: &str| {
        let pairs = form.split('&').filter_map(|pair| pair.split_once('='));
        let all: Vec<_> = pairs.filter(|(known, _)| *known == name).map(|(_, value)| value).collect();
        assert_eq!(all.len(), 1, "{name}: {form}");
        let value = all[0].replace('+', " ");
        let mut bytes = value.bytes();
        let mut decoded = Vec::new();
        while let Some(byte) = bytes.next() {
            decoded.push(match byte {
                b'%' => {
                    let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                    u8::from_str_radix(core::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                other => other,
            });
        }
        String::from_utf8(decoded).unwrap()
    };
    assert_eq!(value("grant_type"), "authorization_code");
    assert_eq!(value("redirect_uri"), "https://site.example/oauth/callback");
    (value("code"), URL_SAFE_NO_PAD.encode(Sha256::digest(value("code_verifier"))))
}
