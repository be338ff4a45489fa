//! The routers: which handler answers which path, and the layers around them.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Extension};
use axum::middleware::map_response;
use axum::routing::{get, post};
use tower_sessions::cookie::SameSite;
use tower_sessions::{Expiry, SessionManagerLayer};

use crate::browser_session::session_duration;
use crate::sessions::Sessions;
use crate::web_login::WebLogin;
use crate::{callback, compat, headers, logout, page, start, user};

impl WebLogin {
    /// The application's handlers, which may take [`SignedIn`](crate::SignedIn), merged with the routes of the sign-in.
    /// The paths are absolute: do not nest the router under another path.
    ///
    /// # Panics
    ///
    /// As [`Router::merge`] does: if the handlers have a route of the sign-in, for example `/` while the page is on.
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
        self.with_layers(handlers, own)
    }

    /// Instead of [`router`](Self::router), for a front end that keeps the tokens in the browser. It has
    /// `GET /auth/oauth/start` and three endpoints that add the client secret and forward the server's answer.
    ///
    /// <div class="warning">
    ///
    /// Every script on the page and every browser extension can read tokens in a browser. Each tab renews them for
    /// itself, no logout here ends them, and an attacker with a stolen refresh token can renew it here. Use this only
    /// to migrate an existing front end, and [`router`](Self::router) for everything else.
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
    pub fn compat_router(&self, handlers: Router) -> Router {
        let own = Router::new()
            .route("/auth/oauth/start", get(start::start))
            .route("/api/oauth/exchange-token", post(compat::exchange_token))
            .route("/api/oauth/refresh-token", post(compat::refresh_token))
            .route("/api/oauth/userinfo", get(compat::userinfo))
            .layer(DefaultBodyLimit::max(compat::MAX_BODY));
        self.with_layers(handlers, own)
    }

    fn with_layers(&self, handlers: Router, own: Router) -> Router {
        let own = own.layer(map_response(headers::secured));
        handlers.merge(own).layer(Extension(self.clone())).layer(self.session_layer())
    }

    /// The cookie contains only the session's id. `Lax`, because the authorization server sends the browser back from
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
}
