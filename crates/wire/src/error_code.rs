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
    /// The code has no known meaning.
    Unknown,
}

impl Meaning {
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
