//! Ends the tokens of a sign-in. A sign-out revokes them. Every other end only forgets them here: the server may have
//! bound them to one grant with the tokens of another sign-in of the same user, and a revocation would end those too.

use tokio::runtime::Handle;
use wellspring_core::{AccessToken, Revocation, TokenError};
use wellspring_transport_async::TokenSource;

use crate::events;
use crate::provider::Provider;
use crate::web_login::WebLogin;

/// What the server did at a sign-out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Revoked {
    Done,
    /// No token was left to revoke.
    Nothing,
    NotOffered,
}

/// Writes a tombstone to the store, then revokes the tokens if the server has a revocation endpoint.
pub(crate) async fn revoke(login: &WebLogin, provider: &Provider, user: &str) -> Result<Revoked, TokenError> {
    let source = provider.pool.source(user)?;
    let access = access_token(provider, &source).await;
    match source.sign_out().await? {
        Revocation::Failed(error) => Err(error),
        Revocation::Done => Ok(Revoked::Done),
        // Revoking a refresh token revokes its access tokens. Without one, the access token is revoked by itself.
        Revocation::NothingHeld => match access.and_then(|token| provider.app.access_revocation(&token)) {
            Some(request) => {
                let answer = source.exchange(&request).await?;
                provider.app.read_revocation(&answer, login.clock().now().unix)?;
                Ok(Revoked::Done)
            }
            None => Ok(Revoked::Nothing),
        },
        _ => Ok(Revoked::NotOffered),
    }
}

/// The current access token, if the server can revoke access tokens.
async fn access_token(provider: &Provider, source: &TokenSource) -> Option<AccessToken> {
    provider.app.access_revocation(&AccessToken::new("any"))?;
    if let Ok(token) = source.try_token() {
        return Some(AccessToken::new(token.expose()));
    }
    // No token in memory: the store may have one.
    source.token().await.ok().map(|token| AccessToken::new(token.expose()))
}

/// Removes the tokens from memory and the store, and revokes nothing.
pub(crate) async fn forget(provider: &Provider, user: &str) -> Result<(), TokenError> {
    provider.pool.source(user)?.forget().await
}

/// As [`forget`]; a failure is only logged.
pub(crate) async fn forget_quietly(provider: &Provider, user: &str) {
    if let Err(error) = forget(provider, user).await {
        events::failed("forget", Some(&provider.name), &error);
    }
}

/// Tokens that no session refers to yet. They are forgotten on drop, unless [`keep`](Self::keep) was called.
pub(crate) struct NewTokens {
    login: WebLogin,
    provider: String,
    user: String,
    kept: bool,
}

impl NewTokens {
    pub(crate) fn new(login: &WebLogin, provider: &Provider, user: String) -> Self {
        Self { login: login.clone(), provider: provider.name.clone(), user, kept: false }
    }

    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    /// A session refers to them, or there are none.
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
        let name = core::mem::take(&mut self.provider);
        // Without a runtime the process is ending.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                if let Some(provider) = login.provider(&name) {
                    forget_quietly(provider, &user).await;
                }
            });
        }
    }
}
