//! Ends the tokens of a sign-in: at a logout, when another sign-in replaces it, or when the browser never received it.

use tokio::runtime::Handle;
use wellspring_core::{AccessToken, Revocation, TokenError};
use wellspring_transport_async::TokenSource;

use crate::log::log_failure;
use crate::web_login::WebLogin;

/// Writes a tombstone to the store, then revokes the tokens if the server has a revocation endpoint.
pub(crate) async fn end(login: &WebLogin, user: &str) -> Result<(), TokenError> {
    let source = login.pool().source(user)?;
    let access = access_token(login, &source).await;
    match source.sign_out().await? {
        Revocation::Failed(error) => Err(error),
        // Revoking a refresh token revokes its access tokens. Without one, the access token is revoked by itself.
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

/// The current access token, if the server can revoke access tokens.
async fn access_token(login: &WebLogin, source: &TokenSource) -> Option<AccessToken> {
    login.app().access_revocation(&AccessToken::new("any"))?;
    if let Ok(token) = source.try_token() {
        return Some(AccessToken::new(token.expose()));
    }
    // No token in memory: the store may have one.
    source.token().await.ok().map(|token| AccessToken::new(token.expose()))
}

/// As [`end`]; a failure is only logged.
pub(crate) async fn end_quietly(login: &WebLogin, user: &str) {
    if let Err(error) = end(login, user).await {
        log_failure("callback", &error);
    }
}

/// Tokens that no session refers to yet. They are ended on drop, unless [`keep`](Self::keep) was called: if the browser
/// disconnected or its session could not be written, no caller could use or revoke them.
pub(crate) struct NewTokens {
    login: WebLogin,
    user: String,
    kept: bool,
}

impl NewTokens {
    pub(crate) const fn new(login: WebLogin, user: String) -> Self {
        Self { login, user, kept: false }
    }

    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    /// The browser's session refers to them.
    pub(crate) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for NewTokens {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        let (login, user) = (self.login.clone(), core::mem::take(&mut self.user));
        // Without a runtime the process is ending.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move { end_quietly(&login, &user).await });
        }
    }
}
