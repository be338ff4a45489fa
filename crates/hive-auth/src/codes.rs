//! What the codes of a refusal mean.
//!
//! None are published for this service. These are those of the provider's chat service, which answers in the
//! same envelope; a code that is not among them is told as it came.

use wellspring_wire::{Meaning, TokenFormat};

/// Code and meaning: bad request (100) says nothing that could be acted upon and is left out.
const BY_ANALOGY: [(&str, Meaning); 6] = [
    // Invalid token: of a reissue the refresh token, of an issue the credentials.
    ("101", Meaning::GrantRefused),
    // Forbidden.
    ("102", Meaning::Misconfigured),
    // Not found, method not allowed: another URL is needed.
    ("103", Meaning::Misconfigured),
    ("104", Meaning::Misconfigured),
    // Internal server error.
    ("105", Meaning::Unavailable),
    // Server is busy.
    ("108", Meaning::NotProcessed),
];

pub(crate) fn with_codes(format: TokenFormat) -> TokenFormat {
    BY_ANALOGY.into_iter().fold(format, |format, (code, meaning)| format.code(code, meaning))
}
