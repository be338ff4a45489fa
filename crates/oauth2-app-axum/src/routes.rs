//! The routers: which handler answers which path, and the layers around them.

use axum::Router;
use axum::extract::Extension;
use axum::middleware::map_response;
use axum::routing::{get, post};
use tower_sessions::cookie::SameSite;
use tower_sessions::{Expiry, SessionManagerLayer};

use crate::browser_session::session_duration;
use crate::sessions::Sessions;
use crate::web_login::WebLogin;
use crate::{callback, headers, logout, page, start, user};

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
            .route("/auth/logout", post(logout::logout));
        if self.0.page {
            own = own
                .route(&self.0.home, get(page::page))
                .route(page::SCRIPT, get(page::script))
                .route(page::STYLE, get(page::style));
        }
        self.with_layers(handlers, own)
    }

    /// Adds the sessions and the layers that every route needs.
    pub(crate) fn with_layers(&self, handlers: Router, own: Router) -> Router {
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
