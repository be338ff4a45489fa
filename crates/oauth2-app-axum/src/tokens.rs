//! The end of a sign-in's tokens: by a logout, by another sign-in in its place, or because nobody came for them.

use tokio::runtime::Handle;
use wellspring_core::{AccessToken, Revocation, TokenError};
use wellspring_transport_async::TokenSource;

use crate::log::log_failure;
use crate::web_login::WebLogin;

/// Ends them: a tombstone in the store, then the revocation of what is held, where the server offers that.
pub(crate) async fn end(login: &WebLogin, user: &str) -> Result<(), TokenError> {
    let source = login.pool().source(user)?;
    let access = access_token(login, &source).await;
    match source.sign_out().await? {
        Revocation::Failed(error) => Err(error),
        // The refresh token takes its access tokens along. Where there was none, there may be one of those.
        Revocation::NothingHeld => match access.and_then(|token| login.app().access_revocation(&token)) {
            Some(request) => {
                let answer = source.exchange(&request).await?;
                login.app().read_revocation(&answer, login.clock().now().unix)
            }
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// The token in force, where one could be revoked.
async fn access_token(login: &WebLogin, source: &TokenSource) -> Option<AccessToken> {
    login.app().access_revocation(&AccessToken::new("any"))?;
    if let Ok(token) = source.try_token() {
        return Some(AccessToken::new(token.expose()));
    }
    // Out of the store.
    source.token().await.ok().map(|token| AccessToken::new(token.expose()))
}

/// As [`end`], by the way: what comes of it is for the operator.
pub(crate) async fn end_quietly(login: &WebLogin, user: &str) {
    if let Err(error) = end(login, user).await {
        log_failure("callback", &error);
    }
}

/// Tokens that no session knows yet. Where none comes to know them, because the browser has gone or the sessions cannot be
/// written, nobody would ever use or revoke them: then they are ended.
pub(crate) struct Unclaimed {
    login: WebLogin,
    user: String,
    claimed: bool,
}

impl Unclaimed {
    pub(crate) const fn new(login: WebLogin, user: String) -> Self {
        Self { login, user, claimed: false }
    }

    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    /// A session knows them.
    pub(crate) fn claimed(mut self) {
        self.claimed = true;
    }
}

impl Drop for Unclaimed {
    fn drop(&mut self) {
        if self.claimed {
            return;
        }
        let (login, user) = (self.login.clone(), core::mem::take(&mut self.user));
        // Without a runtime the process is at its end.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move { end_quietly(&login, &user).await });
        }
    }
}
