//! What the error codes of token endpoints mean.

use wellspring_core::AuthorizationGrant;

/// What an error code of a token endpoint means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Meaning {
    /// The grant is no longer valid. For client credentials: the operator must change them.
    GrantRefused,
    /// The operator must change the configuration.
    Misconfigured,
    /// The endpoint is unavailable and did not process the request.
    NotProcessed,
    /// The endpoint is unavailable and may have processed the request.
    Unavailable,
    /// The user has not answered yet; the same device code may bring a token later.
    Pending,
    /// The code has no known meaning: the refusal is no verdict on the credential.
    Unknown,
}

impl Meaning {
    /// Each word for a meaning in a configuration, and the meaning: `login_required`, `misconfigured`, `try_again` (the
    /// endpoint has not processed the request), `unavailable` (it may have), `pending` and `unknown`.
    pub const WORDS: [(&'static str, Self); 6] = [
        ("login_required", Self::GrantRefused),
        ("misconfigured", Self::Misconfigured),
        ("try_again", Self::NotProcessed),
        ("unavailable", Self::Unavailable),
        ("pending", Self::Pending),
        ("unknown", Self::Unknown),
    ];

    /// The meaning that a configuration gives to a code, by its word.
    ///
    /// ```
    /// use wellspring_wire::Meaning;
    ///
    /// assert_eq!(Meaning::from_word("login_required"), Some(Meaning::GrantRefused));
    /// assert_eq!(Meaning::from_word("try again"), None);
    /// ```
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, meaning)| *meaning)
    }

    /// The meaning that the standards give to a code in the response to this grant.
    pub(crate) fn by_standard(code: &str, grant: &AuthorizationGrant) -> Self {
        match grant {
            AuthorizationGrant::DeviceCode(_) => device_meaning(code),
            _ => standard_meaning(code),
        }
    }
}

/// The codes of [RFC 8628 §3.5](https://www.rfc-editor.org/rfc/rfc8628#section-3.5), and those of every grant.
fn device_meaning(code: &str) -> Meaning {
    match code {
        "authorization_pending" | "slow_down" => Meaning::Pending,
        "access_denied" | "expired_token" => Meaning::GrantRefused,
        _ => standard_meaning(code),
    }
}

/// The codes of [RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2), those of
/// [§4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1) that servers use in token responses too, and
/// [RFC 8707 §2](https://www.rfc-editor.org/rfc/rfc8707#section-2).
fn standard_meaning(code: &str) -> Meaning {
    match code {
        "invalid_grant" => Meaning::GrantRefused,
        "invalid_client"
        | "unauthorized_client"
        | "invalid_scope"
        | "unsupported_grant_type"
        | "invalid_target" => Meaning::Misconfigured,
        "temporarily_unavailable" => Meaning::NotProcessed,
        "server_error" => Meaning::Unavailable,
        _ => Meaning::Unknown,
    }
}
