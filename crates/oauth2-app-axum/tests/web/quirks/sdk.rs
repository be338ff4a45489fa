//! The logic of the published page's browser code, with all its faults, and the tab that it runs in. Only for tests: do
//! not use it.

use core::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use serde_json::Value;
use wellspring_simulator::{OauthClient, Simulator};

use super::server::{encoded, first};
use super::way::{User, Way};
use crate::browser::{Browser, Page};
use crate::site::{CLIENT, SECRET};

/// `window.location.origin`.
const ORIGIN: &str = "https://app.example";

/// A tab with the page.
pub(crate) struct Sdk {
    simulator: Simulator,
    local_storage: RefCell<BTreeMap<&'static str, String>>,
    access_token: RefCell<Option<String>>,
    refresh_token: RefCell<Option<String>>,
    is_refreshing: Cell<bool>,
    section: Cell<Option<&'static str>>,
    shown: RefCell<Vec<String>>,
    /// The state of `Math.random()`.
    random: Cell<u64>,
    /// The page's fifth good practice: a 401 signs the user out.
    fifth_practice: bool,
}

impl Sdk {
    pub(crate) fn start() -> Self {
        let client = OauthClient::confidential(CLIENT, SECRET, &format!("{ORIGIN}/oauth/callback.html"));
        Self {
            simulator: Simulator::builder().client(client).start().unwrap(),
            local_storage: RefCell::default(),
            access_token: RefCell::default(),
            refresh_token: RefCell::default(),
            is_refreshing: Cell::default(),
            section: Cell::default(),
            shown: RefCell::default(),
            random: Cell::new(7),
            fifth_practice: false,
        }
    }

    pub(crate) fn with_the_fifth_practice() -> Self {
        Self { fifth_practice: true, ..Self::start() }
    }

    fn stored(&self, name: &str) -> Option<String> {
        self.local_storage.borrow().get(name).cloned()
    }

    fn store(&self, name: &'static str, value: &str) {
        self.local_storage.borrow_mut().insert(name, value.to_owned());
    }

    /// `Math.random().toString(36).substring(2, 15)`, of which there are 52 bits.
    fn random_text(&self) -> String {
        let next =
            self.random.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.random.set(next);
        let (mut bits, mut text) = (next >> 12, String::new());
        while bits > 0 {
            text.push(char::from_digit(u32::try_from(bits % 36).unwrap(), 36).unwrap());
            bits /= 36;
        }
        text
    }

    /// `init`: the page is loaded with this query.
    async fn init(&self, query: &str) {
        self.shown.borrow_mut().push(format!("{ORIGIN}/?{query}"));
        self.section.set(None);
        let query = query.split('#').next().unwrap();
        if let Some(code) = first(query, "code") {
            self.handle_auth_callback(&code, first(query, "state").as_deref()).await;
        } else if self.access_token.borrow().is_some() {
            self.asks().await;
        } else {
            self.section.set(Some("Please log in to view account info"));
        }
    }

    async fn handle_auth_callback(&self, code: &str, state: Option<&str>) {
        if state != self.stored("oauth_state").as_deref() {
            return;
        }
        let redirect_uri = format!("{ORIGIN}/oauth/callback.html");
        let grant = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", &redirect_uri)];
        let data = self.token(&grant).await.1;
        if data["access_token"].is_string() {
            self.update_tokens(&data);
            self.local_storage.borrow_mut().remove("oauth_state");
            self.asks().await;
        }
    }

    async fn token(&self, form: &[(&str, &str)]) -> (bool, Value) {
        let credentials = [("client_id", CLIENT), ("client_secret", SECRET)];
        let pairs = form.iter().chain(&credentials).map(|(name, value)| format!("{name}={}", encoded(value)));
        let form = pairs.collect::<Vec<_>>().join("&");
        let headers =
            format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n", form.len());
        let url = format!("{}/api/oauth2/token", self.simulator.url());
        let answer = Browser::default().ask_with("POST", &url, &headers, &form).await;
        (answer.status == 200, serde_json::from_str(&answer.body).unwrap_or_default())
    }

    fn update_tokens(&self, data: &Value) {
        for (name, kept, place) in [
            ("access_token", "oauth_access_token", &self.access_token),
            ("refresh_token", "oauth_refresh_token", &self.refresh_token),
        ] {
            place.replace(data[name].as_str().map(str::to_owned));
            self.store(kept, data[name].as_str().unwrap_or("undefined"));
        }
    }

    fn clear_tokens(&self) {
        self.access_token.take();
        self.refresh_token.take();
        for name in ["oauth_access_token", "oauth_refresh_token"] {
            self.local_storage.borrow_mut().remove(name);
        }
        self.section.set(Some("Please log in to view account info"));
    }

    /// Reloads the tab with its storage.
    pub(crate) fn reload(&self) {
        self.access_token.replace(self.stored("oauth_access_token"));
        self.refresh_token.replace(self.stored("oauth_refresh_token"));
    }

    async fn refresh_token_if_needed(&self) -> bool {
        let Some(token) = self.refresh_token.borrow().clone() else { return false };
        if self.is_refreshing.replace(true) {
            return false;
        }
        let (ok, data) = self.token(&[("grant_type", "refresh_token"), ("refresh_token", &token)]).await;
        if ok {
            self.update_tokens(&data);
        } else {
            self.clear_tokens();
        }
        self.is_refreshing.set(false);
        ok
    }

    /// `apiRequest`: the caller's headers override the token.
    pub(crate) async fn api_request(&self, path: &str, own: Option<&str>) -> Page {
        let mut retry = false;
        loop {
            let token = self.access_token.borrow().clone().unwrap_or("null".to_owned());
            let header = own.map_or_else(|| format!("Bearer {token}"), str::to_owned);
            let url = format!("{}{path}", self.simulator.url());
            let answer = Browser::default().ask("GET", &url, &format!("Authorization: {header}\r\n")).await;
            if self.fifth_practice && answer.status == 401 {
                self.clear_tokens();
            } else if answer.status == 401 && !retry && self.refresh_token_if_needed().await {
                retry = true;
                continue;
            }
            return answer;
        }
    }
}

impl Way for Sdk {
    fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    /// `oneClickLogin`, up to the window that it opens.
    async fn starts(&self) -> String {
        let state = self.random_text() + &self.random_text();
        self.store("oauth_state", &state);
        let redirect_uri = encoded(&format!("{ORIGIN}/oauth/callback.html"));
        format!(
            "{}/api/oauth2/authorize?client_id={CLIENT}&redirect_uri={redirect_uri}&response_type=code\
             &scope=profile%20balance&state={state}&auto_authorize=true",
            self.simulator.url()
        )
    }

    /// `/oauth/callback.html`, and then the page that it hands the code to.
    async fn comes_back(&self, query: &str) -> String {
        self.shown.borrow_mut().push(format!("{ORIGIN}/oauth/callback.html?{query}"));
        if let Some(error) = first(query, "error") {
            return format!("<div class=\"error\">Authorization failed: {error}</div>");
        }
        let Some(code) = first(query, "code") else {
            return "<div class=\"error\">No valid authorization information received</div>".to_owned();
        };
        // A URL without a state has the state `null` from here on. Without a stored page, the callback's page is used.
        match first(query, "state") {
            Some(state) => self.init(&format!("code={code}&state={state}")).await,
            None => self.init(query).await,
        }
        self.section.get().unwrap_or_default().to_owned()
    }

    /// `refreshBalance`.
    async fn asks(&self) -> User {
        let answer = self.api_request("/api/oauth2/userinfo", None).await;
        if answer.status == 200 {
            self.section.set(Some("Welcome back!"));
            User::Shown
        } else {
            self.clear_tokens();
            User::SignInAgain
        }
    }

    /// `goToTopup`.
    async fn tops_up(&self) -> Option<String> {
        let answer = self.api_request("/api/oauth2/topup", None).await;
        let data: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        data["topup_url"].as_str().map(str::to_owned)
    }

    fn shown(&self) -> Vec<String> {
        self.shown.borrow().clone()
    }

    fn held(&self) -> String {
        // `const OAUTH_CONFIG = {..}` stands in the page itself.
        format!("clientId: '{CLIENT}', clientSecret: '{SECRET}', {:?}", self.local_storage.borrow())
    }
}
