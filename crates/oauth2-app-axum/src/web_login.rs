//! What the routes share, and how they are put together.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Extension};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{get, post};
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};
use oauth2_app::App;
use tower_sessions::cookie::SameSite;
use tower_sessions::{Expiry, SessionManagerLayer};
use wellspring_core::TokenError;
use wellspring_transport::Clock;
use wellspring_transport_async::TokenPool;

use crate::builder::Builder;
use crate::pending::Pending;
use crate::sessions::Sessions;
use crate::sign_ins::SignIns;
use crate::visitor::session_duration;
use crate::{callback, compat, headers, logout, page, start, user};

/// Sign-in with a browser. Clones share everything.
#[derive(Clone)]
pub struct WebLogin(pub(crate) Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) app: App,
    pub(crate) pool: TokenPool,
    pub(crate) clock: Clock,
    pub(crate) sessions: Sessions,
    pub(crate) session_lifetime: Duration,
    pub(crate) pending: Pending,
    pub(crate) sign_ins: SignIns,
    pub(crate) callback_path: String,
    /// HTTPS, as the redirect URI says.
    pub(crate) secure: bool,
    pub(crate) title: String,
    pub(crate) home: String,
    pub(crate) page: bool,
}

impl WebLogin {
    /// Starts to make a sign-in for the users of this app, whose tokens are in this pool, which was made from the same
    /// app: `TokenSource::builder(app).store(..).pool(move |user| app.for_user(user))`.
    pub fn builder(app: App, pool: TokenPool) -> Builder {
        Builder::new(app, pool)
    }

    /// These handlers, in which [`SignedIn`](crate::SignedIn) may be asked for, and the routes of the sign-in beside
    /// them. The paths are the site's: do not nest them under another one.
    ///
    /// # Panics
    ///
    /// As [`Router::merge`] does: when the handlers have a route of the sign-in's, `/` say while the page is on.
    pub fn router(&self, handlers: Router) -> Router {
        let mut own = Router::new()
            .route("/auth/oauth/start", get(start::start))
            .route(&self.0.callback_path, get(callback::callback))
            .route("/api/user/info", get(user::info))
            .route("/api/user/topup", get(user::topup))
            .route("/auth/logout", post(logout::logout));
        if self.0.page {
            own = own
                .route(&self.0.home, get(page::page))
                .route(page::SCRIPT, get(page::script))
                .route(page::STYLE, get(page::style));
        }
        self.around(handlers, own)
    }

    /// Instead of [`router`](Self::router), for a front end that keeps the tokens in the browser: `GET /auth/oauth/start`,
    /// and three endpoints that add the client secret and hand on what the server says.
    ///
    /// <div class="warning">
    ///
    /// Tokens in a browser are in reach of every script on the page and of every extension, nobody renews them once for
    /// all tabs, no logout here ends them, and whoever has got hold of a refresh token can renew it here. Use this to move a front end here that you have, and
    /// [`router`](Self::router) for everything else.
    ///
    /// </div>
    ///
    /// | route | answer |
    /// |---|---|
    /// | `POST /api/oauth/exchange-token` `{code, state}` | the token response |
    /// | `POST /api/oauth/refresh-token` `{refreshToken}` | the token response; 400 `{"error":"Missing refresh token"}` |
    /// | `GET /api/oauth/userinfo` with the access token | the user info, with the server's own status; 401 `{"error":"Missing authorization header"}` |
    ///
    /// Where the server refuses, its JSON comes with a 400; where it has not answered with JSON, 500 and `Token exchange
    /// failed`, `Token refresh failed` or `Failed to fetch user info`. The page of the redirect URI is the front end's
    /// own. It must have begun with `/auth/oauth/start`: a state that this browser did not get there is a 400
    /// `{"error":"invalid_state"}`, and good for one exchange. `redirectUri` may be sent and must then be the app's own;
    /// `iss` must be sent where the server promises one.
    ///
    /// # Panics
    ///
    /// As [`Router::merge`] does: when the handlers have one of these routes.
    pub fn compat_router(&self, handlers: Router) -> Router {
        let own = Router::new()
            .route("/auth/oauth/start", get(start::start))
            .route("/api/oauth/exchange-token", post(compat::exchange_token))
            .route("/api/oauth/refresh-token", post(compat::refresh_token))
            .route("/api/oauth/userinfo", get(compat::userinfo))
            .layer(DefaultBodyLimit::max(compat::LONGEST));
        self.around(handlers, own)
    }

    fn around(&self, handlers: Router, own: Router) -> Router {
        let own = own.layer(map_response(headers::guarded));
        handlers.merge(own).layer(Extension(self.clone())).layer(self.session_layer())
    }

    /// The cookie is a name and nothing else. `Lax`, because the authorization server sends the browser back from
    /// another site ([RFC 6265bis §5.6.7](https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis)).
    fn session_layer(&self) -> SessionManagerLayer<Sessions> {
        let name = if self.0.secure { "__Host-session" } else { "session" };
        SessionManagerLayer::new(self.0.sessions.clone())
            .with_name(name)
            .with_secure(self.0.secure)
            .with_same_site(SameSite::Lax)
            .with_http_only(true)
            .with_expiry(Expiry::OnInactivity(session_duration(self.0.session_lifetime)))
    }

    pub(crate) fn app(&self) -> &App {
        &self.0.app
    }

    pub(crate) fn pool(&self) -> &TokenPool {
        &self.0.pool
    }

    pub(crate) fn pending(&self) -> &Pending {
        &self.0.pending
    }

    pub(crate) fn sign_ins(&self) -> &SignIns {
        &self.0.sign_ins
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(crate) fn session_lifetime(&self) -> Duration {
        self.0.session_lifetime
    }

    /// Home, with what happened in the query.
    pub(crate) fn home(&self, said: &[(&str, &str)]) -> Response {
        let said: Vec<_> = said.iter().map(|(name, value)| format!("{name}={}", percent(value))).collect();
        redirect(&format!("{}?{}", self.0.home, said.join("&")))
    }
}

impl fmt::Debug for WebLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebLogin")
            .field("app", &self.0.app)
            .field("pool", &self.0.pool)
            .finish_non_exhaustive()
    }
}

/// 302, as documented.
pub(crate) fn redirect(url: &str) -> Response {
    let mut response = Response::default();
    match HeaderValue::try_from(url) {
        Ok(url) => {
            *response.status_mut() = StatusCode::FOUND;
            response.headers_mut().insert(LOCATION, url);
        }
        Err(_) => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    response
}

/// Everything but what stands for itself everywhere
/// ([RFC 3986 §2.3](https://www.rfc-editor.org/rfc/rfc3986#section-2.3)).
pub(crate) fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
        out
    })
}

/// For the operator. The error's text holds no secret; nothing of the request is told.
pub(crate) fn log(at: &str, error: &TokenError) {
    tracing::warn!(name: "web.failed", target: "wellspring", at, kind = ?error.kind(), error = %error, "web.failed");
}
