//! The dialect of one token endpoint: pure questions that the machines ask.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::hash::Hasher;
use core::time::Duration;

use crate::{
    AuthorizationCode, CodeVerifier, DeviceCode, HttpRequest, HttpResponse, Origin, RefreshToken,
    ResponseHead, Scope, TokenError, TokenKey, TokenResponse, UnixTime,
};

/// What one request spends to get a token.
#[derive(Clone, Debug)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
#[non_exhaustive]
pub enum AuthorizationGrant {
    /// The client's own credentials, which may be spent again.
    ClientCredentials,
    /// A refresh token ([RFC 6749 §6](https://www.rfc-editor.org/rfc/rfc6749#section-6)).
    RefreshToken(RefreshToken),
    /// An authorization code ([RFC 6749 §4.1.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3)), which
    /// is sent once and never again.
    AuthorizationCode {
        /// The code that the callback brought.
        code: AuthorizationCode,
        /// The redirect URI of the authorization request, to the byte.
        redirect_uri: String,
        /// The PKCE verifier, where the authorization request carried a challenge.
        verifier: Option<CodeVerifier>,
    },
    /// A device code ([RFC 8628 §3.4](https://www.rfc-editor.org/rfc/rfc8628#section-3.4)), which is sent again and
    /// again until the user has decided: a sign-in that fails with the fate [`Unspent`](crate::Fate::Unspent) or
    /// [`Unknown`](crate::Fate::Unknown) may be tried again with the same one.
    DeviceCode(DeviceCode),
}

/// What a token endpoint's answer means.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "the renewal matches on every case")]
pub enum Reading {
    /// A token.
    Granted(TokenResponse),
    /// Not this way; spend that instead, once, within the same exchange.
    Next(AuthorizationGrant),
    /// No token. The error's [`Fate`](crate::Fate) says what has become of the grant.
    Refused(TokenError),
}

/// What an API's answer says of the token that the call carried.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "`send` matches on every case")]
pub enum Verdict {
    /// Nothing: the answer is the caller's.
    Accepted,
    /// The token was refused; another one may not be.
    TokenRefused,
    /// The token is good and lacks a scope, which is named where the API names it.
    ScopeMissing(Option<Scope>),
}

/// Whether a refresh token survives its use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "there is no third answer: what is not known to survive counts as spent"
)]
pub enum Rotation {
    /// Each use may spend it; so do all whose rotation is not known, until a refresh shows otherwise.
    SingleUse,
    /// It stays in force.
    Reusable,
}

/// Whether a single-use grant whose fate is unknown may be sent again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the renewal matches on every case")]
pub enum Replay {
    /// Never: ask for a new sign-in instead.
    Never,
    /// Within this time of its first sending: the server answers a repetition in that window alike.
    Within(Duration),
    /// Once nobody is left who could still get the lost answer: then a replay destroys nothing.
    #[default]
    OwnerDead,
    /// Once, when the access token has expired and nothing else is left.
    LastResort,
}

/// The data by which the machines treat one provider's tokens.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProviderSpec {
    /// The provider's crate name, for logs and keys.
    pub name: Cow<'static, str>,
    /// Which token this is.
    pub key: TokenKey,
    /// Whether [`AuthorizationGrant::ClientCredentials`] is an answer to "nothing to refresh with".
    pub credentials: bool,
    /// Whether refresh tokens survive their use.
    pub rotation: Rotation,
    /// Whether a refresh token of unknown fate may be sent again.
    pub replay: Replay,
    /// The origins to which calls may carry the token.
    pub origins: Vec<Origin>,
    /// How many bytes of an API's answer [`Provider::judge`] wants to see; zero when its head is enough.
    pub judged_bytes: usize,
}

impl ProviderSpec {
    /// A profile with the careful defaults: no credentials, single-use refresh tokens, no origin.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>, key: TokenKey) -> Self {
        Self {
            name: name.into(),
            key,
            credentials: false,
            rotation: Rotation::SingleUse,
            replay: Replay::default(),
            origins: Vec::new(),
            judged_bytes: 0,
        }
    }
}

/// One token endpoint's dialect: builds its requests, reads its answers, says what kills a grant.
///
/// Pure: no I/O, no clock, no state. An exchange has no state of its own, so this is dyn-safe.
pub trait Provider: Send + Sync + fmt::Debug {
    /// The request that spends this.
    ///
    /// # Errors
    ///
    /// When this provider cannot spend it, or its configuration makes no request possible.
    fn request(&self, spend: &AuthorizationGrant, now: UnixTime) -> Result<HttpRequest, TokenError>;

    /// What the answer to that request means.
    fn read(&self, spend: &AuthorizationGrant, response: &HttpResponse, now: UnixTime) -> Reading;

    /// The request that revokes this refresh token, where the provider can
    /// ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)).
    fn revocation(&self, token: &RefreshToken) -> Option<HttpRequest> {
        let _ = token;
        None
    }

    /// What an API's answer says of the token it was called with.
    fn judge(&self, head: &ResponseHead, body_start: &[u8]) -> Verdict;

    /// Feeds the provider's own credential, a client secret say, to this hasher, so that a changed one is noticed: it
    /// need not wait for the end of a pause that the old one earned. Only a salted fingerprint is ever stored.
    fn credential(&self, hasher: &mut dyn Hasher) {
        let _ = hasher;
    }

    /// The data by which the machines treat this provider's tokens.
    fn spec(&self) -> &ProviderSpec;
}

impl<P: Provider + ?Sized> Provider for Arc<P> {
    fn request(&self, spend: &AuthorizationGrant, now: UnixTime) -> Result<HttpRequest, TokenError> {
        (**self).request(spend, now)
    }

    fn read(&self, spend: &AuthorizationGrant, response: &HttpResponse, now: UnixTime) -> Reading {
        (**self).read(spend, response, now)
    }

    fn revocation(&self, token: &RefreshToken) -> Option<HttpRequest> {
        (**self).revocation(token)
    }

    fn judge(&self, head: &ResponseHead, body_start: &[u8]) -> Verdict {
        (**self).judge(head, body_start)
    }

    fn credential(&self, hasher: &mut dyn Hasher) {
        (**self).credential(hasher);
    }

    fn spec(&self) -> &ProviderSpec {
        (**self).spec()
    }
}
