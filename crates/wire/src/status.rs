//! What the status of a response says: before any code, and where there is no code.

use alloc::format;

use wellspring_core::{ErrorSubject, Fate, TokenError};

/// The error for a status that concerns the server's health or an intermediary, independent of the body.
pub(crate) fn error_of_status(status: u16, has_retry_after: bool) -> Option<TokenError> {
    let unavailable = |text, fate| Some(TokenError::unavailable(text).with_fate(fate));
    match status {
        200..=299 => None,
        // A request with a secret is never repeated at another URL. The server may have processed the request before it
        // sent one of these two (RFC 9110 §15.4).
        302 | 303 => Some(redirected().with_fate(Fate::Unknown)),
        300..=399 => Some(redirected()),
        429 => unavailable("the endpoint received too many requests", Fate::Unspent),
        // The server refuses the request before it processes it (RFC 8470 §5.2).
        425 => unavailable("the endpoint refused the request as TLS early data", Fate::Unspent),
        408 => unavailable("the endpoint timed out while it waited for the request", Fate::Unknown),
        407 => Some(TokenError::from_intermediary("a proxy requires credentials")),
        503 if has_retry_after => unavailable("the endpoint is temporarily unavailable", Fate::Unspent),
        500..=599 => unavailable("the endpoint failed", Fate::Unknown),
        400..=499 => None,
        _ => Some(TokenError::protocol("the response has an invalid status").with_fate(Fate::Unknown)),
    }
}

fn redirected() -> TokenError {
    TokenError::protocol("the endpoint redirected the token request, and a token request follows no redirect")
}

/// Whether a status says that there is no token endpoint at the URL, whatever the body.
pub(crate) const fn is_wrong_url(status: u16) -> bool {
    matches!(status, 404 | 405 | 410)
}

/// The error for a refusal whose code, if there is one, has no known meaning.
///
/// Only a 401 is a verdict on the credential. Any other refusal may come from a gateway, a firewall or a deployment that is
/// over in a second: the source takes it for lasting only after several of them.
pub(crate) fn refusal_without_code(status: u16) -> TokenError {
    match status {
        401 => TokenError::misconfigured("the endpoint did not accept the client's credentials"),
        _ if is_wrong_url(status) => TokenError::misconfigured(format!(
            "the server answers {status}: is this the token endpoint's URL?"
        ))
        .about(ErrorSubject::TokenUrl)
        .without_verdict(),
        // The request itself is wrong: its syntax, its length, its media type.
        200..=299 | 400 | 406 | 411 | 413..=417 | 422 | 426 | 431 => {
            TokenError::protocol("the endpoint refused the request").without_verdict()
        }
        _ => refusal_in_plain_text(),
    }
}

/// The error for a refusal of which only the status is known. Plain text may be that of a gateway, whatever the status.
pub(crate) fn refusal_in_plain_text() -> TokenError {
    TokenError::from_intermediary("the server refused the request and does not say why").without_verdict()
}
