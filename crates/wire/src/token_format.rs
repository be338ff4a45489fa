//! How one token endpoint's answers are read: the data by which providers differ.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use wellspring_core::Scope;

use crate::lifetime::LifetimeRules;
use crate::{Meaning, Redaction};

/// The names of the members of a token response; by default those of
/// [RFC 6749 §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenNames {
    /// `access_token`.
    pub access_token: Cow<'static, str>,
    /// `token_type`; `None` where the endpoint has only bearer tokens and does not say so.
    pub token_type: Option<Cow<'static, str>>,
    /// `expires_in`.
    pub lifetime: Cow<'static, str>,
    /// `refresh_token`; `None` where one that comes is of no use, as with client credentials
    /// ([RFC 6749 §4.4.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.4.3)).
    pub refresh_token: Option<Cow<'static, str>>,
    /// The refresh token's own lifetime, which no standard names; `None` by default.
    pub refresh_lifetime: Option<Cow<'static, str>>,
    /// `scope`.
    pub scope: Cow<'static, str>,
}

impl Default for TokenNames {
    fn default() -> Self {
        Self {
            access_token: Cow::Borrowed("access_token"),
            token_type: Some(Cow::Borrowed("token_type")),
            lifetime: Cow::Borrowed("expires_in"),
            refresh_token: Some(Cow::Borrowed("refresh_token")),
            refresh_lifetime: None,
            scope: Cow::Borrowed("scope"),
        }
    }
}

/// How one token endpoint's answers are read.
///
/// Lenient by default: what is harmless is overlooked and reported in
/// [`TokenResponse::deviations`](wellspring_core::TokenResponse::leniencies).
#[derive(Clone, Debug, Default)]
pub struct TokenFormat {
    pub(crate) names: TokenNames,
    pub(crate) lifetime: LifetimeRules,
    pub(crate) default_lifetime: Option<Duration>,
    pub(crate) default_refresh_lifetime: Option<Duration>,
    pub(crate) strict: bool,
    pub(crate) requested: Option<Scope>,
    pub(crate) all_scopes: bool,
    pub(crate) commas: bool,
    pub(crate) jwt_hint: bool,
    pub(crate) meanings: Vec<(String, Meaning)>,
    pub(crate) redaction: Redaction,
}

impl TokenFormat {
    /// Reads what [RFC 6749 §5](https://www.rfc-editor.org/rfc/rfc6749#section-5) says, leniently.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Other names for the members.
    #[must_use]
    pub fn names(mut self, names: TokenNames) -> Self {
        self.names = names;
        self
    }

    /// Ignores a refresh token that comes: the client's credentials are at hand
    /// ([RFC 6749 §4.4.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.4.3)).
    #[must_use]
    pub fn without_refresh_token(mut self) -> Self {
        self.names.refresh_token = None;
        self
    }

    /// The lifetime of a token whose answer names none.
    #[must_use]
    pub const fn default_lifetime(mut self, lifetime: Duration) -> Self {
        self.default_lifetime = Some(lifetime);
        self
    }

    /// The lifetime of a refresh token whose answer names none.
    #[must_use]
    pub const fn default_refresh_lifetime(mut self, lifetime: Duration) -> Self {
        self.default_refresh_lifetime = Some(lifetime);
        self
    }

    /// A lifetime of zero means that the token never expires. By default it has expired already.
    #[must_use]
    pub const fn zero_means_never(mut self) -> Self {
        self.lifetime.zero_means_never = true;
        self
    }

    /// A lifetime of minus one means that the token never expires. By default it has expired already.
    #[must_use]
    pub const fn minus_one_means_never(mut self) -> Self {
        self.lifetime.minus_one_means_never = true;
        self
    }

    /// Overlooks nothing: a deviation from the standard is an error.
    #[must_use]
    pub const fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// What the request asks for.
    #[must_use]
    pub fn requested_scope(mut self, scope: Scope) -> Self {
        self.requested = Some(scope);
        self
    }

    /// A first token with less scope than was asked for is an error. One that a refresh brings is not: its refresh
    /// token may be the only live one, and an error would drop it.
    #[must_use]
    pub const fn require_scopes(mut self) -> Self {
        self.all_scopes = true;
        self
    }

    /// Commas separate scopes too.
    #[must_use]
    pub const fn comma_separated_scopes(mut self) -> Self {
        self.commas = true;
        self
    }

    /// Where the access token is a JWT that expires before `expires_in` says so, or nothing else says when, the
    /// JWT counts.
    #[must_use]
    pub const fn jwt_hint(mut self) -> Self {
        self.jwt_hint = true;
        self
    }

    /// What a code of this endpoint's own means; it goes before what the standard says of the same code.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>, meaning: Meaning) -> Self {
        self.meanings.push((code.into(), meaning));
        self
    }

    /// A secret that must not appear in any error. What a request spends is known without being named here.
    #[must_use]
    pub fn secret(mut self, secret: &str) -> Self {
        self.redaction = self.redaction.secret(secret);
        self
    }
}
