//! Checks of an app's settings that need no other setting.

use wellspring_core::{Origin, TokenError};
use wellspring_wire::form_decode;

/// The parameters that this crate sets in an authorization URL or a request for a device code. A parameter must not occur
/// twice (RFC 6749 §3.1).
pub(crate) const AUTHORIZE: &[&str] = &[
    "client_id",
    "client_secret",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
];
/// The parameters that this crate sets in a token request.
pub(crate) const TOKEN: &[&str] = &[
    "grant_type",
    "code",
    "device_code",
    "redirect_uri",
    "client_id",
    "client_secret",
    "refresh_token",
    "scope",
    "code_verifier",
];

pub(crate) fn has_parameter(parameters: &[(String, String)], name: &str) -> bool {
    parameters.iter().any(|(known, _)| known == name)
}

/// The parameters in the query of a URL.
pub(crate) fn query_parameters(url: &str) -> Vec<(String, String)> {
    form_decode(url.split_once('?').map_or("", |(_, query)| query))
}

pub(crate) fn check_reserved(
    setting: &str,
    parameters: &[(String, String)],
    reserved: &[&str],
) -> Result<(), TokenError> {
    match reserved.iter().find(|name| has_parameter(parameters, name)) {
        None => Ok(()),
        Some(name) => Err(TokenError::misconfigured(format!("{setting} must not set {name}"))),
    }
}

pub(crate) fn missing<T>(setting: &str) -> Result<T, TokenError> {
    Err(TokenError::misconfigured(format!("{setting} is missing")))
}

pub(crate) fn checked_url(setting: &str, url: String) -> Result<String, TokenError> {
    match Origin::of(&url) {
        Ok(_) => Ok(url),
        Err(error) => Err(TokenError::misconfigured(format!("{setting} is invalid: {error}"))),
    }
}
