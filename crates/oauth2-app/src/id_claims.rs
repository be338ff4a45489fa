//! The verified claims of an ID token, and what a sign-in expects of them.

use core::fmt;
use core::time::Duration;

use wellspring_core::{HttpRequest, Method, TokenError, UnixTime};
use wellspring_wire::{Json, Object};

use crate::app::App;
use crate::login::PendingLogin;

/// The claims of an ID token whose signature and claims were verified
/// ([OpenID Connect Core §2](https://openid.net/specs/openid-connect-core-1_0.html#IDToken)): who signed in, where and
/// when.
///
/// `Debug` shows no value, because personal data does not belong in a log.
///
/// ```
/// use oauth2_app::IdClaims;
///
/// let kept = r#"{"iss":"https://server.example.com","sub":"248289761001","email":"ann@example.com","exp":1311281970}"#;
/// let claims = IdClaims::from_trusted_json(kept)?;
/// assert_eq!(claims.subject(), "248289761001");
/// assert_eq!(claims.text("email"), Some("ann@example.com"));
/// assert_eq!(claims.to_json(), kept);
/// # Ok::<(), wellspring_core::TokenError>(())
/// ```
#[derive(Clone)]
pub struct IdClaims {
    issuer: String,
    subject: String,
    all: Object,
}

impl IdClaims {
    /// Claims that this program has verified before and kept, for example in a session's record: the text of
    /// [`to_json`](Self::to_json). Nothing is verified again, so never pass the payload of a token.
    ///
    /// # Errors
    ///
    /// Fails if the text is no JSON object with an issuer and a subject.
    pub fn from_trusted_json(json: &str) -> Result<Self, TokenError> {
        let all = Object::parse(json.as_bytes())
            .map_err(|_| TokenError::protocol("the kept claims are not a JSON object"))?;
        Self::of(all).ok_or_else(|| TokenError::protocol("the kept claims name no issuer or no subject"))
    }

    /// `None` without one issuer and one subject.
    pub(crate) fn of(all: Object) -> Option<Self> {
        let text = |name| all.only(name).ok()??.as_text().filter(|text| !text.is_empty()).map(str::to_owned);
        Some(Self { issuer: text("iss")?, subject: text("sub")?, all })
    }

    /// All claims as compact JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        Json::Object(self.all.clone()).to_json()
    }

    /// `iss`: the authorization server.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// `sub`: the user, unique at the issuer and never assigned to another user.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// `exp`: when the ID token expires. The sign-in may last longer.
    #[must_use]
    pub fn expires_at(&self) -> Option<UnixTime> {
        self.time("exp")
    }

    /// `iat`: when the ID token was issued.
    #[must_use]
    pub fn issued_at(&self) -> Option<UnixTime> {
        self.time("iat")
    }

    /// `auth_time`: when the user authenticated, if the server says so.
    #[must_use]
    pub fn auth_time(&self) -> Option<UnixTime> {
        self.time("auth_time")
    }

    /// `acr`: the authentication context class, if the server says so.
    #[must_use]
    pub fn acr(&self) -> Option<&str> {
        self.text("acr")
    }

    /// The claim of this name, such as `email`, if it is a string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.all.text(name)
    }

    /// The claim of this name, such as `email_verified`, if it is a boolean.
    #[must_use]
    pub fn bool(&self, name: &str) -> Option<bool> {
        self.all.bool(name)
    }

    /// The strings of this claim, such as `amr` or `groups`: those of an array, or the one string.
    #[must_use]
    pub fn texts(&self, name: &str) -> Vec<&str> {
        match self.all.get(name) {
            Some(Json::Array(elements)) => elements.iter().filter_map(Json::as_text).collect(),
            Some(Json::Text(text)) => vec![text.as_str()],
            _ => Vec::new(),
        }
    }

    /// A time in whole seconds; a fraction is dropped.
    fn time(&self, name: &str) -> Option<UnixTime> {
        seconds(self.all.get(name)?).map(UnixTime::from_secs)
    }
}

/// The whole seconds of a NumericDate ([RFC 7519 §2](https://www.rfc-editor.org/rfc/rfc7519#section-2)).
pub(crate) fn seconds(value: &Json) -> Option<u64> {
    use wellspring_wire::Number;
    match value {
        Json::Number(Number::Unsigned(seconds)) => Some(*seconds),
        // The cast drops the fraction and saturates.
        Json::Number(Number::Float(seconds)) if *seconds >= 0.0 => Some(*seconds as u64),
        _ => None,
    }
}

impl fmt::Debug for IdClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdClaims(..)")
    }
}

/// What the ID token of a sign-in has to say, from [`App::id_token_checks`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdTokenChecks {
    pub(crate) nonce: Option<String>,
    pub(crate) max_age: Option<Duration>,
    pub(crate) acr_values: Option<String>,
}

impl IdTokenChecks {
    /// Whether the sign-in asked for an authentication that only an ID token can prove, at a server that sends verifiable ones
    /// ([`PendingLogin::nonce`]): without one it must not succeed.
    #[must_use]
    pub const fn need_id_token(&self) -> bool {
        self.nonce.is_some() && (self.max_age.is_some() || self.acr_values.is_some())
    }
}

impl App {
    /// The issuer that callbacks and ID tokens have to name, if it is known.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.config().issuer.as_deref()
    }

    /// What the ID token of this sign-in has to say. Take it before [`finish`](Self::finish), which ends the sign-in.
    #[must_use]
    pub fn id_token_checks(&self, login: &PendingLogin) -> IdTokenChecks {
        IdTokenChecks {
            nonce: login.nonce().map(str::to_owned),
            max_age: login.max_age(),
            acr_values: login.acr_values().map(str::to_owned),
        }
    }

    /// The request for the server's key set; `None` if the app has no [`jwks_url`](crate::AppBuilder::jwks_url). It
    /// carries no secret.
    #[must_use]
    pub fn jwks_request(&self) -> Option<HttpRequest> {
        let url = self.config().jwks_url.as_deref()?;
        Some(HttpRequest::new(Method::Get, url).header("Accept", "application/json"))
    }
}
