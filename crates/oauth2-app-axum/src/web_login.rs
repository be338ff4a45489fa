//! What all routes share: the app, its pool of tokens, the sessions, the settings.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use axum::response::Response;
use oauth2_app::App;
use wellspring_transport::Clock;
use wellspring_transport_async::TokenPool;

use crate::account_page::AccountPage;
use crate::pending::Pending;
use crate::query::percent;
use crate::response::redirect;
use crate::sessions::Sessions;
use crate::sign_ins::SignIns;

/// Sign-in with a browser. Clones share everything.
#[derive(Clone)]
pub struct WebLogin(pub(crate) Arc<Parts>);

/// What all routes share.
pub(crate) struct Parts {
    pub(crate) app: App,
    pub(crate) pool: TokenPool,
    pub(crate) clock: Clock,
    pub(crate) sessions: Sessions,
    pub(crate) session_lifetime: Duration,
    pub(crate) pending: Pending,
    pub(crate) sign_ins: SignIns,
    pub(crate) callback_path: String,
    /// Whether the redirect URI is HTTPS.
    pub(crate) secure: bool,
    pub(crate) title: String,
    pub(crate) home: String,
    pub(crate) page: bool,
    pub(crate) account_page: AccountPage,
}

impl WebLogin {
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

    pub(crate) fn account_page(&self) -> &AccountPage {
        &self.0.account_page
    }

    /// Redirects to the home path with this query.
    pub(crate) fn home(&self, query: &[(&str, &str)]) -> Response {
        let query: Vec<_> = query.iter().map(|(name, value)| format!("{name}={}", percent(value))).collect();
        redirect(&format!("{}?{}", self.0.home, query.join("&")))
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
