//! The start of a sign-in: the authorization URL, and what the application keeps until the callback.

use core::fmt;
use core::time::Duration;

use wellspring_core::{AuthorizationCode, AuthorizationGrant, CodeVerifier, TokenError};
use wellspring_wire::{Form, append_query, code_challenge, code_verifier};

use crate::app::App;
use crate::callback::Callback;
use crate::checks::{has_parameter, query_parameters};
use crate::entropy::Entropy;
use crate::redirect_uri::RedirectUri;
use crate::sign_in_options::SignInOptions;
use crate::state::State;

/// A sign-in between the authorization URL and the callback. The application keeps it for ten minutes at most, bound to
/// the user's browser. It is not `Clone`, and [`App::finish`] consumes it, so a sign-in ends once.
#[derive(Debug)]
pub struct PendingLogin {
    state: State,
    verifier: Option<CodeVerifier>,
    redirect_uri: RedirectUri,
    nonce: Option<String>,
    max_age: Option<Duration>,
    acr_values: Option<String>,
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
        Ok(Self {
            state: State::new(state),
            verifier,
            redirect_uri,
            nonce: None,
            max_age: None,
            acr_values: None,
        })
    }

    /// The same sign-in, whose [`nonce`](Self::nonce) the program kept.
    #[must_use]
    pub fn with_nonce(self, nonce: Option<String>) -> Self {
        Self { nonce, ..self }
    }

    /// The same sign-in, of which the program kept the longest age that it asked for ([`max_age`](Self::max_age)).
    #[must_use]
    pub fn with_max_age(self, max_age: Option<Duration>) -> Self {
        Self { max_age, ..self }
    }

    /// The same sign-in, of which the program kept the authentication that it asked for
    /// ([`acr_values`](Self::acr_values)).
    #[must_use]
    pub fn with_acr_values(self, acr_values: Option<String>) -> Self {
        Self { acr_values, ..self }
    }

    /// The parts to keep in a session on the server. A program that verifies ID tokens also keeps
    /// [`nonce`](Self::nonce), [`max_age`](Self::max_age) and [`acr_values`](Self::acr_values).
    #[must_use]
    pub fn into_parts(self) -> (State, Option<CodeVerifier>, RedirectUri) {
        (self.state, self.verifier, self.redirect_uri)
    }

    /// The state in the authorization URL.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// The nonce in the authorization URL, which the ID token has to repeat
    /// ([OpenID Connect Core §3.1.2.1](https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest)). It is no
    /// secret. A sign-in has one if the app asks for the scope `openid` and knows the server's keys
    /// ([`jwks_url`](crate::AppBuilder::jwks_url)).
    #[must_use]
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }

    /// How long ago the user may have authenticated at most, if the sign-in asked for that.
    #[must_use]
    pub const fn max_age(&self) -> Option<Duration> {
        self.max_age
    }

    /// The authentication context classes that the sign-in asked for, separated by spaces.
    #[must_use]
    pub fn acr_values(&self) -> Option<&str> {
        self.acr_values.as_deref()
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
        self.authorize_with(entropy, &SignInOptions::new())
    }

    /// As [`authorize`](Self::authorize), with options for this sign-in. An option replaces the
    /// [`authorize_parameter`](crate::AppBuilder::authorize_parameter) of the same name.
    ///
    /// ```
    /// use oauth2_app::{App, Entropy, SignInOptions};
    ///
    /// let app = App::builder()
    ///     .authorize_url("https://server.example.com/authorize")
    ///     .token_url("https://server.example.com/token")
    ///     .client_id("client_abc123def456")
    ///     .redirect_uri("https://yourapp.com/oauth/callback")
    ///     .build()?;
    /// let options = SignInOptions::new().prompt("login").login_hint("ann@example.com");
    /// let authorization = app.authorize_with(&Entropy::new([7; 64]), &options)?;
    /// assert!(authorization.url.ends_with("&prompt=login&login_hint=ann%40example.com"));
    /// # Ok::<(), wellspring_core::TokenError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`authorize`](Self::authorize), and if an option has a value that no server accepts or the query of the
    /// authorization URL sets the same parameter.
    pub fn authorize_with(
        &self,
        entropy: &Entropy,
        options: &SignInOptions,
    ) -> Result<Authorization, TokenError> {
        let config = self.config();
        let (Some(authorize_url), Some(redirect_uri)) = (&config.authorize_url, &config.redirect_uri) else {
            return Err(TokenError::misconfigured(
                "this app cannot start a sign-in in a browser: it has no redirect_uri",
            ));
        };
        let options_sent = options.parameters(authorize_url)?;
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
        let nonce = self.sends_nonce().then(|| nonce(&state));
        query = query.pair_if("nonce", nonce.as_deref());
        let replaced = |name: &str| options_sent.iter().any(|(sent, _)| *sent == name);
        for (name, value) in config.authorize_parameters.iter().filter(|(name, _)| !replaced(name)) {
            query = query.pair(name.clone(), value);
        }
        for (name, value) in &options_sent {
            query = query.pair(*name, value);
        }
        let url = append_query(authorize_url, &query);
        let login = PendingLogin {
            state,
            verifier,
            redirect_uri: redirect_uri.clone(),
            nonce,
            max_age: options.max_age,
            acr_values: options.acr_values.clone(),
        };
        Ok(Authorization { url, login })
    }

    /// Whether authorization URLs carry a nonce of ours: the server is asked for an ID token that can be verified, and the
    /// program has set no nonce itself.
    fn sends_nonce(&self) -> bool {
        let config = self.config();
        let url = config.authorize_url.as_deref().unwrap_or_default();
        config.scope.contains("openid")
            && config.jwks_url.is_some()
            && !has_parameter(&config.authorize_parameters, "nonce")
            && !has_parameter(&query_parameters(url), "nonce")
    }
}

/// The nonce of the sign-in with this state. The nonce in an ID token does not reveal the state.
fn nonce(state: &State) -> String {
    code_challenge(&CodeVerifier::new(format!("nonce of {}", state.expose())))
}
