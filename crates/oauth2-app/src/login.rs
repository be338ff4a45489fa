//! A sign-in under way: the authorization URL, and what has to be remembered until the callback.

use core::fmt;

use wellspring_core::{AuthorizationCode, AuthorizationGrant, CodeVerifier, TokenError};
use wellspring_wire::{Form, append_query, code_challenge, code_verifier};

use crate::{App, Callback, Entropy, RedirectUri};

/// The `state` of one sign-in ([RFC 6749 §10.12](https://www.rfc-editor.org/rfc/rfc6749#section-10.12)): known
/// to this application and to the browser it was given to, and to nobody else. Compared in constant time.
#[derive(Clone, PartialEq, Eq)]
pub struct State(CodeVerifier);

impl State {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(CodeVerifier::new(text))
    }

    /// The same 43 characters out of 32 random bytes that make a good verifier make a good state.
    fn of(entropy: [u8; 32]) -> Self {
        Self(code_verifier(entropy))
    }

    /// The state as it stands in the URL.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State(..)")
    }
}

/// What has to be remembered between the authorization URL and the callback, for ten minutes at most and bound to
/// the browser that was sent off. Neither `Clone` nor reusable: [`App::finish`] takes it.
#[derive(Debug)]
pub struct PendingLogin {
    state: State,
    verifier: Option<CodeVerifier>,
    redirect_uri: RedirectUri,
}

impl PendingLogin {
    /// A sign-in as [`into_parts`](Self::into_parts) told it, out of a session that outlives this process.
    ///
    /// # Errors
    ///
    /// When the state is empty: two missing states would be equal.
    pub fn from_parts(
        state: impl Into<String>,
        verifier: Option<CodeVerifier>,
        redirect_uri: RedirectUri,
    ) -> Result<Self, TokenError> {
        let state = state.into();
        if state.is_empty() {
            return Err(TokenError::misconfigured("a pending sign-in without a state cannot be finished"));
        }
        Ok(Self { state: State::new(state), verifier, redirect_uri })
    }

    /// Everything that has to be kept, to be put into a session on the server.
    #[must_use]
    pub fn into_parts(self) -> (State, Option<CodeVerifier>, RedirectUri) {
        (self.state, self.verifier, self.redirect_uri)
    }

    /// The state that went with the browser.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Whether this is the sign-in that a callback answers, for an application with several under way. Exactly
    /// one state must have come, and it must be this one's.
    #[must_use]
    pub fn answers(&self, callback: &Callback) -> bool {
        callback.state().is_some_and(|state| *state == self.state)
    }

    pub(crate) fn into_spend(self, code: AuthorizationCode) -> AuthorizationGrant {
        AuthorizationGrant::AuthorizationCode {
            code,
            redirect_uri: self.redirect_uri.as_str().to_owned(),
            verifier: self.verifier,
        }
    }
}

/// Where to send the user, and what to remember meanwhile.
#[must_use]
#[non_exhaustive]
pub struct Authorization {
    /// The URL, for the user's browser and nothing else.
    pub url: String,
    /// The sign-in, until its callback comes.
    pub login: PendingLogin,
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The query holds the state.
        let url = self.url.split('?').next().unwrap_or_default();
        f.debug_struct("Authorization").field("url", &url).field("login", &self.login).finish()
    }
}

impl App {
    /// Starts a sign-in ([RFC 6749 §4.1.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1)), with PKCE
    /// ([RFC 7636](https://www.rfc-editor.org/rfc/rfc7636)) where it is on.
    ///
    /// # Errors
    ///
    /// When this app was not made for [`GrantType::AuthorizationCode`](crate::GrantType).
    pub fn authorize(&self, entropy: &Entropy) -> Result<Authorization, TokenError> {
        let config = self.config();
        let (Some(authorize_url), Some(redirect_uri)) = (&config.authorize_url, &config.redirect_uri) else {
            return Err(TokenError::misconfigured(
                "this app sends nobody to a browser: it has no redirect URI",
            ));
        };
        let state = State::of(entropy.state());
        let verifier = config.pkce.then(|| code_verifier(entropy.verifier()));
        let mut query = Form::new()
            .pair("client_id", self.client_id())
            .pair("redirect_uri", redirect_uri.as_str())
            .pair("response_type", "code")
            .pair_if("scope", config.scope_text())
            .pair("state", state.expose());
        if let Some(verifier) = &verifier {
            query =
                query.pair("code_challenge", &code_challenge(verifier)).pair("code_challenge_method", "S256");
        }
        for (name, value) in &config.authorize_parameters {
            query = query.pair(name.clone(), value);
        }
        let url = append_query(authorize_url, &query);
        let login = PendingLogin { state, verifier, redirect_uri: redirect_uri.clone() };
        Ok(Authorization { url, login })
    }
}
