//! What an endpoint grants, and the token in force that callers get.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use crate::generation::Generation;
use crate::members::Members;
use crate::scope::Scope;
use crate::secret::{AccessToken, IdToken, RefreshToken};
use crate::time::Clocks;

/// One successful token response, in the terms of
/// [RFC 6749 §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1).
#[derive(Clone, Debug)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
#[non_exhaustive]
pub struct TokenResponse {
    /// The access token.
    pub access_token: AccessToken,
    /// Its lifetime, counted from the sending of its request; `None` when unknown.
    pub lifetime: Option<Duration>,
    /// A refresh token, where the response has one.
    pub refresh_token: Option<RefreshToken>,
    /// How long the refresh token lives, where that is known.
    pub refresh_lifetime: Option<Duration>,
    /// The granted scope; `None` means as requested.
    pub scope: Option<Scope>,
    /// The other members of the response, such as `id_token`. A refresh response need not repeat them: see
    /// [`Token::members`].
    pub members: Members,
    /// Deviations from the standard that the reader accepted.
    pub deviations: Vec<Deviation>,
}

impl TokenResponse {
    /// A response that carries an access token and nothing else.
    #[must_use]
    pub fn new(access_token: impl Into<AccessToken>) -> Self {
        Self {
            access_token: access_token.into(),
            lifetime: None,
            refresh_token: None,
            refresh_lifetime: None,
            scope: None,
            members: Members::default(),
            deviations: Vec::new(),
        }
    }

    /// A response that carries only a refresh token: no access token that can be used.
    #[must_use]
    pub fn without_access_token(successor: Successor) -> Self {
        let Successor { refresh_token, lifetime } = successor;
        let response = Self::new(AccessToken::new(String::new())).with_lifetime(Duration::ZERO);
        Self { refresh_lifetime: lifetime, ..response.with_refresh_token(refresh_token) }
    }

    /// The same response, living this long from the sending of its request.
    #[must_use]
    pub const fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }

    /// The same response, with a refresh token.
    #[must_use]
    pub fn with_refresh_token(mut self, refresh_token: impl Into<RefreshToken>) -> Self {
        self.refresh_token = Some(refresh_token.into());
        self
    }

    /// The same response, with the granted scope.
    #[must_use]
    pub fn with_scope(mut self, scope: impl Into<Scope>) -> Self {
        self.scope = Some(scope.into());
        self
    }
}

/// The refresh token of a response that grants no usable access token.
#[derive(Clone, Debug)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
#[non_exhaustive]
pub struct Successor {
    /// The refresh token to use next.
    pub refresh_token: RefreshToken,
    /// How long it lives, counted from the sending of its request, where that is known.
    pub lifetime: Option<Duration>,
}

impl Successor {
    /// A refresh token whose lifetime is not known.
    #[must_use]
    pub const fn new(refresh_token: RefreshToken) -> Self {
        Self { refresh_token, lifetime: None }
    }

    /// The same refresh token, which lives this long from the sending of its request.
    #[must_use]
    pub const fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = Some(lifetime);
        self
    }
}

/// A harmless deviation from the standard that the reader of a response accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Deviation {
    /// `token_type` is missing; `Bearer` is taken.
    TokenTypeMissing,
    /// `expires_in` is a string of digits.
    LifetimeIsText,
    /// `expires_in` has a fraction, rounded down.
    LifetimeIsFractional,
    /// `expires_in` is more than ten years, or more than a number can hold; ten years are taken.
    LifetimeIsCut,
    /// `expires_in` is zero or negative: the token is given to those who waited and not kept.
    LifetimeIsOver,
    /// `expires_in` is neither a number nor digits, and is treated as missing.
    LifetimeUnreadable,
    /// The scope is an array of strings.
    ScopeIsArray,
    /// The body starts with a byte order mark.
    ByteOrderMark,
    /// Members that no token needs are left out: all together are longer than 64 KiB.
    MembersLeftOut,
    /// The connection ended before the announced end of the body, after a complete JSON document.
    FrameCutShort,
}

/// When a token expires, and how long before that it is due.
#[derive(Clone, Copy)]
pub(crate) struct Due {
    pub(crate) lifetime: Duration,
    pub(crate) expires: Clocks,
    pub(crate) lead: Duration,
}

/// An access token in force. Cheap to clone; its text is wiped with the last clone.
#[derive(Clone)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
pub struct Token(Arc<Parts>);

#[derive(Clone)]
#[cfg_attr(wellspring_explore, derive(PartialEq, Eq, Hash))]
struct Parts {
    access_token: AccessToken,
    generation: Generation,
    sent: Clocks,
    lifetime: Option<Duration>,
    expires: Option<Clocks>,
    renew_at: Option<Clocks>,
    scope: Option<Scope>,
    members: Members,
}

impl Token {
    pub(crate) fn new(
        response: TokenResponse,
        generation: Generation,
        sent: Clocks,
        due: Option<Due>,
    ) -> Self {
        Self(Arc::new(Parts {
            access_token: response.access_token,
            generation,
            sent,
            lifetime: due.map(|due| due.lifetime),
            expires: due.map(|due| due.expires),
            renew_at: due.map(|due| due.expires.minus(due.lead)),
            scope: response.scope,
            members: response.members,
        }))
    }

    /// The token itself, for the `Authorization` header and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.access_token.expose()
    }

    pub(crate) fn has_text_of(&self, response: &TokenResponse) -> bool {
        self.0.access_token == response.access_token
    }

    /// The same token, as that of this generation.
    pub(crate) fn of_generation(self, generation: Generation) -> Self {
        Self(Arc::new(Parts { generation, ..Parts::clone(&self.0) }))
    }

    /// Which token of its key this is. A refusal names the generation that it means.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.0.generation
    }

    /// The granted scope; `None` means as requested.
    #[must_use]
    pub fn scope(&self) -> Option<&Scope> {
        self.0.scope.as_ref()
    }

    /// The members of the token response beyond those of RFC 6749, such as `instance_url`.
    ///
    /// They belong to the session: a refresh response that does not repeat a member keeps the one of before, as
    /// [OpenID Connect Core §12.2](https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokenResponse) has it for
    /// `id_token`. Any other grant begins with the members of its own response. `null` counts as absent. A store keeps
    /// them. At most [`Members::MAX_BYTES`] are kept.
    #[must_use]
    pub fn members(&self) -> &Members {
        &self.0.members
    }

    /// The ID token of the session
    /// ([OpenID Connect Core §3.1.3.3](https://openid.net/specs/openid-connect-core-1_0.html#TokenResponse)), as
    /// received: its signature and its claims are not checked. After a refresh it is the newest that the server has sent,
    /// and it may have expired.
    #[must_use]
    pub fn id_token(&self) -> Option<IdToken> {
        let member = self.members().get("id_token").filter(|member| member.is_text())?;
        Some(IdToken::new(member.expose())).filter(|token| !token.expose().is_empty())
    }

    /// Its whole lifetime, counted from the sending of its request; `None` when unknown.
    #[must_use]
    pub fn lifetime(&self) -> Option<Duration> {
        self.0.lifetime
    }

    /// When its request was sent, on both clocks of the driver that holds it.
    #[must_use]
    pub fn sent(&self) -> Clocks {
        self.0.sent
    }

    /// When it expires, on both clocks of the driver that holds it; `None` when unknown. As a `SystemTime` it is
    /// `expires_at`, with the feature `std`.
    #[must_use]
    pub fn expires(&self) -> Option<Clocks> {
        self.0.expires
    }

    /// When it is due for renewal, with its own share of jitter; `None` when unknown.
    #[must_use]
    pub fn renew_at(&self) -> Option<Clocks> {
        self.0.renew_at
    }

    /// How much of its life is left.
    #[must_use]
    pub fn remaining(&self, now: Clocks) -> Option<Duration> {
        self.expires().map(|expires| now.until(expires))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("generation", &self.0.generation)
            .field("lifetime", &self.0.lifetime)
            .field("scope", &self.0.scope)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn debug_of_a_token_shows_its_place_and_not_its_text() {
        let response = TokenResponse::new(AccessToken::new("canary")).with_scope(Scope::parse("a"));
        let token = Token::new(response, Generation::new(3), Clocks::default(), None);
        assert_eq!(token.scope(), Some(&Scope::parse("a")));
        assert_eq!(
            format!("{token:?}"),
            "Token { generation: Generation(3), lifetime: None, scope: Some(Scope([\"a\"])), .. }"
        );
    }
}
