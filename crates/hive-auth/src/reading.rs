//! What an answer of the auth service means.
//!
//! The envelope is read whatever the status: a success may carry a failure, and a failure says more than its
//! status.

use wellspring_core::{
    AuthorizationGrant, ErrorKind, HttpResponse, Reading, TokenError, TokenResponse, UnixTime,
};
use wellspring_wire::{Body, ErrorBody, JwtTimes, Object, TokenFormat, TokenNames, date_of};

use crate::HiveAuth;
use crate::codes::with_codes;
use crate::envelope::Envelope;

/// The tokens within the envelope. No member says how long they live, but they are JWTs.
pub(crate) fn token_format() -> TokenFormat {
    let mut names = TokenNames::default();
    names.access_token = "accessToken".into();
    names.refresh_token = Some("refreshToken".into());
    names.token_type = None;
    with_codes(TokenFormat::new().names(names).jwt_hint())
}

pub(crate) fn read(
    hive: &HiveAuth,
    spend: &AuthorizationGrant,
    response: &HttpResponse,
    now: UnixTime,
) -> Reading {
    match granted(hive, spend, response, now) {
        Ok(granted) => Reading::Granted(granted),
        // The credentials are at hand: a refresh token that is refused strands nobody.
        Err(error) if matches!(spend, AuthorizationGrant::RefreshToken(_)) && is_refusal(&error) => {
            Reading::Next(AuthorizationGrant::ClientCredentials)
        }
        Err(error) => Reading::Refused(error),
    }
}

fn granted(
    hive: &HiveAuth,
    spend: &AuthorizationGrant,
    response: &HttpResponse,
    now: UnixTime,
) -> Result<TokenResponse, TokenError> {
    let format = hive.format();
    let success = response.head().is_success();
    let object = match Body::of(response) {
        Body::Object(object) => object,
        Body::Unreadable(fault) => return Err(format.unreadable(spend, response, fault, now)),
    };
    let envelope = match Envelope::of(&object) {
        Ok(Some(envelope)) => envelope,
        Ok(None) if success => return Err(format.malformed(spend, response, "the answer has no code")),
        Err(fault) if success => return Err(format.malformed(spend, response, fault.to_string())),
        Ok(None) | Err(_) => return Err(format.refused(spend, response, &ErrorBody::of(&object), now)),
    };
    if !success || !hive.is_success(&envelope) {
        let said = ErrorBody::own(Some(envelope.code.to_string()), envelope.message.map(str::to_owned));
        return Err(format.refused(spend, response, &said, now));
    }
    let none = Object::default();
    let mut granted = format.token(spend, response, envelope.data.unwrap_or(&none), now)?;
    match &granted.refresh_token {
        Some(token) => {
            let reference = date_of(response.head(), now).unwrap_or(now);
            let times = JwtTimes::of(token.expose());
            granted.refresh_lifetime = times.and_then(|times| times.lifetime(reference));
        }
        // Of a reissue it means that the old one stays in force.
        None if matches!(spend, AuthorizationGrant::ClientCredentials) => {
            return Err(format.malformed(spend, response, "the answer holds no refresh token"));
        }
        None => {}
    }
    Ok(granted)
}

/// Whether the service itself turned a refresh token away: by its status, by a code that says so, or by a code
/// that nobody knows, for none are published. Not if it is unwell, forbids everything, or makes no sense.
fn is_refusal(error: &TokenError) -> bool {
    match (error.kind(), error.status()) {
        (ErrorKind::LoginRequired { .. }, _) | (ErrorKind::Misconfigured, Some(401)) => true,
        (ErrorKind::Protocol, Some(200..=299 | 400..=499)) => error.code().is_some(),
        _ => false,
    }
}
