//! What an answer of a token endpoint means: a token, or what to do next.
//!
//! The one place that decides it. Status, code and body come together here; the provider's own codes go before
//! the standard's, and a status that speaks of the server's health goes before any code.

use alloc::borrow::Cow;

use wellspring_core::{
    AuthorizationGrant, Deviation, Fate, HttpResponse, LoginReason, Reading, TokenError, TokenResponse,
    UnixTime,
};

use crate::body::{content_type, has_byte_order_mark};
use crate::{Body, BodyFault, ErrorBody, ErrorShape, Json, Object, TokenFormat, retry_after};

/// What a code of a token endpoint means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Meaning {
    /// The grant is no good any more. Of a client's own credentials: the operator has to change them.
    GrantRefused,
    /// The operator has to change something.
    Misconfigured,
    /// The endpoint is not well and did not process the request.
    NotProcessed,
    /// The endpoint is not well; nobody knows what it did.
    Unavailable,
    /// The user has not decided yet: the same device code may bring a token later.
    Pending,
    /// Nothing that anybody here knows.
    Unknown,
}

impl TokenFormat {
    /// Reads a whole answer, for [`Provider::read`](wellspring_core::Provider::read).
    #[must_use]
    pub fn reading(&self, spend: &AuthorizationGrant, response: &HttpResponse, now: UnixTime) -> Reading {
        match self.read(spend, response, now) {
            Ok(granted) => Reading::Granted(granted),
            Err(error) => Reading::Refused(error),
        }
    }

    /// Reads a whole answer.
    ///
    /// # Errors
    ///
    /// Whatever the answer means but a token; the error says what has become of the grant.
    pub fn read(
        &self,
        spend: &AuthorizationGrant,
        response: &HttpResponse,
        now: UnixTime,
    ) -> Result<TokenResponse, TokenError> {
        match Body::of(response) {
            Body::Unreadable(fault) => Err(self.unreadable(spend, response, fault, now)),
            Body::Object(object) if !response.head().is_success() || has_error(&object) => {
                Err(self.refused(spend, response, &ErrorBody::of(&object), now))
            }
            Body::Object(object) => self.token(spend, response, &object, now),
        }
    }

    /// The token in this object, which is the body of a successful answer or a part of it.
    ///
    /// # Errors
    ///
    /// When it is no token response. Then nobody knows whether the grant was spent.
    pub fn token(
        &self,
        spend: &AuthorizationGrant,
        response: &HttpResponse,
        object: &Object,
        now: UnixTime,
    ) -> Result<TokenResponse, TokenError> {
        let marked = has_byte_order_mark(response.expose_body());
        let read = match self.members(spend, object, response.head(), now) {
            Ok(_) if marked && self.strict => Err(Cow::Borrowed("the answer starts with a byte order mark")),
            read => read,
        };
        match read {
            Ok(mut granted) => {
                if marked {
                    granted.deviations.push(Deviation::ByteOrderMark);
                }
                Ok(granted)
            }
            Err(fault) => Err(self.malformed(spend, response, fault)),
        }
    }

    /// An error for a successful answer that is no token response: permanent, and the grant may have been spent.
    #[must_use]
    pub fn malformed(
        &self,
        spend: &AuthorizationGrant,
        response: &HttpResponse,
        fault: impl Into<Cow<'static, str>>,
    ) -> TokenError {
        self.with_snippet(TokenError::protocol(fault).with_fate(Fate::Unknown), spend, response)
    }

    /// What an answer means whose body cannot be read.
    #[must_use]
    pub fn unreadable(
        &self,
        spend: &AuthorizationGrant,
        response: &HttpResponse,
        fault: BodyFault,
        now: UnixTime,
    ) -> TokenError {
        let (status, success) = (response.status(), response.head().is_success());
        let pause = retry_after(response.head(), now);
        let error = match (of_status(status, pause.is_some()), fault) {
            (Some(error), _) => error,
            (None, BodyFault::Page) => TokenError::from_intermediary(fault.text()),
            // A 401 in plain words is what many an endpoint's own framework sends.
            (None, BodyFault::Text) if status != 401 => TokenError::from_intermediary(fault.text()),
            (None, _) if success => TokenError::protocol(fault.text()),
            (None, _) => turned_away(status),
        };
        let error = if success { error.with_fate(Fate::Unknown) } else { error };
        let error = if fault == BodyFault::NotUtf8 {
            error.with_status(status, content_type(response.head()))
        } else {
            self.with_snippet(error, spend, response)
        };
        match pause {
            Some(pause) if !success => error.with_retry_after(pause),
            _ => error,
        }
    }

    /// What an answer means in which the endpoint says this.
    #[must_use]
    pub fn refused(
        &self,
        spend: &AuthorizationGrant,
        response: &HttpResponse,
        said: &ErrorBody,
        now: UnixTime,
    ) -> TokenError {
        let status = response.status();
        let pause = retry_after(response.head(), now);
        let redaction = self.redaction.clone().spend(spend);
        let code = said.code.as_deref().and_then(|code| redaction.code(code));
        let mut error = of_status(status, pause.is_some())
            .or_else(|| of_code(self.meaning(said, spend), said.code.as_deref(), spend))
            .unwrap_or_else(|| turned_away(status))
            .with_status(status, content_type(response.head()));
        if let Some(code) = code {
            error = error.with_code(code);
        }
        error = match &said.message {
            Some(message) => error.with_description(redaction.text(message)),
            None if said.code.is_none() => self.with_snippet(error, spend, response),
            None => error,
        };
        if let Some(pause) = pause { error.with_retry_after(pause) } else { error }
    }

    fn meaning(&self, said: &ErrorBody, spend: &AuthorizationGrant) -> Meaning {
        let Some(code) = said.code.as_deref() else { return Meaning::Unknown };
        let own = self.meanings.iter().rev().find(|(own, _)| own == code).map(|(_, meaning)| *meaning);
        match own {
            Some(meaning) => meaning,
            None if said.shape == ErrorShape::OAuth => match spend {
                AuthorizationGrant::DeviceCode(_) => device_meaning(code),
                _ => standard_meaning(code),
            },
            None => Meaning::Unknown,
        }
    }

    /// The error with what the answer was. A successful one may hold a token, however broken it is.
    fn with_snippet(
        &self,
        error: TokenError,
        spend: &AuthorizationGrant,
        response: &HttpResponse,
    ) -> TokenError {
        let error = error.with_status(response.status(), content_type(response.head()));
        let body = response.expose_body();
        if body.is_empty() {
            return error;
        }
        let redaction = self.redaction.clone().spend(spend);
        let shown =
            if response.head().is_success() { redaction.outline(body) } else { redaction.snippet(body) };
        error.with_snippet(shown)
    }
}

/// Whether a successful answer holds an error all the same. An error goes before a token that stands beside it.
fn has_error(object: &Object) -> bool {
    let none =
        |error: &Json| error.is_null() || error.as_text() == Some("") || error.as_bool() == Some(false);
    object.get("error").is_some_and(|error| !none(error))
}

/// What a status means that speaks of the server's health, or of the way there, whatever the body says.
fn of_status(status: u16, says_when: bool) -> Option<TokenError> {
    let unavailable = |text, fate| Some(TokenError::unavailable(text).with_fate(fate));
    match status {
        200..=299 => None,
        // Never followed: a request with a secret in it is not repeated elsewhere. These two may come after the
        // request was processed (RFC 9110 §15.4).
        302 | 303 => Some(redirected().with_fate(Fate::Unknown)),
        300..=399 => Some(redirected()),
        429 => unavailable("the endpoint asks for fewer requests", Fate::Unspent),
        // Refused before it was processed (RFC 8470 §5.2).
        425 => unavailable("the endpoint did not want the request so early", Fate::Unspent),
        408 => unavailable("the endpoint did not get the request in time", Fate::Unknown),
        407 => Some(TokenError::from_intermediary("a proxy asks for credentials")),
        503 if says_when => unavailable("the endpoint is down for a while", Fate::Unspent),
        500..=599 => unavailable("the endpoint failed", Fate::Unknown),
        400..=499 => None,
        _ => Some(TokenError::protocol("the status makes no sense").with_fate(Fate::Unknown)),
    }
}

fn redirected() -> TokenError {
    TokenError::protocol("the endpoint sends elsewhere, and a token request is never sent elsewhere")
}

/// The codes of [RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2), those of
/// [§4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1) that servers use here too, and
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

/// The codes of [RFC 8628 §3.5](https://www.rfc-editor.org/rfc/rfc8628#section-3.5), and those that every grant has.
fn device_meaning(code: &str) -> Meaning {
    match code {
        "authorization_pending" | "slow_down" => Meaning::Pending,
        "access_denied" | "expired_token" => Meaning::GrantRefused,
        _ => standard_meaning(code),
    }
}

fn of_code(meaning: Meaning, code: Option<&str>, spend: &AuthorizationGrant) -> Option<TokenError> {
    Some(match (meaning, spend) {
        (Meaning::GrantRefused, AuthorizationGrant::RefreshToken(_)) => {
            TokenError::login_required(LoginReason::Refused)
        }
        (Meaning::GrantRefused, AuthorizationGrant::AuthorizationCode { .. }) => {
            TokenError::protocol("the endpoint refused the authorization code").with_fate(Fate::Dead)
        }
        (Meaning::GrantRefused, AuthorizationGrant::DeviceCode(_)) => TokenError::protocol(match code {
            Some("access_denied") => "the user refused the sign-in",
            Some("expired_token") => "nobody has signed in before the code expired",
            _ => "the endpoint refused the device code",
        })
        .with_fate(Fate::Dead),
        (Meaning::GrantRefused, _) => TokenError::misconfigured("the endpoint refused the credentials"),
        (Meaning::Misconfigured, _) => TokenError::misconfigured(match code {
            Some("invalid_client") => "the endpoint does not accept the client id or its secret",
            Some("unauthorized_client") => "this client may not use this grant",
            Some("invalid_scope") => "the endpoint does not grant the scope that was asked for",
            Some("unsupported_grant_type") => "the endpoint does not know this grant",
            Some("invalid_target") => "the endpoint does not know the resource that was asked for",
            _ => "the endpoint turned the client away",
        }),
        (Meaning::NotProcessed, _) => TokenError::unavailable("the endpoint is down for a while"),
        (Meaning::Unavailable, _) => TokenError::unavailable("the endpoint failed").with_fate(Fate::Unknown),
        (Meaning::Pending, _) => TokenError::unavailable("the user has not decided yet"),
        (Meaning::Unknown, _) => return None,
    })
}

/// What a refusal of the endpoint's own means when its code says nothing.
fn turned_away(status: u16) -> TokenError {
    match status {
        401 => TokenError::misconfigured("the endpoint did not accept the client's credentials"),
        403 => TokenError::misconfigured("the endpoint forbids this client to get a token"),
        _ => TokenError::protocol("the endpoint refused the request"),
    }
}
