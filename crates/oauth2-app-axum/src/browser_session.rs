//! The session of one browser: it binds pending sign-ins to the browser and proves that a user is signed in.

use core::time::Duration;

use serde_json::Value;
use tower_sessions::cookie::time::Duration as SessionDuration;
use tower_sessions::session::Error;
use tower_sessions::{Expiry, Session};
use wellspring_core::TokenError;
use wellspring_transport::Clock;

use crate::log::log_failure;
use crate::random;
use crate::sign_ins::SignIns;

/// The browser's id, to which its sign-ins are bound. It stays the same when the session's id changes.
const BROWSER: &str = "oauth2-app.browser";
/// Proves to [`SignIns`] that a user is signed in.
const PROOF: &str = "oauth2-app.sign-in";
/// When the session ends if no user signs in, in seconds of Unix time.
const UNTIL: &str = "oauth2-app.until";

/// The session of one browser.
pub(crate) struct BrowserSession<'a>(pub(crate) &'a Session);

impl BrowserSession<'_> {
    /// The pool key of the signed-in user.
    pub(crate) async fn user(&self, sign_ins: &SignIns) -> Result<Option<String>, TokenError> {
        match (self.browser().await?, self.text(PROOF).await?) {
            (Some(browser), Some(proof)) => sign_ins.user(&browser, &proof).await,
            _ => Ok(None),
        }
    }

    /// The browser's id, if it has started a sign-in.
    pub(crate) async fn browser(&self) -> Result<Option<String>, TokenError> {
        self.text(BROWSER).await
    }

    /// The browser's id, created if it is missing. A session without a signed-in user ends some time after its last
    /// pending sign-in. It is not written for each of them, because a write could undo a concurrent one of another tab.
    pub(crate) async fn start_sign_in(
        &self,
        clock: &Clock,
        pending_for: Duration,
    ) -> Result<String, TokenError> {
        let (now, existing) = (clock.now().unix, self.browser().await?);
        let until = self.0.get_value(UNTIL).await.map_err(failed)?.and_then(|value| value.as_u64());
        let lasts_long_enough = until.is_some_and(|until| until >= now.plus(pending_for).as_secs());
        if let Some(browser) = &existing {
            if lasts_long_enough || self.text(PROOF).await?.is_some() {
                return Ok(browser.clone());
            }
        }
        let browser = existing.map_or_else(random::id, Ok)?;
        let lifetime = pending_for.saturating_mul(2);
        self.0.set_expiry(Some(Expiry::OnInactivity(session_duration(lifetime))));
        self.insert(BROWSER, browser.as_str().into()).await?;
        self.insert(UNTIL, now.plus(lifetime).as_secs().into()).await?;
        Ok(browser)
    }

    /// Signs this user in. Returns the user who was signed in before, and whether the session was written. The session
    /// gets a new id, so that an id that another party knew or chose is useless (session fixation).
    ///
    /// # Errors
    ///
    /// If nothing has changed.
    pub(crate) async fn sign_in(
        &self,
        sign_ins: &SignIns,
        user: &str,
        lifetime: Duration,
    ) -> Result<(Option<String>, Result<(), TokenError>), TokenError> {
        let browser = self.browser().await?.map_or_else(random::id, Ok)?;
        let proof = random::id()?;
        let before = sign_ins.put(&browser, &proof, user, lifetime).await?;
        let written = self.write_under_new_id(&browser, &proof, lifetime).await;
        if written.is_err() {
            // The session was not saved, so the new sign-in is ended and no later save may write it.
            self.0.clear().await;
            if let Err(error) = sign_ins.end(&browser, &proof).await {
                log_failure("callback", &error);
            }
        }
        Ok((before, written))
    }

    async fn write_under_new_id(
        &self,
        browser: &str,
        proof: &str,
        lifetime: Duration,
    ) -> Result<(), TokenError> {
        self.0.cycle_id().await.map_err(failed)?;
        self.0.set_expiry(Some(Expiry::OnInactivity(session_duration(lifetime))));
        self.insert(BROWSER, browser.into()).await?;
        self.insert(PROOF, proof.into()).await?;
        self.0.save().await.map_err(failed)
    }

    /// Signs the user out and returns the pool key. The session is deleted too; if that fails, its proof is void.
    pub(crate) async fn sign_out(&self, sign_ins: &SignIns) -> Result<Option<String>, TokenError> {
        let user = match (self.browser().await?, self.text(PROOF).await?) {
            (Some(browser), Some(proof)) => sign_ins.end(&browser, &proof).await?,
            _ => None,
        };
        if self.0.id().is_some() {
            if let Err(error) = self.0.flush().await {
                log_failure("logout", &failed(error));
            }
        }
        Ok(user)
    }

    async fn insert(&self, name: &str, value: Value) -> Result<(), TokenError> {
        self.0.insert_value(name, value).await.map(drop).map_err(failed)
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
    TokenError::store(format!("the session store failed: {error}"), true)
}
