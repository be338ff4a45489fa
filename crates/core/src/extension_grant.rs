//! Any other grant than those of RFC 6749 and RFC 8628: its type and its parameters.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::secret::ParameterValue;

/// The parameters of a grant, in order. Their values count as secrets.
#[derive(Clone, Default)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
pub struct GrantParameters(Vec<(String, ParameterValue)>);

impl GrantParameters {
    /// No parameter.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The same parameters and this one.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<ParameterValue>) -> Self {
        self.0.push((name.into(), value.into()));
        self
    }

    /// The names and the values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ParameterValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

impl fmt::Debug for GrantParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// A grant with its own `grant_type` ([RFC 6749 §4.5](https://www.rfc-editor.org/rfc/rfc6749#section-4.5)): an assertion
/// ([RFC 7523](https://www.rfc-editor.org/rfc/rfc7523)), a token to exchange
/// ([RFC 8693](https://www.rfc-editor.org/rfc/rfc8693)), a password, or a vendor's own.
///
/// It is for one sign-in. A grant that the client can make anew at any time, such as an assertion that it signs itself, belongs
/// into the provider: the renewal then requests it as
/// [`ClientCredentials`](crate::AuthorizationGrant::ClientCredentials).
///
/// ```
/// use wellspring_core::{AuthorizationGrant, ExtensionGrant, GrantParameters};
///
/// let subject = GrantParameters::new()
///     .with("subject_token", "token of another server")
///     .with("subject_token_type", "urn:ietf:params:oauth:token-type:access_token");
/// let grant = ExtensionGrant::new("urn:ietf:params:oauth:grant-type:token-exchange", subject).repeatable();
/// assert!(!format!("{grant:?}").contains("token of another server"));
/// // source.sign_in(AuthorizationGrant::Extension(grant))
/// # let _ = AuthorizationGrant::Extension(grant);
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
pub struct ExtensionGrant {
    grant_type: String,
    parameters: GrantParameters,
    repeatable: bool,
}

impl ExtensionGrant {
    /// A grant that the server accepts once, as it does an authorization code.
    #[must_use]
    pub fn new(grant_type: impl Into<String>, parameters: GrantParameters) -> Self {
        Self { grant_type: grant_type.into(), parameters, repeatable: false }
    }

    /// The server accepts the grant more than once. If the answer is lost, the sign-in may then be tried again with the same
    /// grant, and its error says so.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// The `grant_type` of the token request.
    #[must_use]
    pub fn grant_type(&self) -> &str {
        &self.grant_type
    }

    /// The other parameters of the token request.
    #[must_use]
    pub const fn parameters(&self) -> &GrantParameters {
        &self.parameters
    }

    /// Whether the server accepts the grant more than once.
    #[must_use]
    pub const fn is_repeatable(&self) -> bool {
        self.repeatable
    }
}
