//! The base URL of AIHubMix.

use core::fmt;

use wellspring_core::{Origin, TokenError};

/// The origin of a base URL, and the URL without its trailing slashes.
pub(crate) fn checked(base_url: impl fmt::Display) -> Result<(Origin, String), TokenError> {
    let base_url = base_url.to_string();
    let origin = Origin::of(&base_url)
        .map_err(|error| TokenError::misconfigured(format!("the base URL is invalid: {error}")))?;
    if base_url.contains('?') {
        return Err(TokenError::misconfigured("the base URL must not carry a query"));
    }
    Ok((origin, base_url.trim_end_matches('/').to_owned()))
}
