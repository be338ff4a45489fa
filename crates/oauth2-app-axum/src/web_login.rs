//! What all routes share: the providers, the sessions, the settings.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use axum::response::Response;
use http::{HeaderMap, HeaderValue};
use wellspring_core::TokenError;
use wellspring_transport::Clock;

use crate::account_page::AccountPage;
use crate::cookies;
use crate::flights::Flights;
use crate::hook::Hook;
use crate::pending::Attempts;
use crate::pending_cookie::PendingCookies;
use crate::placement::Placement;
use crate::provider::Provider;
use crate::query::percent;
use crate::response::redirect;
use crate::session::{Session, SignIns};
use crate::sessions::Sessions;

/// A sign-in that is so young that a new one is of no use.
const FRESH: Duration = Duration::from_secs(15);

/// Sign-in with a browser. Clones share everything.
#[derive(Clone)]
pub struct WebLogin(pub(crate) Arc<Parts>);

/// What all routes share.
pub(crate) struct Parts {
    /// At least one.
    pub(crate) providers: Vec<Arc<Provider>>,
    pub(crate) sessions: Sessions,
    pub(crate) attempts: Attempts,
    pub(crate) sign_ins: SignIns,
    pub(crate) flights: Flights,
    pub(crate) cookie: String,
    pub(crate) pending_cookies: PendingCookies,
    pub(crate) placement: Placement,
    pub(crate) hook: Option<Hook>,
    pub(crate) patience: Duration,
    pub(crate) after_sign_out: Option<String>,
    /// The content security policy.
    pub(crate) policy: HeaderValue,
    pub(crate) title: String,
    pub(crate) page: bool,
    pub(crate) account_page: AccountPage,
}

impl WebLogin {
    /// The name of the session's cookie. The cookie of a pending sign-in has this name, a hyphen and 16 hexadecimal digits.
    #[must_use]
    pub fn cookie_name(&self) -> &str {
        &self.0.cookie
    }

    /// The path of a link that starts a sign-in, as browsers see it, with the path to go to afterwards.
    ///
    /// `next` must be a path of this site; any other is left out.
    #[must_use]
    pub fn start_path(&self, next: Option<&str>) -> String {
        let start = self.placement().start();
        match next.and_then(|next| self.placement().next(next)) {
            Some(next) => format!("{start}?next={}", percent(next.as_str())),
            None => start,
        }
    }

    /// The path of the sign-out, as browsers see it: the `action` of a form with `method="post"`.
    #[must_use]
    pub fn sign_out_path(&self) -> String {
        self.placement().outside(&self.placement().paths.sign_out)
    }

    pub(crate) fn providers(&self) -> &[Arc<Provider>] {
        &self.0.providers
    }

    pub(crate) fn first(&self) -> &Provider {
        &self.0.providers[0]
    }

    pub(crate) fn provider(&self, name: &str) -> Option<&Arc<Provider>> {
        self.0.providers.iter().find(|provider| provider.name == name)
    }

    pub(crate) fn sessions(&self) -> &Sessions {
        &self.0.sessions
    }

    pub(crate) fn attempts(&self) -> &Attempts {
        &self.0.attempts
    }

    pub(crate) fn sign_ins(&self) -> &SignIns {
        &self.0.sign_ins
    }

    pub(crate) fn flights(&self) -> &Flights {
        &self.0.flights
    }

    pub(crate) fn pending_cookies(&self) -> &PendingCookies {
        &self.0.pending_cookies
    }

    pub(crate) fn placement(&self) -> &Placement {
        &self.0.placement
    }

    pub(crate) fn hook(&self) -> Option<&Hook> {
        self.0.hook.as_ref()
    }

    pub(crate) fn clock(&self) -> &Clock {
        self.0.sessions.clock()
    }

    /// How long a person waits for the server.
    pub(crate) fn patience(&self) -> Duration {
        self.0.patience
    }

    pub(crate) fn after_sign_out(&self) -> Option<&str> {
        self.0.after_sign_out.as_deref()
    }

    pub(crate) fn policy(&self) -> &HeaderValue {
        &self.0.policy
    }

    pub(crate) fn account_page(&self) -> &AccountPage {
        &self.0.account_page
    }

    /// Whether cookies are sent over HTTPS only.
    pub(crate) fn is_secure(&self) -> bool {
        self.first().site.secure
    }

    /// The secret in the session's cookie.
    pub(crate) fn session_secret<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        cookies::value(headers, &self.0.cookie)
    }

    /// The session of the browser that sends these headers.
    pub(crate) async fn session(&self, headers: &HeaderMap) -> Result<Option<Session>, TokenError> {
        match self.session_secret(headers) {
            Some(secret) => self.sign_ins().find(secret).await,
            None => Ok(None),
        }
    }

    /// Whether the sign-in of `session` is seconds old.
    pub(crate) fn is_fresh(&self, session: &Session) -> bool {
        self.clock().now().unix.since(session.since) < FRESH
    }

    /// Redirects to the home path with this query.
    pub(crate) fn home(&self, query: &[(&str, &str)]) -> Response {
        let query: Vec<_> = query.iter().map(|(name, value)| format!("{name}={}", percent(value))).collect();
        redirect(&format!("{}?{}", self.placement().home(), query.join("&")))
    }
}

impl fmt::Debug for WebLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.providers.iter().map(|provider| &provider.name).collect();
        f.debug_struct("WebLogin").field("providers", &names).finish_non_exhaustive()
    }
}
