//! The answers of every endpoint except the token endpoint: a JSON object, or an error.

use wellspring_core::{AuthorizationGrant, ErrorSubject, HttpResponse, TokenError, UnixTime};
use wellspring_wire::{Body, ErrorBody, Object, Redaction, TokenFormat};

/// Reads the object of a successful answer to a call that carried a token.
///
/// Outages, `Retry-After` and pages of an intermediary are read as at the token endpoint. A 401 or a 403 is about the
/// token, and the token source has already retried with another one.
///
/// `what` answers, for the error of a wrong URL: "userinfo endpoint".
pub(crate) fn object(
    what: &'static str,
    response: &HttpResponse,
    now: UnixTime,
) -> Result<Object, TokenError> {
    let refusal = match response.status() {
        401 => Some("the API refuses the access token"),
        403 => Some("the API denies this call to the access token: check its scope"),
        _ => None,
    };
    read(what, response, now, refusal)
}

/// Reads the object of a successful answer to a request without credentials.
pub(crate) fn public_object(
    what: &'static str,
    response: &HttpResponse,
    now: UnixTime,
) -> Result<Object, TokenError> {
    let denied = matches!(response.status(), 401 | 403);
    read(what, response, now, denied.then_some("the server denies public access to this URL"))
}

fn read(
    what: &'static str,
    response: &HttpResponse,
    now: UnixTime,
    refusal: Option<&'static str>,
) -> Result<Object, TokenError> {
    match (Body::of(response), refusal) {
        (Body::Object(body), Some(text)) => Err(error(text, response.status(), &body)),
        (Body::Unreadable(_), Some(text)) => {
            Err(TokenError::protocol(text).with_status(response.status(), None))
        }
        (body, None) => successful(what, &TokenFormat::new(), body, response, now),
    }
}

/// The object of a 2xx without an `error` member. Any other answer is an error, read as at the token endpoint.
pub(crate) fn successful(
    what: &'static str,
    format: &TokenFormat,
    body: Body,
    response: &HttpResponse,
    now: UnixTime,
) -> Result<Object, TokenError> {
    // The request carried no single-use grant, so the error is read as one of client credentials.
    let grant = &AuthorizationGrant::ClientCredentials;
    match body {
        Body::Object(object) if response.head().is_success() && !has_error(&object) => Ok(object),
        Body::Object(body) => {
            Err(about(what, response, format.refused(grant, response, &ErrorBody::of(&body), now)))
        }
        Body::Unreadable(fault) => Err(about(what, response, format.unreadable(grant, response, fault, now))),
    }
}

/// A status that says that the URL is wrong is about the URL of this endpoint, not that of the token endpoint.
fn about(what: &'static str, response: &HttpResponse, error: TokenError) -> TokenError {
    let status = response.status();
    if !(error.is_without_verdict() && matches!(status, 404 | 405 | 410)) {
        return error;
    }
    TokenError::misconfigured(format!("the server answers {status}: is this the {what}'s URL?"))
        .about(ErrorSubject::EndpointUrl)
        .without_verdict()
        .with_status(status, None)
}

/// An error with the code and message of this body, as far as they may be shown.
pub(crate) fn error(text: &'static str, status: u16, body: &Object) -> TokenError {
    let body = ErrorBody::of(body);
    let redaction = Redaction::new();
    let mut error = TokenError::protocol(text).with_status(status, None);
    if let Some(code) = body.code.as_deref().and_then(|code| redaction.code(code)) {
        error = error.with_code(code);
    }
    match &body.message {
        Some(message) => error.with_description(redaction.text(message)),
        None => error,
    }
}

fn has_error(object: &Object) -> bool {
    object.get("error").is_some_and(|error| !error.is_null() && error.as_text() != Some(""))
}
