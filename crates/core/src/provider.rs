//! One token endpoint's requests and responses: pure functions that the machines call.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::hash::Hasher;
use core::time::Duration;

use crate::call_format::CallFormat;
use crate::error::TokenError;
use crate::extension_grant::ExtensionGrant;
use crate::http::{HttpRequest, HttpResponse, ResponseHead};
use crate::key::TokenKey;
use crate::origin::Origin;
use crate::scope::Scope;
use crate::secret::{AuthorizationCode, CodeVerifier, DeviceCode, RefreshToken};
use crate::time::UnixTime;
use crate::token::{Successor, TokenResponse};

/// The authorization grant of one token request ([RFC 6749 §1.3](https://www.rfc-editor.org/rfc/rfc6749#section-1.3)).
#[derive(Clone, Debug)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
#[non_exhaustive]
pub enum AuthorizationGrant {
    /// The client's own grant, which may be sent again at any time: its credentials, or what the provider makes from them.
    ClientCredentials,
    /// A refresh token ([RFC 6749 §6](https://www.rfc-editor.org/rfc/rfc6749#section-6)).
    RefreshToken(RefreshToken),
    /// An authorization code ([RFC 6749 §4.1.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3)), which
    /// is sent once.
    AuthorizationCode {
        /// The code that the callback brought.
        code: AuthorizationCode,
        /// The redirect URI of the authorization request, to the byte.
        redirect_uri: String,
        /// The PKCE verifier, where the authorization request carried a challenge.
        verifier: Option<CodeVerifier>,
    },
    /// A device code ([RFC 8628 §3.4](https://www.rfc-editor.org/rfc/rfc8628#section-3.4)), which is polled until the
    /// user has decided: a sign-in that fails with the fate [`Unspent`](crate::Fate::Unspent) or
    /// [`Unknown`](crate::Fate::Unknown) may be retried with the same code.
    DeviceCode(DeviceCode),
    /// Any other grant ([RFC 6749 §4.5](https://www.rfc-editor.org/rfc/rfc6749#section-4.5)).
    Extension(ExtensionGrant),
}

impl AuthorizationGrant {
    /// A refresh token that another program has obtained. To keep it without sending it, see
    /// [`ExistingTokens`](crate::ExistingTokens).
    #[must_use]
    pub fn refresh_token(token: impl Into<RefreshToken>) -> Self {
        Self::RefreshToken(token.into())
    }
}

/// What a token endpoint's response means.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "the renewal matches on every case")]
pub enum Reading {
    /// A token.
    Granted(TokenResponse),
    /// A response that grants a new refresh token, but no access token that can be used. The refresh token is kept before
    /// any caller gets the error, because the server accepts no other.
    Unusable {
        /// The new refresh token.
        successor: Successor,
        /// What is wrong with the response.
        error: TokenError,
    },
    /// No token for this grant: send that grant instead, once, within the same exchange.
    Next(AuthorizationGrant),
    /// No token. The error's [`Fate`](crate::Fate) says whether the grant is spent.
    Refused(TokenError),
}

/// What an API's response says of the token that the call carried.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "`send` matches on every case")]
pub enum Verdict {
    /// The API took the token: the response is the caller's.
    Accepted,
    /// The API refused the token; it may take another one.
    TokenRefused,
    /// The token lacks a scope, which the API may have named.
    ScopeMissing(Option<Scope>),
}

/// Whether a refresh token survives its use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "there is no third case: a grant that is not known to survive counts as spent"
)]
pub enum Rotation {
    /// Each use may spend it. Also for providers whose rotation is not known, until a refresh shows otherwise.
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
    /// Within this time of its first sending, in which the server answers a repetition alike.
    Within(Duration),
    /// When no process is left that could still get the lost response: then a replay destroys nothing.
    #[default]
    OwnerDead,
    /// Once, when the access token has expired.
    LastResort,
}

/// The data with which the machines handle one provider's tokens.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProviderSpec {
    /// The provider's crate name, for logs and keys.
    pub name: Cow<'static, str>,
    /// Which token this is.
    pub key: TokenKey,
    /// The scope that a sign-in asks for; empty where the server decides, or no user signs in. A stored session that was
    /// asked for less does not serve this provider: the user signs in again.
    pub requested_scope: Scope,
    /// Whether the provider grants tokens for [`AuthorizationGrant::ClientCredentials`].
    pub credentials: bool,
    /// Whether refresh tokens survive their use.
    pub rotation: Rotation,
    /// Whether a refresh token of unknown fate may be sent again.
    pub replay: Replay,
    /// The origins to which calls may carry the token.
    pub origins: Vec<Origin>,
    /// What each call of the API carries.
    pub calls: CallFormat,
    /// How many bytes of an API's response body [`Provider::judge`] reads; zero when the head is enough.
    pub judged_bytes: usize,
}

impl ProviderSpec {
    /// A spec with the careful defaults: no credentials, single-use refresh tokens, no origin.
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>, key: TokenKey) -> Self {
        Self {
            name: name.into(),
            key,
            requested_scope: Scope::default(),
            credentials: false,
            rotation: Rotation::SingleUse,
            replay: Replay::default(),
            origins: Vec::new(),
            calls: CallFormat::new(),
            judged_bytes: 0,
        }
    }
}

/// One token endpoint: builds its requests, reads its responses, says which errors end a grant.
///
/// Pure: no I/O, no clock, no state. An exchange has no state of its own, so this is dyn-safe.
pub trait Provider: Send + Sync + fmt::Debug {
    /// The request that sends this grant.
    ///
    /// # Errors
    ///
    /// When this provider does not take the grant, or its configuration makes no request possible.
    fn request(&self, spend: &AuthorizationGrant, now: UnixTime) -> Result<HttpRequest, TokenError>;

    /// The token of a provider that has one without a request, such as an API key; `None` for every provider with a token
    /// endpoint. A renewal then takes this token, or this error, and sends nothing.
    fn own_token(&self, now: UnixTime) -> Option<Result<TokenResponse, TokenError>> {
        let _ = now;
        None
    }

    /// What the response to that request means.
    fn read(&self, spend: &AuthorizationGrant, response: &HttpResponse, now: UnixTime) -> Reading;

    /// The request that revokes this refresh token, where the provider can
    /// ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)).
    fn revocation(&self, token: &RefreshToken) -> Option<HttpRequest> {
        let _ = token;
        None
    }

    /// What an API's response says of the token that the call carried.
    fn judge(&self, head: &ResponseHead, body_start: &[u8]) -> Verdict;

    /// Feeds the provider's own credential, part by part, to this hasher: [`Credential`](crate::Credential) has a method for
    /// each part. A changed credential need not wait for the end of the old one's pause. Only a salted fingerprint is ever
    /// stored. The client certificate of a transport's TLS settings is added by the transport.
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

    fn own_token(&self, now: UnixTime) -> Option<Result<TokenResponse, TokenError>> {
        (**self).own_token(now)
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
