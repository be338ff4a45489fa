//! One browser, by its session: what binds sign-ins to it, and what shows that somebody is signed in.

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

/// What sign-ins are bound to: the same across the sessions of one browser, whose names change.
const BROWSER: &str = "oauth2-app.browser";
/// What shows that somebody is signed in, to [`SignIns`].
const PROOF: &str = "oauth2-app.sign-in";
/// When the session of somebody who has not signed in ends, in seconds of Unix time.
const UNTIL: &str = "oauth2-app.until";

/// One browser.
pub(crate) struct BrowserSession<'a>(pub(crate) &'a Session);

impl BrowserSession<'_> {
    /// The pool's name of whoever is signed in here.
    pub(crate) async fn user(&self, sign_ins: &SignIns) -> Result<Option<String>, TokenError> {
        match (self.browser().await?, self.text(PROOF).await?) {
            (Some(browser), Some(proof)) => sign_ins.user(&browser, &proof).await,
            _ => Ok(None),
        }
    }

    /// What its sign-ins are bound to, if it has started any.
    pub(crate) async fn browser(&self) -> Result<Option<String>, TokenError> {
        self.text(BROWSER).await
    }

    /// What its sign-ins are bound to, made where it is missing. A session that nobody is signed in to ends some time
    /// after its last pending sign-in, and is not written again for each of them: that could undo what another tab does.
    pub(crate) async fn starts(&self, clock: &Clock, pending_for: Duration) -> Result<String, TokenError> {
        let (now, known) = (clock.now().unix, self.browser().await?);
        let until = self.0.get_value(UNTIL).await.map_err(failed)?.and_then(|value| value.as_u64());
        let lasts = until.is_some_and(|until| until >= now.plus(pending_for).as_secs());
        if let Some(browser) = &known
            && (lasts || self.text(PROOF).await?.is_some())
        {
            return Ok(browser.clone());
        }
        let browser = known.map_or_else(random::name, Ok)?;
        let lifetime = pending_for.saturating_mul(2);
        self.0.set_expiry(Some(Expiry::OnInactivity(session_duration(lifetime))));
        self.insert(BROWSER, browser.as_str().into()).await?;
        self.insert(UNTIL, now.plus(lifetime).as_secs().into()).await?;
        Ok(browser)
    }

    /// Signs this user in, and says who was before, and whether the browser can be told. The session has a new name from
    /// now on, so that a name that somebody else knew or gave is worth nothing.
    ///
    /// # Errors
    ///
    /// When nothing has changed.
    pub(crate) async fn signs_in(
        &self,
        sign_ins: &SignIns,
        user: &str,
        lifetime: Duration,
    ) -> Result<(Option<String>, Result<(), TokenError>), TokenError> {
        let browser = self.browser().await?.map_or_else(random::name, Ok)?;
        let proof = random::name()?;
        let before = sign_ins.put(&browser, &proof, user, lifetime).await?;
        let renamed = self.renamed(&browser, &proof, lifetime).await;
        if renamed.is_err() {
            // Nobody is signed in by a session that is not there, and nothing of it is to be written once more.
            self.0.clear().await;
            if let Err(error) = sign_ins.end(&browser, &proof).await {
                log_failure("callback", &error);
            }
        }
        Ok((before, renamed))
    }

    async fn renamed(&self, browser: &str, proof: &str, lifetime: Duration) -> Result<(), TokenError> {
        self.0.cycle_id().await.map_err(failed)?;
        self.0.set_expiry(Some(Expiry::OnInactivity(session_duration(lifetime))));
        self.insert(BROWSER, browser.into()).await?;
        self.insert(PROOF, proof.into()).await?;
        self.0.save().await.map_err(failed)
    }

    /// Signs out whoever is signed in here, and says who that was. The session goes too; where it cannot, it shows
    /// nothing any more.
    pub(crate) async fn leaves(&self, sign_ins: &SignIns) -> Result<Option<String>, TokenError> {
        let user = match (self.browser().await?, self.text(PROOF).await?) {
            (Some(browser), Some(proof)) => sign_ins.end(&browser, &proof).await?,
            _ => None,
        };
        if self.0.id().is_some()
            && let Err(error) = self.0.flush().await
        {
            log_failure("logout", &failed(error));
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
    TokenError::store(format!("the session could not be read or kept: {error}"), true)
}
