//! How the auth service's answers are read.
//!
//! The reader looks at the envelope whatever the HTTP status is: a 200 may carry an error, and the envelope of an error
//! is more precise than the status.

use core::time::Duration;

use wellspring_core::{
    AuthorizationGrant, ErrorKind, HttpResponse, Reading, RefreshToken, TokenError, TokenResponse, UnixTime,
};
use wellspring_wire::{Body, ErrorBody, JwtTimes, Object, TokenFormat, TokenNames, date_of};

use crate::codes::with_codes;
use crate::envelope::Envelope;

/// Reads token answers.
#[derive(Clone, Debug)]
pub(crate) struct TokenReader {
    format: TokenFormat,
    /// The codes that mean success beside 0, each only together with the message "success".
    pub(crate) success_codes: Vec<i64>,
}

impl TokenReader {
    /// A reader that redacts this secret key.
    pub(crate) fn new(secret_key: &str) -> Self {
        // No member of the envelope holds a lifetime, but the tokens are JWTs.
        let mut names = TokenNames::default();
        names.access_token = "accessToken".into();
        names.refresh_token = Some("refreshToken".into());
        names.token_type = None;
        let format = with_codes(TokenFormat::new().names(names).jwt_hint()).secret(secret_key);
        Self { format, success_codes: vec![1000] }
    }

    pub(crate) fn read(&self, grant: &AuthorizationGrant, response: &HttpResponse, now: UnixTime) -> Reading {
        match self.granted(grant, response, now) {
            // The provider has credentials, so a refused refresh token does not need a user.
            Err(error) if matches!(grant, AuthorizationGrant::RefreshToken(_)) && is_refusal(&error) => {
                Reading::Next(AuthorizationGrant::ClientCredentials)
            }
            // A code of the envelope refuses the request: nothing in it was granted.
            Err(error) if error.code().is_some() => Reading::Refused(error),
            result => match self.format.keeping(result, grant, response, &["data"]) {
                Reading::Unusable { mut successor, error } => {
                    successor.lifetime = lifetime_of(&successor.refresh_token, response, now);
                    Reading::Unusable { successor, error }
                }
                reading => reading,
            },
        }
    }

    fn granted(
        &self,
        grant: &AuthorizationGrant,
        response: &HttpResponse,
        now: UnixTime,
    ) -> Result<TokenResponse, TokenError> {
        let format = &self.format;
        let is_2xx = response.head().is_success();
        let object = match Body::of(response) {
            Body::Object(object) => object,
            Body::Unreadable(fault) => return Err(format.unreadable(grant, response, fault, now)),
        };
        let envelope = match Envelope::of(&object) {
            Ok(Some(envelope)) => envelope,
            Ok(None) if is_2xx => return Err(format.malformed(grant, response, "the answer has no code")),
            Err(fault) if is_2xx => return Err(format.malformed(grant, response, fault.to_string())),
            Ok(None) | Err(_) => return Err(format.refused(grant, response, &ErrorBody::of(&object), now)),
        };
        if !is_2xx || !self.is_success(&envelope) {
            let body = ErrorBody::own(Some(envelope.code.to_string()), envelope.message.map(str::to_owned));
            return Err(format.refused(grant, response, &body, now));
        }
        let empty = Object::default();
        let mut granted = format.token(grant, response, envelope.data.unwrap_or(&empty), now)?;
        match &granted.refresh_token {
            Some(token) => granted.refresh_lifetime = lifetime_of(token, response, now),
            // A reissue without a refresh token leaves the old one valid; an issue must bring one.
            None if matches!(grant, AuthorizationGrant::ClientCredentials) => {
                return Err(format.malformed(grant, response, "the answer holds no refresh token"));
            }
            None => {}
        }
        Ok(granted)
    }

    /// Whether code and message mean success. The message without a success code does not, nor does a code other than 0
    /// without the message.
    fn is_success(&self, envelope: &Envelope<'_>) -> bool {
        let has_message = || envelope.message.is_some_and(|message| message.eq_ignore_ascii_case("success"));
        envelope.code == 0 || self.success_codes.contains(&envelope.code) && has_message()
    }
}

/// The lifetime of a refresh token, which is a JWT.
fn lifetime_of(token: &RefreshToken, response: &HttpResponse, now: UnixTime) -> Option<Duration> {
    JwtTimes::of(token.expose())?.lifetime(date_of(response.head(), now).unwrap_or(now))
}

/// Whether the service refused the refresh token itself: by its status, by a code for it, or by an unknown code, since
/// the service publishes no codes. An outage, a general prohibition and an unreadable answer are not such a refusal.
fn is_refusal(error: &TokenError) -> bool {
    match (error.kind(), error.status()) {
        (ErrorKind::LoginRequired { .. }, _) | (ErrorKind::Misconfigured, Some(401)) => true,
        (ErrorKind::Protocol, Some(200..=299 | 400..=499)) => error.code().is_some(),
        _ => false,
    }
}
