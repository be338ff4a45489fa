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
}
