//! What the error codes of the envelope mean.
//!
//! The vendor publishes no codes for this service. The table takes over the codes of the vendor's chat service, which
//! uses the same envelope. An error shows a code outside the table unchanged.

use wellspring_wire::{Meaning, TokenFormat};

/// Code and meaning. Bad request (100) is left out: no renewal rule follows from it.
const CHAT_SERVICE_CODES: [(&str, Meaning); 6] = [
    // Invalid token: the refresh token in a reissue, the credentials in an issue.
    ("101", Meaning::GrantRefused),
    // Forbidden.
    ("102", Meaning::Misconfigured),
    // Not found, method not allowed: the URL is wrong.
    ("103", Meaning::Misconfigured),
    ("104", Meaning::Misconfigured),
    // Internal server error.
    ("105", Meaning::Unavailable),
    // Server is busy.
    ("108", Meaning::NotProcessed),
];

pub(crate) fn with_codes(format: TokenFormat) -> TokenFormat {
    CHAT_SERVICE_CODES.into_iter().fold(format, |format, (code, meaning)| format.code(code, meaning))
}
