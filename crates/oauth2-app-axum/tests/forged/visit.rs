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
use crate::model::{ISSUER, Jar, Login, Model};
use crate::numbers::Numbers;

/// Redirect targets, and whether they are valid.
const PLACES: [(&str, bool); 4] = [
    ("/mine?page=2", true),
    ("//evil.example/", false),
    ("/\\evil.example", false),
    ("https://evil.example", false),
];

pub(crate) struct World {
    site: Router,
    endpoint: Endpoint,
    clock: ManualClock,
    model: Model,
    /// The cookies of each browser.
    browsers: [Jar; 3],
    /// The name of the session's cookie.
    cookie: String,
    states: BTreeSet<String>,
    /// Every session that an answer has set.
    seen: BTreeSet<String>,
    /// The last callback.
    last: Option<Made>,
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
        let cookie = login.cookie_name().to_owned();
        let site = login.router(Router::new().route("/who", get(|_: SignedIn| async {})));
        Self {
            site,
            endpoint,
            clock,
            model: Model::default(),
            browsers: Default::default(),
            cookie,
            states: BTreeSet::new(),
            seen: BTreeSet::new(),
            last: None,
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
            6 => self.mix(numbers, browser),
            7 => self.machine(numbers, browser).await,
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
        let session = self.browsers[browser].get(&self.cookie).cloned();
        let before = session.filter(|session| self.model.sessions.contains(session));
        let old = self.browsers[browser].clone();
        let away = self.ask(browser, "GET", &format!("/auth/oauth/start{query}"), &[]).await;
        self.keep(browser, &away);
        assert_eq!(self.browsers[browser].get(&self.cookie), old.get(&self.cookie), "the session stays");
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
        let pending = self.pending(browser);
        assert!(pending.len() <= 8, "{pending:?}");
        let cookie = pending.into_iter().find(|(name, value)| old.get(name) != Some(value));
        let cookie = cookie.expect("the start sets a cookie");
        let taken = None;
        self.model.logins.push(Login {
            browser,
            state,
            challenge,
            started,
            cookie,
            before,
            next,
            popup,
            taken,
        });
    }

    /// The cookies of pending sign-ins.
    fn pending(&self, browser: usize) -> Vec<(String, String)> {
        let start = format!("{}-", self.cookie);
        let jar = self.browsers[browser].iter().filter(|(name, _)| name.starts_with(&start));
        jar.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Cookies that a browser should not have: another browser's, another sign-in's, made-up ones, none.
    fn mix(&mut self, numbers: &mut Numbers, browser: usize) {
        let all: Vec<_> = (0..self.browsers.len()).flat_map(|other| self.pending(other)).collect();
        if all.is_empty() {
            return;
        }
        let (name, value) = all[numbers.below(all.len())].clone();
        let other = all[numbers.below(all.len())].1.clone();
        let jar = &mut self.browsers[browser];
        match numbers.below(6) {
            // That of another browser.
            0 | 1 => drop(jar.insert(name, value)),
            // That of another sign-in, under this one's name.
            2 => drop(jar.insert(name, other)),
            3 => drop(jar.remove(&name)),
            4 => drop(jar.insert(name, format!("{}x", value.get(1..).unwrap_or_default()))),
            _ => {
                drop(jar.insert(name, ["", ".", "0.", "99999999999999999999.x"][numbers.below(4)].to_owned()))
            }
        }
    }

    /// A request that no user waits for changes nothing.
    async fn machine(&mut self, numbers: &mut Numbers, browser: usize) {
        let made = Made::any(numbers, &self.model, browser);
        let path = match numbers.below(4) {
            0 => "/auth/oauth/start".to_owned(),
            _ => format!("/oauth/callback?{}", made.query()),
        };
        self.endpoint.look();
        let (head, prefetch) = (("accept", "*/*"), ("sec-purpose", "prefetch;prerender"));
        for (method, header, status) in [("HEAD", head, 204), ("GET", prefetch, 503)] {
            let answer = self.ask(browser, method, &path, &[header]).await;
            assert_eq!(answer.status(), status, "{method} {path}");
            assert!(
                !answer.headers().contains_key("set-cookie") && !answer.headers().contains_key("location")
            );
        }
        assert!(self.endpoint.look().is_empty());
    }

    async fn callback(&mut self, numbers: &mut Numbers, browser: usize, seed: u64) {
        let made = match numbers.below(3) {
            // The same callback again, by this browser or another one.
            0 => self.last.clone().unwrap_or_else(|| Made::any(numbers, &self.model, browser)),
            _ => Made::any(numbers, &self.model, browser),
        };
        self.last = Some(made.clone());
        let before = self.browsers[browser].clone();
        let down = self.endpoint.down.load(Ordering::Relaxed);
        let ruling = self.model.rule(&made, &before, &self.cookie, down);
        self.endpoint.look();
        let n = self.callbacks;
        let case = || format!("world {seed}, callback {n}: {made:?} with {before:?}");
        let answer = self.ask(browser, "GET", &format!("/oauth/callback?{}", made.query()), &[]).await;

        assert_eq!(location(&answer), ruling.to, "{}", case());
        let spent: Vec<_> = self.endpoint.look().iter().map(|form| exchanged(form)).collect();
        assert_eq!(spent, Vec::from_iter(ruling.spends), "{}", case());
        // The answer sets the session's cookie, removes that of the sign-in, and touches no other.
        let mut after = before.clone();
        apply(&mut after, &answer, &self.cookie);
        let mut expected = before.clone();
        expected.extend(after.get(&self.cookie).map(|session| (self.cookie.clone(), session.clone())));
        if let Some(removed) = &ruling.removes {
            expected.remove(removed);
        }
        assert_eq!(after, expected, "{}", case());
        match ruling.signs_in {
            Some(login) => {
                let session = after[&self.cookie].clone();
                self.signs_in(login, &session, before.get(&self.cookie), &case());
                self.signed_in += 1;
            }
            None => assert_eq!(after.get(&self.cookie), before.get(&self.cookie), "{}", case()),
        }
        // Sometimes the browser does not receive the answer.
        if numbers.below(8) > 0 {
            self.browsers[browser] = after;
        }
        self.callbacks += 1;
        settle().await;
        self.who(browser, &case()).await;
    }

    /// The session that the answer sets, in the place of those before.
    fn signs_in(&mut self, login: usize, session: &str, replaced: Option<&String>, case: &str) {
        let login = &mut self.model.logins[login];
        let taken = login.taken.as_mut().expect("it was taken");
        match &taken.session {
            Some(known) => assert_eq!(known, session, "the same session again: {case}"),
            None => {
                assert!(self.seen.insert(session.to_owned()), "a new session: {case}");
                taken.session = Some(session.to_owned());
                self.model.sessions.push(session.to_owned());
            }
        }
        let gone: Vec<&String> =
            replaced.into_iter().chain(&login.before).filter(|one| *one != session).collect();
        self.model.sessions.retain(|one| !gone.contains(&one));
    }

    async fn logout(&mut self, browser: usize) {
        let session = self.browsers[browser].get(&self.cookie).cloned();
        let pending = self.pending(browser);
        let answer = self.ask(browser, "POST", "/auth/logout", &[]).await;
        assert_eq!(location(&answer), "/?logout=success");
        self.keep(browser, &answer);
        assert!(!self.browsers[browser].contains_key(&self.cookie));
        assert_eq!(self.pending(browser), pending, "pending sign-ins stay");
        self.model.sessions.retain(|one| Some(one) != session.as_ref());
        self.who(browser, "after a logout").await;
    }

    /// Checks that only the expected user is signed in.
    async fn who(&mut self, browser: usize, case: &str) {
        let signed_in = self.model.is_signed_in(&self.browsers[browser], &self.cookie);
        let expected = if signed_in { StatusCode::OK } else { StatusCode::UNAUTHORIZED };
        let answer = self.ask(browser, "GET", "/who", &[]).await;
        assert_eq!(answer.status(), expected, "{case}");
        assert!(!answer.headers().contains_key("set-cookie"), "{case}");
    }

    async fn ask(
        &mut self,
        browser: usize,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Response<Body> {
        let mut request = Request::builder().method(method).uri(path);
        let cookies = self.browsers[browser].iter().map(|(name, value)| format!("{name}={value}"));
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        if !cookies.is_empty() {
            request = request.header("cookie", cookies);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.site.call(request.body(Body::empty()).unwrap()).await.unwrap();
        let known = answer.status() == 503 || !answer.status().is_server_error();
        assert!(known, "{method} {path}: {answer:?}");
        answer
    }

    fn keep(&mut self, browser: usize, answer: &Response<Body>) {
        apply(&mut self.browsers[browser], answer, &self.cookie);
    }
}

/// What this answer does to the browser's cookies.
fn apply(jar: &mut Jar, answer: &Response<Body>, cookie: &str) {
    for set in answer.headers().get_all("set-cookie") {
        let set = set.to_str().unwrap();
        assert!(set.starts_with(cookie) && set.ends_with("; Secure"), "{set}");
        let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
        if set.contains("Max-Age=0;") {
            jar.remove(name);
        } else {
            jar.insert(name.to_owned(), value.to_owned());
        }
    }
}

/// Lets the tasks behind an answer run: none of them waits for a socket or the clock.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
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
