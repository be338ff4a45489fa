//! How to read the responses of one token endpoint, as data. Providers differ in this data.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use wellspring_core::{GrantParameters, Scope};

use crate::error_code::Meaning;
use crate::lifetime::{LifetimeRules, LifetimeUnit};
use crate::redaction::Redaction;

/// The names of the members of a token response. The defaults are the names of
/// [RFC 6749 §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1).
///
/// `data.token` names the member `token` of the object `data`, and `user.token|token` the first of the two that a response
/// has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenNames {
    /// `access_token`.
    pub access_token: Cow<'static, str>,
    /// `token_type`; `None` if the endpoint issues only bearer tokens and sends no token type.
    pub token_type: Option<Cow<'static, str>>,
    /// `expires_in`.
    pub lifetime: Cow<'static, str>,
    /// `refresh_token`; `None` if the client ignores refresh tokens, as with client credentials
    /// ([RFC 6749 §4.4.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.4.3)).
    pub refresh_token: Option<Cow<'static, str>>,
    /// The lifetime of the refresh token. No standard names this member, so the default is `None`.
    pub refresh_lifetime: Option<Cow<'static, str>>,
    /// `scope`.
    pub scope: Cow<'static, str>,
    /// When the token expires: RFC 3339, or seconds or milliseconds since 1970. No standard names this member, so the default
    /// is `None`.
    pub expires_at: Option<Cow<'static, str>>,
    /// The code of an error, for endpoints with bodies of their own. Another value than `null`, `""`, `0`, `false`, `"0"`,
    /// `"ok"` and `"success"` is an error under any status. Default: `None`, for the error bodies that
    /// [`ErrorBody`](crate::ErrorBody) knows.
    pub error: Option<Cow<'static, str>>,
    /// The message of such an error.
    pub error_description: Option<Cow<'static, str>>,
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
            expires_at: None,
            error: None,
            error_description: None,
        }
    }
}

/// How to read the responses of one token endpoint.
///
/// Lenient by default: harmless deviations from the standard are accepted and listed in
/// [`TokenResponse::deviations`](wellspring_core::TokenResponse::deviations).
#[derive(Clone, Debug, Default)]
pub struct TokenFormat {
    pub(crate) names: TokenNames,
    pub(crate) lifetime: LifetimeRules,
    pub(crate) default_lifetime: Option<Duration>,
    pub(crate) default_refresh_lifetime: Option<Duration>,
    pub(crate) token_types: Vec<String>,
    pub(crate) success: Vec<u16>,
    pub(crate) strict: bool,
    pub(crate) requested_scope: Option<Scope>,
    pub(crate) require_scopes: bool,
    pub(crate) comma_separated: bool,
    pub(crate) jwt_hint: bool,
    pub(crate) meanings: Vec<(String, Meaning)>,
    pub(crate) redaction: Redaction,
}

impl TokenFormat {
    /// The format of [RFC 6749 §5](https://www.rfc-editor.org/rfc/rfc6749#section-5), read leniently.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the names of the members.
    #[must_use]
    pub fn names(mut self, names: TokenNames) -> Self {
        self.names = names;
        self
    }

    /// Ignores refresh tokens, because the client can repeat its grant with its own credentials
    /// ([RFC 6749 §4.4.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.4.3)).
    #[must_use]
    pub fn without_refresh_token(mut self) -> Self {
        self.names.refresh_token = None;
        self
    }

    /// The lifetime of a token whose response has none.
    #[must_use]
    pub const fn default_lifetime(mut self, lifetime: Duration) -> Self {
        self.default_lifetime = Some(lifetime);
        self
    }

    /// The lifetime of a refresh token whose response has none.
    #[must_use]
    pub const fn default_refresh_lifetime(mut self, lifetime: Duration) -> Self {
        self.default_refresh_lifetime = Some(lifetime);
        self
    }

    /// A lifetime of zero means that the token never expires. By default such a token has expired already.
    #[must_use]
    pub const fn zero_means_never(mut self) -> Self {
        self.lifetime.zero_means_never = true;
        self
    }

    /// A lifetime of minus one means that the token never expires. By default such a token has expired already.
    #[must_use]
    pub const fn minus_one_means_never(mut self) -> Self {
        self.lifetime.minus_one_means_never = true;
        self
    }

    /// What the lifetimes of access tokens count. Default: seconds.
    #[must_use]
    pub const fn lifetime_unit(mut self, unit: LifetimeUnit) -> Self {
        self.lifetime.unit = unit;
        self
    }

    /// Another token type than `Bearer`, in any case, whose tokens calls carry like bearer tokens.
    #[must_use]
    pub fn token_type(mut self, kind: impl Into<String>) -> Self {
        self.token_types.push(kind.into());
        self
    }

    /// The statuses of responses with a token. Any other 2xx is then an error. Default: every 2xx.
    #[must_use]
    pub fn success_statuses(mut self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.success = statuses.into_iter().collect();
        self
    }

    /// Treats every deviation from the standard as an error.
    #[must_use]
    pub const fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// The scope that the client requests.
    #[must_use]
    pub fn requested_scope(mut self, scope: Scope) -> Self {
        self.requested_scope = Some(scope);
        self
    }

    /// A first token with less scope than requested is an error. A token from a refresh is not: an error would drop its
    /// refresh token, which may be the only valid one.
    #[must_use]
    pub const fn require_scopes(mut self) -> Self {
        self.require_scopes = true;
        self
    }

    /// Commas separate scopes, in addition to spaces.
    #[must_use]
    pub const fn comma_separated_scopes(mut self) -> Self {
        self.comma_separated = true;
        self
    }

    /// If the access token is a JWT, its `exp` also limits the lifetime: the earlier of `exp` and
    /// `expires_in` counts. Without `expires_in`, `exp` takes precedence over the default lifetime.
    #[must_use]
    pub const fn jwt_hint(mut self) -> Self {
        self.jwt_hint = true;
        self
    }

    /// Sets what an error code of this endpoint means. It takes precedence over the meaning in the standard and over the known
    /// words of vendors. The code is read where vendors put it: in `error`, `code`, `errcode`, `status`, or in the first entry
    /// of `errors`; a number counts by its digits.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>, meaning: Meaning) -> Self {
        self.meanings.push((code.into(), meaning));
        self
    }

    /// Sets what several error codes of this endpoint mean, as [`code`](Self::code) does one by one.
    ///
    /// ```
    /// use wellspring_core::{AuthorizationGrant, ErrorKind, HttpResponse, RefreshToken, ResponseHead, UnixTime};
    /// use wellspring_wire::{Meaning, TokenFormat};
    ///
    /// let format = TokenFormat::new().codes([("E-17", Meaning::GrantRefused), ("E-18", Meaning::Misconfigured)]);
    /// let response = HttpResponse::new(ResponseHead::new(400), r#"{"code":"E-17","message":"sessão encerrada"}"#);
    /// let grant = AuthorizationGrant::RefreshToken(RefreshToken::new("r"));
    /// let error = format.read(&grant, &response, UnixTime::EPOCH).unwrap_err();
    /// assert!(matches!(error.kind(), ErrorKind::LoginRequired { .. }));
    /// ```
    #[must_use]
    pub fn codes<C: Into<String>>(self, codes: impl IntoIterator<Item = (C, Meaning)>) -> Self {
        codes.into_iter().fold(self, |format, (code, meaning)| format.code(code, meaning))
    }

    /// A secret that no error may show. The secrets of the grant itself are known without this call.
    #[must_use]
    pub fn secret(mut self, secret: &str) -> Self {
        self.redaction = self.redaction.secret(secret);
        self
    }

    /// Parameters of a request whose values no error may show.
    #[must_use]
    pub fn parameters(mut self, parameters: &GrantParameters) -> Self {
        self.redaction = self.redaction.parameters(parameters);
        self
    }
}
