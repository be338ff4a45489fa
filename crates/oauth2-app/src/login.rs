//! The start of a sign-in: the authorization URL, and what the application keeps until the callback.

use core::fmt;

use wellspring_core::{AuthorizationCode, AuthorizationGrant, CodeVerifier, TokenError};
use wellspring_wire::{Form, append_query, code_challenge, code_verifier};

use crate::app::App;
use crate::callback::Callback;
use crate::entropy::Entropy;
use crate::redirect_uri::RedirectUri;
use crate::state::State;

/// A sign-in between the authorization URL and the callback. The application keeps it for ten minutes at most, bound to
/// the user's browser. It is not `Clone`, and [`App::finish`] consumes it, so a sign-in ends once.
#[derive(Debug)]
pub struct PendingLogin {
    state: State,
    verifier: Option<CodeVerifier>,
    redirect_uri: RedirectUri,
}

impl PendingLogin {
    /// The sign-in with these parts of [`into_parts`](Self::into_parts), for example from a session in a store.
    ///
    /// # Errors
    ///
    /// Fails if the state is empty. A callback with an empty state would match it.
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

    /// The parts to keep in a session on the server.
    #[must_use]
    pub fn into_parts(self) -> (State, Option<CodeVerifier>, RedirectUri) {
        (self.state, self.verifier, self.redirect_uri)
    }

    /// The state in the authorization URL.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Whether a callback belongs to this sign-in, for an application with several pending ones. The callback must hold
    /// exactly one state, and that state must be this sign-in's.
    #[must_use]
    pub fn answers(&self, callback: &Callback) -> bool {
        callback.state().is_some_and(|state| *state == self.state)
    }

    pub(crate) fn into_grant(self, code: AuthorizationCode) -> AuthorizationGrant {
        AuthorizationGrant::AuthorizationCode {
            code,
            redirect_uri: self.redirect_uri.as_str().to_owned(),
            verifier: self.verifier,
        }
    }
}

/// The URL to open in the user's browser, and the sign-in to keep until the callback.
#[must_use]
#[non_exhaustive]
pub struct Authorization {
    /// The authorization URL. It holds the state, so pass it only to the user's browser.
    pub url: String,
    /// The sign-in, to keep until its callback.
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
    /// ([RFC 7636](https://www.rfc-editor.org/rfc/rfc7636)) unless it is off.
    ///
    /// # Errors
    ///
    /// Fails if this app has no authorization endpoint or no redirect URI: its users sign in only on another device, or its
    /// grant type is [`GrantType::ClientCredentials`](crate::GrantType).
    pub fn authorize(&self, entropy: &Entropy) -> Result<Authorization, TokenError> {
        let config = self.config();
        let (Some(authorize_url), Some(redirect_uri)) = (&config.authorize_url, &config.redirect_uri) else {
            return Err(TokenError::misconfigured(
                "this app cannot start a sign-in in a browser: it has no redirect_uri",
            ));
        };
        let state = State::from_entropy(entropy.state());
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
