//! Tokens in the browser, for a front end that was written for that: the three endpoints of the backend that the
//! provider's page publishes. They add the client secret and forward the server's answer.
//!
//! The published backend lacks three checks that are here: only pages of this site may call, a code needs the state of
//! a sign-in that this browser has started here, and the redirect URI must be the app's own.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Extension};
use axum::response::Response;
use axum::routing::{get, post};
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use oauth2_app::{Callback, PendingLogin};
use serde_json::{Map, Value};
use wellspring_core::{
    AuthorizationGrant, HttpRequest, HttpResponse, Provider as _, RefreshToken, TokenError,
};

use crate::events;
use crate::headers::is_cross_origin;
use crate::pending::Found;
use crate::query::percent;
use crate::response::error;
use crate::start;
use crate::web_login::WebLogin;

/// A pool key without a user. Its source only carries requests.
const NO_USER: &str = "oauth2-app.compat";
const FORBIDDEN: &str = "requests from other sites are not allowed";
/// The maximum size of a request's body.
const MAX_BODY: usize = 1 << 16;

/// Instead of [`WebLogin::router`], for a front end that keeps the tokens in the browser. It has
/// `GET /auth/oauth/start` and three endpoints that add the client secret and forward the server's answer.
///
/// <div class="warning">
///
/// Every script on the page and every browser extension can read tokens in a browser. Each tab renews them for
/// itself, no logout here ends them, and an attacker with a stolen refresh token can renew it here. Use this only
/// to migrate an existing front end, and [`WebLogin::router`] for everything else.
///
/// </div>
///
/// | route | answer |
/// |---|---|
/// | `POST /api/oauth/exchange-token` `{code, state}` | the token response |
/// | `POST /api/oauth/refresh-token` `{refreshToken}` | the token response; 400 `{"error":"Missing refresh token"}` |
/// | `GET /api/oauth/userinfo` with the access token | the user info, with the server's own status; 401 `{"error":"Missing authorization header"}` |
///
/// If the server refuses, its JSON is forwarded with a 400. If its answer is not JSON, the answer is a 500 with
/// `Token exchange failed`, `Token refresh failed` or `Failed to fetch user info`. The front end serves the page
/// of the redirect URI itself. It must start the sign-in at `/auth/oauth/start`: a state that this browser did not
/// get there is a 400 `{"error":"invalid_state"}`. A state is valid for one exchange. `redirectUri` is optional
/// and must equal the app's own. `iss` is required if the server's metadata announces it.
///
/// # Panics
///
/// As [`Router::merge`] does: if the handlers have one of these routes.
pub fn compat_router(login: &WebLogin, handlers: Router) -> Router {
    let own = Router::new()
        .route(&login.placement().paths.start, get(start::start))
        .route("/api/oauth/exchange-token", post(exchange_token))
        .route("/api/oauth/refresh-token", post(refresh_token))
        .route("/api/oauth/userinfo", get(userinfo))
        .layer(DefaultBodyLimit::max(MAX_BODY));
    login.with_layers(handlers, own)
}

/// `POST {code, state, redirectUri?, iss?}`: exchanges the code and returns the tokens.
async fn exchange_token(Extension(login): Extension<WebLogin>, headers: HeaderMap, body: Bytes) -> Response {
    let body = match JsonBody::read(&headers, &body) {
        Ok(body) => body,
        Err((status, message)) => return error(status, message),
    };
    let provider = login.first();
    let ours = provider.redirect_uri.as_str();
    if body.has("redirectUri") && body.text("redirectUri") != Some(ours) {
        return error(StatusCode::BAD_REQUEST, "invalid_redirect_uri");
    }
    let callback = ["code", "state", "iss"].into_iter().filter(|name| body.has(name));
    let callback = callback.map(|name| format!("{name}={}", percent(body.text(name).unwrap_or_default())));
    let callback = Callback::read(&callback.collect::<Vec<_>>().join("&"));
    let state = body.text("state").unwrap_or_default();
    let finished = match take(&login, &headers, state).await {
        Ok(Some(pending)) => provider.app.finish(pending, &callback),
        Ok(None) => Err(provider.app.unmatched(&callback)),
        Err(failure) => return failed("exchange-token", &failure, "Token exchange failed"),
    };
    let mut response = match finished {
        Ok(grant) => token_response(&login, "exchange-token", &grant, "Token exchange failed").await,
        Err(refusal) => {
            events::invalid(
                Some(&provider.name),
                "the front end's code belongs to no sign-in of its browser",
            );
            return error(StatusCode::BAD_REQUEST, refusal.code());
        }
    };
    login.pending_cookies().remove(response.headers_mut(), state, false);
    response
}

/// Takes the pending sign-in of this browser with this state. A second call finds none.
async fn take(
    login: &WebLogin,
    headers: &HeaderMap,
    state: &str,
) -> Result<Option<PendingLogin>, TokenError> {
    let Found::Pending(pending) = login.attempts().find(state).await? else { return Ok(None) };
    let secret = login.pending_cookies().secret(headers, state);
    let now = login.clock().now().unix;
    let ours = secret.is_some_and(|secret| pending.attempt.is_of(secret, now));
    if !ours || !login.attempts().take(state, &pending.attempt, "compat").await? {
        return Ok(None);
    }
    pending.login(state, &login.first().redirect_uri).map(Some)
}

/// `POST {refreshToken}`: returns new tokens.
async fn refresh_token(Extension(login): Extension<WebLogin>, headers: HeaderMap, body: Bytes) -> Response {
    let body = match JsonBody::read(&headers, &body) {
        Ok(body) => body,
        Err((status, message)) => return error(status, message),
    };
    let Some(token) = body.text("refreshToken") else {
        return error(StatusCode::BAD_REQUEST, "Missing refresh token");
    };
    let grant = AuthorizationGrant::RefreshToken(RefreshToken::new(token));
    token_response(&login, "refresh-token", &grant, "Token refresh failed").await
}

/// `GET` with the browser's access token: returns the user info.
async fn userinfo(Extension(login): Extension<WebLogin>, headers: HeaderMap) -> Response {
    const FAILED: &str = "Failed to fetch user info";
    if is_cross_origin(&headers) {
        return error(StatusCode::FORBIDDEN, FORBIDDEN);
    }
    // RFC 6750 §2.1: only a bearer token is forwarded, never Basic credentials.
    let header = headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok());
    let bearer = header.filter(|header| header.get(..7).is_some_and(|s| s.eq_ignore_ascii_case("Bearer ")));
    let Some(bearer) = bearer else {
        return error(StatusCode::UNAUTHORIZED, "Missing authorization header");
    };
    let request = login.first().app.userinfo_request().map(|request| request.header("Authorization", bearer));
    match exchange(&login, request).await {
        Ok(answer) => forward(&answer, answer.status()),
        Err(failure) => failed("userinfo", &failure, FAILED),
    }
}

/// Sends a grant to the token endpoint and forwards its answer. Every refusal is a 400, as documented.
async fn token_response(
    login: &WebLogin,
    at: &'static str,
    grant: &AuthorizationGrant,
    on_failure: &str,
) -> Response {
    let request = login.first().app.request(grant, login.clock().now().unix);
    match exchange(login, request).await {
        Ok(answer) => forward(&answer, if answer.head().is_success() { 200 } else { 400 }),
        Err(failure) => failed(at, &failure, on_failure),
    }
}

async fn exchange(
    login: &WebLogin,
    request: Result<HttpRequest, TokenError>,
) -> Result<HttpResponse, TokenError> {
    let answer = login.first().pool.source(NO_USER)?.exchange(&request?).await?;
    match serde_json::from_slice(answer.expose_body()) {
        Ok(Value::Object(_)) => Ok(answer),
        _ => Err(TokenError::protocol("the answer is not a JSON object")),
    }
}

/// The server's JSON, byte for byte, with its `Retry-After`.
fn forward(answer: &HttpResponse, status: u16) -> Response {
    let mut response = Response::new(answer.expose_body().to_vec().into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(Ok(after)) = answer.head().first("retry-after").map(HeaderValue::try_from) {
        headers.insert(RETRY_AFTER, after);
    }
    response
}

fn failed(at: &'static str, failure: &TokenError, message: &str) -> Response {
    events::failed(at, None, failure);
    error(StatusCode::INTERNAL_SERVER_ERROR, message)
}

/// The JSON object that a page of this site has sent.
struct JsonBody(Map<String, Value>);

impl JsonBody {
    /// Refuses requests of other sites. Without CORS headers from here, a browser lets no form or script of another
    /// site send this content type.
    fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, (StatusCode, &'static str)> {
        if is_cross_origin(headers) {
            return Err((StatusCode::FORBIDDEN, FORBIDDEN));
        }
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_request"));
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(object)) => Ok(Self(object)),
            _ => Err((StatusCode::BAD_REQUEST, "invalid_request")),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    /// The member, if it is a non-empty string.
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str().filter(|text| !text.is_empty())
    }
}
