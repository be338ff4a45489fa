//! One browser, by its session: what binds sign-ins to it, and who is signed in.

use core::time::Duration;

use serde_json::Value;
use tower_sessions::cookie::time::Duration as SessionDuration;
use tower_sessions::session::Error;
use tower_sessions::{Expiry, Session};
use wellspring_core::TokenError;

use crate::random;

/// What a session remembers of a browser across sign-ins, whose sessions have ever new names.
const BROWSER: &str = "oauth2-app.browser";
/// The name under which the pool has the tokens of whoever is signed in.
const USER: &str = "oauth2-app.user";

/// One browser.
pub(crate) struct Visitor<'a>(pub(crate) &'a Session);

impl Visitor<'_> {
    /// The pool's name of whoever is signed in here.
    pub(crate) async fn user(&self) -> Result<Option<String>, TokenError> {
        self.text(USER).await
    }

    /// What its sign-ins are bound to, if it has started any.
    pub(crate) async fn browser(&self) -> Result<Option<String>, TokenError> {
        self.text(BROWSER).await
    }

    /// What its sign-ins are bound to, made where it is missing. A session that nobody is signed in to ends with its
    /// last pending sign-in.
    pub(crate) async fn starts(&self, pending_for: Duration) -> Result<String, TokenError> {
        if self.user().await?.is_none() {
            self.0.set_expiry(Some(Expiry::OnInactivity(session_duration(pending_for))));
        }
        if let Some(browser) = self.browser().await? {
            return Ok(browser);
        }
        let browser = random::name()?;
        self.0.insert_value(BROWSER, Value::from(browser.as_str())).await.map_err(failed)?;
        Ok(browser)
    }

    /// Signs this user in, and says who was before. The session has a new name from now on, so that a name that
    /// somebody else knew or gave is worth nothing.
    pub(crate) async fn signs_in(
        &self,
        user: &str,
        lifetime: Duration,
    ) -> Result<Option<String>, TokenError> {
        let before = self.user().await?;
        self.0.cycle_id().await.map_err(failed)?;
        self.0.set_expiry(Some(Expiry::OnInactivity(session_duration(lifetime))));
        self.0.insert_value(USER, Value::from(user)).await.map_err(failed)?;
        self.0.save().await.map_err(failed)?;
        Ok(before)
    }

    /// Ends the session.
    pub(crate) async fn leaves(&self) -> Result<(), TokenError> {
        self.0.flush().await.map_err(failed)
    }

    async fn text(&self, name: &str) -> Result<Option<String>, TokenError> {
        match self.0.get_value(name).await.map_err(failed)? {
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
            _ => Ok(None),
        }
    }
}

pub(crate) fn session_duration(duration: Duration) -> SessionDuration {
    SessionDuration::try_from(duration).unwrap_or(SessionDuration::MAX)
}

fn failed(error: Error) -> TokenError {
    TokenError::store(format!("the session could not be read or kept: {error}"), true)
}
