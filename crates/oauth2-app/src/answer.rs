//! Answers of the endpoints beside the token endpoint: a JSON object, or what it means that there is none.

use wellspring_core::{AuthorizationGrant, HttpResponse, TokenError, UnixTime};
use wellspring_wire::{Body, ErrorBody, Object, Redaction, TokenFormat};

/// The object in a successful answer to a call that carried a token.
///
/// Health, pauses and foreign pages mean what they mean at the token endpoint; a 401 and a 403 speak of the
/// token, and a driver has tried another one by now.
pub(crate) fn object(response: &HttpResponse, now: UnixTime) -> Result<Object, TokenError> {
    read(
        response,
        now,
        match response.status() {
            401 => Some("the API refuses the access token"),
            403 => Some("the API refuses what the access token is allowed to do: see its scope"),
            _ => None,
        },
    )
}

/// The object in a successful answer to a request that carried nothing.
pub(crate) fn public_object(response: &HttpResponse, now: UnixTime) -> Result<Object, TokenError> {
    let refused = matches!(response.status(), 401 | 403);
    read(response, now, refused.then_some("the server does not show this to everybody"))
}

fn read(response: &HttpResponse, now: UnixTime, refused: Option<&'static str>) -> Result<Object, TokenError> {
    let body = Body::of(response);
    // What this format reads was spent by nobody: the request carried a token, no grant.
    let format = TokenFormat::new();
    match (body, refused) {
        (Body::Object(said), Some(text)) => Err(refusal(text, response.status(), &said)),
        (Body::Unreadable(_), Some(text)) => {
            Err(TokenError::protocol(text).with_status(response.status(), None))
        }
        (Body::Object(object), None) if response.head().is_success() && !has_error(&object) => Ok(object),
        (Body::Object(said), None) => {
            Err(format.refused(&AuthorizationGrant::ClientCredentials, response, &ErrorBody::of(&said), now))
        }
        (Body::Unreadable(fault), None) => {
            Err(format.unreadable(&AuthorizationGrant::ClientCredentials, response, fault, now))
        }
    }
}

/// An error of the endpoint's own, in its own words as far as they may be shown.
pub(crate) fn refusal(text: &'static str, status: u16, said: &Object) -> TokenError {
    let said = ErrorBody::of(said);
    let redaction = Redaction::new();
    let mut error = TokenError::protocol(text).with_status(status, None);
    if let Some(code) = said.code.as_deref().and_then(|code| redaction.code(code)) {
        error = error.with_code(code);
    }
    match &said.message {
        Some(message) => error.with_description(redaction.text(message)),
        None => error,
    }
}

pub(crate) fn has_error(object: &Object) -> bool {
    object.get("error").is_some_and(|error| !error.is_null() && error.as_text() != Some(""))
}
