//! The published page's server sample and its backend for front ends, with all their faults. Only for tests: do not use
//! it.

use core::cell::RefCell;
use core::hash::{BuildHasher as _, Hasher as _};
use std::collections::{BTreeMap, HashMap};
use std::hash::RandomState;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Extension;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use wellspring_simulator::{OauthClient, Simulator};

use super::way::{User, Way};
use crate::browser::{Browser, Page};
use crate::site::{CLIENT, SECRET};

/// The server, the simulator as its authorization server, and a browser.
pub(crate) struct Server {
    pub(crate) simulator: Simulator,
    pub(crate) url: String,
    browser: RefCell<Browser>,
}

/// `process.env`, and the `req.session` of each browser.
#[derive(Clone)]
struct Shared {
    auth_server: String,
    redirect_uri: String,
    sessions: Arc<Mutex<HashMap<String, BTreeMap<&'static str, String>>>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let redirect_uri = format!("{url}/oauth/callback");
        let client = OauthClient::confidential(CLIENT, SECRET, &redirect_uri);
        let simulator = Simulator::builder().client(client).start().unwrap();
        let shared = Shared { auth_server: simulator.url(), redirect_uri, sessions: Arc::default() };
        let router = Router::new()
            .route("/auth/oauth/start", get(start))
            .route("/oauth/callback", get(callback))
            .route("/api/user/info", get(user_info))
            .route("/api/oauth/exchange-token", post(exchange_token).options(preflight))
            .route("/api/oauth/refresh-token", post(refresh_token).options(preflight))
            .route("/api/oauth/userinfo", get(userinfo).options(preflight))
            .layer(axum::middleware::map_response(cors))
            .layer(Extension(shared));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { simulator, url, browser: RefCell::default() }
    }

    async fn get(&self, path: &str) -> Page {
        let mut tab = self.browser.borrow().clone();
        let page = tab.get(&format!("{}{path}", self.url)).await;
        self.browser.replace(tab);
        page
    }
}

impl Way for Server {
    fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    async fn starts(&self) -> String {
        self.get("/auth/oauth/start").await.location().to_owned()
    }

    /// The published page does not define the page after the redirect. This is the text that it would show.
    async fn comes_back(&self, query: &str) -> String {
        self.get(&format!("/oauth/callback?{query}")).await.location().to_owned()
    }

    async fn asks(&self) -> User {
        match self.get("/api/user/info").await.status {
            200 => User::Shown,
            401 => User::SignInAgain,
            _ => User::ServerDown,
        }
    }

    async fn tops_up(&self) -> Option<String> {
        unreachable!("the server sample has no such route")
    }

    fn shown(&self) -> Vec<String> {
        Vec::new()
    }

    fn held(&self) -> String {
        format!("{:?}", self.browser.borrow())
    }
}

/// The id of the browser's session, existing or new. It never changes, not even at the sign-in.
fn session(headers: &HeaderMap) -> String {
    let cookie = headers.get(COOKIE).and_then(|cookie| cookie.to_str().ok()).unwrap_or_default();
    let known = cookie.split("; ").find_map(|pair| pair.strip_prefix("connect.sid="));
    known.map_or_else(random, str::to_owned)
}

fn random() -> String {
    let number = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", number(), number())
}

impl Shared {
    fn of(&self, session: &str, name: &'static str) -> Option<String> {
        self.sessions.lock().unwrap().get(session)?.get(name).cloned()
    }

    fn set(&self, session: &str, name: &'static str, value: Option<String>) {
        let mut sessions = self.sessions.lock().unwrap();
        let session = sessions.entry(session.to_owned()).or_default();
        match value {
            Some(value) => session.insert(name, value),
            None => session.remove(name),
        };
    }

    /// `fetch` of the token endpoint: whether it was `ok`, and the JSON.
    async fn token(&self, form: &[(&str, &str)]) -> (bool, Value) {
        let credentials = [("client_id", CLIENT), ("client_secret", SECRET)];
        let pairs = form.iter().chain(&credentials).map(|(name, value)| format!("{name}={}", encoded(value)));
        let form = pairs.collect::<Vec<_>>().join("&");
        let headers =
            format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n", form.len());
        let url = format!("{}/api/oauth2/token", self.auth_server);
        let answer = Browser::default().ask_with("POST", &url, &headers, &form).await;
        (answer.status == 200, serde_json::from_str(&answer.body).unwrap_or_default())
    }
}

/// `encodeURIComponent`.
pub(crate) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).into() } else { format!("%{byte:02X}") })
        .collect()
}

/// `URLSearchParams`, of which `get` takes the first.
pub(crate) fn first(query: &str, name: &str) -> Option<String> {
    let decoded = |text: &str| {
        let (text, mut bytes) = (text.replace('+', " "), Vec::new());
        let mut rest = text.as_bytes();
        while let Some((&byte, after)) = rest.split_first() {
            let digits = after.get(..2).and_then(|two| core::str::from_utf8(two).ok());
            match digits.and_then(|two| u8::from_str_radix(two, 16).ok()).filter(|_| byte == b'%') {
                Some(one) => (bytes.push(one), rest = &after[2..]).1,
                None => (bytes.push(byte), rest = after).1,
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs
        .map(|(known, value)| (decoded(known), decoded(value)))
        .find(|(known, _)| known == name)
        .map(|(_, v)| v)
}

fn redirect(to: &str, session: &str) -> Response {
    let cookie = format!("connect.sid={session}; Path=/; HttpOnly");
    (StatusCode::FOUND, [(LOCATION, to.to_owned()), (SET_COOKIE, cookie)]).into_response()
}

fn answer(status: u16, json: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (status, [(CONTENT_TYPE, "application/json")], json.to_string()).into_response()
}

/// `app.use(cors())`.
async fn cors(mut response: Response) -> Response {
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

async fn preflight(_: Method) -> Response {
    let allowed = [("access-control-allow-methods", "GET,HEAD,PUT,PATCH,POST,DELETE")];
    (StatusCode::NO_CONTENT, allowed).into_response()
}

async fn start(Extension(shared): Extension<Shared>, headers: HeaderMap) -> Response {
    let (session, state) = (session(&headers), random());
    shared.set(&session, "oauth_state", Some(state.clone()));
    let url = format!(
        "{}/api/oauth2/authorize?client_id={CLIENT}&redirect_uri={}&response_type=code&scope=profile+balance\
         &state={state}&auto_authorize=true",
        shared.auth_server,
        encoded(&shared.redirect_uri)
    );
    redirect(&url, &session)
}

async fn callback(Extension(shared): Extension<Shared>, headers: HeaderMap, uri: Uri) -> Response {
    let (session, query) = (session(&headers), uri.query().unwrap_or_default());
    let given = |name| first(query, name).filter(|value| !value.is_empty());
    if let Some(error) = given("error") {
        return redirect(&format!("/?error={}", encoded(&error)), &session);
    }
    let (Some(code), Some(state)) = (given("code"), given("state")) else {
        return redirect("/?error=missing_parameters", &session);
    };
    if Some(state) != shared.of(&session, "oauth_state") {
        return redirect("/?error=invalid_state", &session);
    }
    let grant =
        [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", &shared.redirect_uri)];
    let (ok, data) = shared.token(&grant).await;
    if !ok {
        return redirect("/?error=server_error", &session);
    }
    for name in ["access_token", "refresh_token"] {
        shared.set(&session, name, data[name].as_str().map(str::to_owned));
    }
    shared.set(&session, "oauth_state", None);
    redirect("/?login=success", &session)
}

async fn user_info(Extension(shared): Extension<Shared>, headers: HeaderMap) -> Response {
    let Some(token) = shared.of(&session(&headers), "access_token") else {
        return answer(401, &json!({ "error": "Not authenticated" }));
    };
    let url = format!("{}/api/oauth2/userinfo", shared.auth_server);
    let bearer = format!("Authorization: Bearer {token}\r\n");
    let page = Browser::default().ask("GET", &url, &bearer).await;
    match serde_json::from_str(&page.body) {
        Ok(user) if page.status == 200 => answer(200, &user),
        _ => answer(500, &json!({ "error": "Server error" })),
    }
}

async fn exchange_token(Extension(shared): Extension<Shared>, body: Bytes) -> Response {
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    // A missing value is sent as this word.
    let text = |name: &str| asked[name].as_str().unwrap_or("undefined").to_owned();
    let (code, redirect_uri, _state) = (text("code"), text("redirectUri"), text("state"));
    let grant = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", &redirect_uri)];
    let (ok, data) = shared.token(&grant).await;
    answer(if ok { 200 } else { 400 }, &data)
}

async fn refresh_token(Extension(shared): Extension<Shared>, body: Bytes) -> Response {
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let Some(token) = asked["refreshToken"].as_str() else {
        return answer(400, &json!({ "error": "Missing refresh token" }));
    };
    let (ok, data) = shared.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await;
    answer(if ok { 200 } else { 400 }, &data)
}

async fn userinfo(Extension(shared): Extension<Shared>, headers: HeaderMap) -> Response {
    let Some(header) = headers.get("authorization").and_then(|header| header.to_str().ok()) else {
        return answer(401, &json!({ "error": "Missing authorization header" }));
    };
    let url = format!("{}/api/oauth2/userinfo", shared.auth_server);
    let page = Browser::default().ask("GET", &url, &format!("Authorization: {header}\r\n")).await;
    answer(page.status, &serde_json::from_str(&page.body).unwrap_or_default())
}
