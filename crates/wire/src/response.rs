//! What a response of a token endpoint means: a token, or the error that says what to do next.
//!
//! Only this file decides it. A status that concerns the server's health takes precedence over every error code, and a
//! provider's own codes take precedence over the standard codes.

use alloc::borrow::Cow;
use alloc::string::ToString as _;

use wellspring_core::{
    AuthorizationGrant, Deviation, ErrorSubject, Fate, HttpResponse, LoginReason, Reading, TokenError,
    TokenResponse, UnixTime,
};

use crate::body::{Body, media_type};
use crate::body_fault::BodyFault;
use crate::certificate_page::{certificate_error, is_plain_forbidden, is_plain_unauthorized};
use crate::error_body::ErrorBody;
use crate::error_code::Meaning;
use crate::json::{BYTE_ORDER_MARK, Object};
use crate::member_name::last_member;
use crate::retry_after::retry_after;
use crate::status::{error_of_status, is_wrong_url, refusal_in_plain_text, refusal_without_code};
use crate::token_format::TokenFormat;
use crate::vendor::{self, asks_for_the_user};

impl TokenFormat {
    /// Reads a whole response, for [`Provider::read`](wellspring_core::Provider::read).
    #[must_use]
    pub fn reading(&self, grant: &AuthorizationGrant, response: &HttpResponse, now: UnixTime) -> Reading {
        self.keeping(self.read(grant, response, now), grant, response, &[])
    }

    /// Reads a whole response.
    ///
    /// # Errors
    ///
    /// When the response is not a token response. The error's [`Fate`] says whether the grant was spent.
    pub fn read(
        &self,
        grant: &AuthorizationGrant,
        response: &HttpResponse,
        now: UnixTime,
    ) -> Result<TokenResponse, TokenError> {
        match Body::of(response) {
            Body::Unreadable(fault) => Err(self.unreadable(grant, response, fault, now)),
            Body::Object(object) if !self.is_success(response.status()) || self.is_error(&object, grant) => {
                Err(self.refused(grant, response, &self.error_body(&object), now))
            }
            Body::Object(object) => self.token(grant, response, &object, now),
        }
    }

    /// Reads the token in this object, which is the body of a successful response or a part of it.
    ///
    /// # Errors
    ///
    /// When the object is not a token response. The server may have spent the grant.
    pub fn token(
        &self,
        grant: &AuthorizationGrant,
        response: &HttpResponse,
        object: &Object,
        now: UnixTime,
    ) -> Result<TokenResponse, TokenError> {
        let has_byte_order_mark = response.expose_body().starts_with(BYTE_ORDER_MARK);
        match self.read_members(grant, object, response.head(), now) {
            Ok(_) if has_byte_order_mark && self.strict => {
                Err(self.malformed(grant, response, "the response starts with a byte order mark"))
            }
            Ok(mut granted) => {
                granted.deviations.extend(has_byte_order_mark.then_some(Deviation::ByteOrderMark));
                Ok(granted)
            }
            Err(fault) => Err(self.malformed(grant, response, fault)),
        }
    }

    /// The error for a successful response that is not a token response. The error is permanent, and the server may have
    /// spent the grant.
    #[must_use]
    pub fn malformed(
        &self,
        grant: &AuthorizationGrant,
        response: &HttpResponse,
        fault: impl Into<Cow<'static, str>>,
    ) -> TokenError {
        self.with_snippet(TokenError::protocol(fault).with_fate(Fate::Unknown), grant, response)
    }

    /// The error for a response whose body is not a JSON object.
    #[must_use]
    pub fn unreadable(
        &self,
        grant: &AuthorizationGrant,
        response: &HttpResponse,
        fault: BodyFault,
        now: UnixTime,
    ) -> TokenError {
        let (status, success) = (response.status(), response.head().is_success());
        let pause = retry_after(response.head(), now);
        if let Some(body) = salvaged(response, fault) {
            return self.refused(grant, response, &body, now);
        }
        let (certificate, body) = (certificate_error(status, response.expose_body()), response.expose_body());
        let error = match (error_of_status(status, pause.is_some()).or(certificate), fault) {
            (Some(error), _) => error,
            (None, _) if is_wrong_url(status) => refusal_without_code(status),
            (None, BodyFault::Page | BodyFault::Text) if status == 403 && is_plain_forbidden(body) => {
                TokenError::misconfigured(
                    "the web server in front of the endpoint forbids the request: it may require a client certificate, \
                     or does not let this host in",
                )
                .about(ErrorSubject::Admission)
                .without_verdict()
            }
            (None, BodyFault::Page) if is_plain_unauthorized(response) => refusal_without_code(status),
            (None, BodyFault::Page) => TokenError::from_intermediary(fault.to_string()),
            (None, BodyFault::Text) if success && is_form_with_token(body) => {
                TokenError::protocol("the endpoint answers with a form, not with JSON")
            }
            (None, BodyFault::Text) if success && !response.is_incomplete() => {
                TokenError::from_intermediary(fault.to_string())
            }
            // The web frameworks of many endpoints, and many gateways, send a refusal as plain text.
            (None, BodyFault::Text) if !success && status != 401 => refusal_in_plain_text(),
            (None, _) if success => TokenError::protocol(fault.to_string()),
            (None, _) => refusal_without_code(status),
        };
        let error = match fault {
            _ if !success => error,
            // A document of the endpoint that cannot be read: the endpoint has granted something.
            BodyFault::Malformed | BodyFault::NotUtf8 => error.with_fate(Fate::Answered),
            BodyFault::Empty | BodyFault::Text if response.is_incomplete() => error.with_fate(Fate::Answered),
            BodyFault::Text if is_form_with_token(body) => error.with_fate(Fate::Answered),
            _ => error.with_fate(Fate::Unknown),
        };
        let error = if fault == BodyFault::NotUtf8 {
            error.with_status(status, media_type(response.head()))
        } else {
            self.with_snippet(error, grant, response)
        };
        match pause {
            Some(pause) if !success => error.with_retry_after(pause),
            _ => error,
        }
    }

    /// The error for a response with this error body.
    #[must_use]
    pub fn refused(
        &self,
        grant: &AuthorizationGrant,
        response: &HttpResponse,
        body: &ErrorBody,
        now: UnixTime,
    ) -> TokenError {
        let status = response.status();
        let pause = retry_after(response.head(), now);
        let redaction = self.redaction.clone().grant(grant);
        let code = body.code.as_deref().and_then(|code| redaction.code(code));
        let mut error = error_of_status(status, pause.is_some())
            .or_else(|| error_of_code(self.meaning(body, grant), body.code.as_deref(), grant))
            .or_else(|| certificate_error(status, response.expose_body()))
            .or_else(|| refusal_by_standard(status, body.code.as_deref()))
            .unwrap_or_else(|| refusal_without_code(status))
            .with_status(status, media_type(response.head()));
        if let Some(code) = code {
            error = error.with_code(code);
        }
        error = match &body.message {
            Some(message) if names_token(message.as_bytes()) => {
                error.with_description(redaction.outline(message.as_bytes()))
            }
            Some(message) => error.with_description(redaction.text(message)),
            None if body.code.is_none() => self.with_snippet(error, grant, response),
            None => error,
        };
        if let Some(pause) = pause { error.with_retry_after(pause) } else { error }
    }

    fn meaning(&self, body: &ErrorBody, grant: &AuthorizationGrant) -> Meaning {
        let code = body.code.as_deref().unwrap_or_default();
        if let Some((_, meaning)) = self.meanings.iter().rev().find(|(own_code, _)| own_code == code) {
            return *meaning;
        }
        match vendor::meaning(body, grant) {
            Meaning::Unknown => Meaning::by_standard(code, grant),
            // The standard's own code for it says the same.
            known => known,
        }
    }

    /// Whether the object of a successful response is an error. An error takes precedence over a token beside it. Some
    /// vendors name it elsewhere than in `error`: that counts if its meaning is known and there is no token.
    fn is_error(&self, object: &Object, grant: &AuthorizationGrant) -> bool {
        let has_token = || last_member(object, &self.names.access_token).is_some();
        self.has_error(object)
            || !has_token() && self.meaning(&self.error_body(object), grant) != Meaning::Unknown
    }

    /// Adds status, media type and the start of the body to the error. A response may contain a token under any status, so
    /// only the outline of a body that names one is shown.
    fn with_snippet(
        &self,
        error: TokenError,
        grant: &AuthorizationGrant,
        response: &HttpResponse,
    ) -> TokenError {
        let error = error.with_status(response.status(), media_type(response.head()));
        let body = response.expose_body();
        let redaction = self.redaction.clone().grant(grant);
        let error = match redirected_to(response) {
            Some(url) => error.with_description(redaction.text(&url)),
            None => error,
        };
        if body.is_empty() {
            return error;
        }
        let may_grant = response.head().is_success() || names_token(body);
        error.with_snippet(if may_grant { redaction.outline(body) } else { redaction.snippet(body) })
    }
}

/// Where a redirect leads, without the query, which may hold a secret.
fn redirected_to(response: &HttpResponse) -> Option<alloc::string::String> {
    let location = response.head().first("location").filter(|_| (300..400).contains(&response.status()))?;
    let place = location.split(['?', '#', ';']).next()?;
    let place = place.rsplit_once('@').map_or(place, |(_, host)| host);
    Some(alloc::format!("to {place}"))
}

/// Whether a body is a form with an access token, as some servers send it that predate RFC 6749.
fn is_form_with_token(body: &[u8]) -> bool {
    body.trim_ascii().split(|byte| *byte == b'&').any(|part| part.starts_with(b"access_token="))
}

/// Whether a text may have a token as a member or a parameter. No token is known without such a name.
fn names_token(text: &[u8]) -> bool {
    text.windows(5).any(|part| part.eq_ignore_ascii_case(b"token"))
}

/// The error in a body that is not a JSON object in UTF-8, if its code can be read.
fn salvaged(response: &HttpResponse, fault: BodyFault) -> Option<ErrorBody> {
    match fault {
        BodyFault::NotUtf8 | BodyFault::Malformed | BodyFault::Text => {
            ErrorBody::salvaged(response.expose_body(), response.head().is_success())
        }
        BodyFault::Empty | BodyFault::Page | BodyFault::NotAnObject | BodyFault::Repeated => None,
    }
}

/// The error for a code of RFC 6749 that refuses the request for what it says, and not the client or the grant.
fn refusal_by_standard(status: u16, code: Option<&str>) -> Option<TokenError> {
    let is_known = matches!(code, Some("invalid_request" | "access_denied" | "unsupported_response_type"));
    (is_known && !is_wrong_url(status)).then(|| TokenError::protocol("the endpoint refused the request"))
}

fn error_of_code(meaning: Meaning, code: Option<&str>, grant: &AuthorizationGrant) -> Option<TokenError> {
    Some(match (meaning, grant) {
        (Meaning::GrantRefused, AuthorizationGrant::RefreshToken(_)) => {
            TokenError::login_required(match code {
                Some(code) if asks_for_the_user(code) => LoginReason::InteractionRequired,
                _ => LoginReason::Refused,
            })
        }
        (Meaning::GrantRefused, AuthorizationGrant::AuthorizationCode { .. }) => {
            TokenError::protocol("the endpoint refused the authorization code").with_fate(Fate::Dead)
        }
        (Meaning::GrantRefused, AuthorizationGrant::DeviceCode(_)) => TokenError::protocol(match code {
            Some("access_denied") => "the user refused the sign-in",
            Some("expired_token") => "the device code expired before the user signed in",
            _ => "the endpoint refused the device code",
        })
        .with_fate(Fate::Dead),
        (Meaning::GrantRefused, AuthorizationGrant::Extension(_)) => {
            TokenError::protocol("the endpoint refused the grant").with_fate(Fate::Dead)
        }
        (Meaning::GrantRefused, _) => TokenError::misconfigured("the endpoint refused the credentials"),
        (Meaning::Misconfigured, _) => TokenError::misconfigured(match code {
            Some("invalid_client") => "the endpoint does not accept the client id or its secret",
            Some("unauthorized_client") => "this client may not use this grant type",
            Some("invalid_scope") => "the endpoint does not grant the requested scope",
            Some("unsupported_grant_type") => "the endpoint does not support this grant type",
            Some("invalid_target") => "the endpoint does not know the requested resource",
            Some("redirect_uri_mismatch") => {
                "the redirect URI is not the one that is registered for this client"
            }
            _ => "the endpoint refused the client",
        }),
        (Meaning::NotProcessed, _) => TokenError::unavailable("the endpoint is temporarily unavailable"),
        (Meaning::Unavailable, _) => TokenError::unavailable("the endpoint failed").with_fate(Fate::Unknown),
        (Meaning::Pending, _) => TokenError::unavailable("the user has not answered the sign-in yet"),
        (Meaning::Unknown, _) => return None,
    })
}
