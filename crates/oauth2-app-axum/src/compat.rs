//! Tokens in the browser, for a front end that was written for that: the three endpoints of the published page's own
//! backend, which adds the client secret and hands on what the server says.
//!
//! What the page's backend leaves out is seen to: only this site's own pages may ask, a code needs the state of a sign-in
//! that this very browser started here, and no redirect URI is taken from a client.

use axum::body::Bytes;
use axum::extract::Extension;
use axum::response::Response;
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use oauth2_app::Callback;
use serde_json::{Map, Value};
use tower_sessions::Session;
use wellspring_core::{
    AuthorizationGrant, HttpRequest, HttpResponse, Provider as _, RefreshToken, TokenError,
};

use crate::callback::answered;
use crate::headers::from_elsewhere;
use crate::log::log_failure;
use crate::query::percent;
use crate::response::error;
use crate::web_login::WebLogin;

/// Under which no user is: its source is only asked to carry requests.
const NOBODY: &str = "oauth2-app.compat";
const FORBIDDEN: &str = "another site's page may not ask";
/// The most bytes of a request's body that are read.
pub(crate) const LONGEST: usize = 1 << 16;

/// `POST {code, state, redirectUri?, iss?}`: the code becomes tokens, which the browser gets.
pub(crate) async fn exchange_token(
    Extension(login): Extension<WebLogin>,
    session: Session,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = match Action::read(&headers, &body) {
        Ok(asked) => asked,
        Err((status, why)) => return error(status, why),
    };
    let ours = login.app().redirect_uri().map(|uri| uri.as_str());
    if asked.has("redirectUri") && asked.text("redirectUri") != ours {
        return error(StatusCode::BAD_REQUEST, "invalid_redirect_uri");
    }
    let callback = ["code", "state", "iss"].into_iter().filter(|name| asked.has(name));
    let callback = callback.map(|name| format!("{name}={}", percent(asked.text(name).unwrap_or_default())));
    let callback = Callback::read(&callback.collect::<Vec<_>>().join("&"));
    let finished = match answered(&login, &session, asked.text("state")).await {
        Ok(Some((pending, _))) => login.app().finish(pending, &callback),
        Ok(None) => Err(login.app().unanswered(&callback)),
        Err(failure) => return failed("exchange-token", &failure, "Token exchange failed"),
    };
    match finished {
        Ok(spend) => spent(&login, "exchange-token", &spend, "Token exchange failed").await,
        Err(refusal) => error(StatusCode::BAD_REQUEST, refusal.code()),
    }
}

/// `POST {refreshToken}`: new tokens for the browser.
pub(crate) async fn refresh_token(
    Extension(login): Extension<WebLogin>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = match Action::read(&headers, &body) {
        Ok(asked) => asked,
        Err((status, why)) => return error(status, why),
    };
    let Some(token) = asked.text("refreshToken") else {
        return error(StatusCode::BAD_REQUEST, "Missing refresh token");
    };
    let spend = AuthorizationGrant::RefreshToken(RefreshToken::new(token));
    spent(&login, "refresh-token", &spend, "Token refresh failed").await
}

/// `GET` with the browser's access token: the user info.
pub(crate) async fn userinfo(Extension(login): Extension<WebLogin>, headers: HeaderMap) -> Response {
    const FAILED: &str = "Failed to fetch user info";
    if from_elsewhere(&headers) {
        return error(StatusCode::FORBIDDEN, FORBIDDEN);
    }
    // RFC 6750 §2.1: nothing but a bearer token is handed on, least of all a password.
    let header = headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok());
    let bearer = header.filter(|header| header.get(..7).is_some_and(|s| s.eq_ignore_ascii_case("Bearer ")));
    let Some(bearer) = bearer else {
        return error(StatusCode::UNAUTHORIZED, "Missing authorization header");
    };
    let request = login.app().userinfo_request().map(|request| request.header("Authorization", bearer));
    match asked_of_server(&login, request).await {
        Ok(answer) => handed_on(&answer, answer.status()),
        Err(failure) => failed("userinfo", &failure, FAILED),
    }
}

/// What the token endpoint says of this. Every refusal is a 400, as documented.
async fn spent(login: &WebLogin, at: &str, spend: &AuthorizationGrant, otherwise: &str) -> Response {
    let request = login.app().request(spend, login.clock().now().unix);
    match asked_of_server(login, request).await {
        Ok(answer) => handed_on(&answer, if answer.head().is_success() { 200 } else { 400 }),
        Err(failure) => failed(at, &failure, otherwise),
    }
}

async fn asked_of_server(
    login: &WebLogin,
    request: Result<HttpRequest, TokenError>,
) -> Result<HttpResponse, TokenError> {
    let answer = login.pool().source(NOBODY)?.exchange(&request?).await?;
    match serde_json::from_slice(answer.expose_body()) {
        Ok(Value::Object(_)) => Ok(answer),
        _ => Err(TokenError::protocol("the answer is no JSON object")),
    }
}

/// The server's JSON, byte by byte, and when to come again.
fn handed_on(answer: &HttpResponse, status: u16) -> Response {
    let mut response = Response::new(answer.expose_body().to_vec().into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(Ok(after)) = answer.head().first("retry-after").map(HeaderValue::try_from) {
        headers.insert(RETRY_AFTER, after);
    }
    response
}

fn failed(at: &str, failure: &TokenError, sentence: &str) -> Response {
    log_failure(at, failure);
    error(StatusCode::INTERNAL_SERVER_ERROR, sentence)
}

/// The JSON object that a page of this site has sent.
struct Action(Map<String, Value>);

impl Action {
    /// A form of another site's can send neither this content type nor these headers without being allowed to, which
    /// nobody is: there is no CORS.
    fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, (StatusCode, &'static str)> {
        if from_elsewhere(headers) {
            return Err((StatusCode::FORBIDDEN, FORBIDDEN));
        }
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_request"));
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(asked)) => Ok(Self(asked)),
            _ => Err((StatusCode::BAD_REQUEST, "invalid_request")),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    /// A text that is not empty.
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str().filter(|text| !text.is_empty())
    }
}
