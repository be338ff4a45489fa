//! One token request, for a renewal and for a sign-in.

use crate::error::{ErrorKind, Fate, TokenError};
use crate::http::{HttpRequest, HttpResponse};
use crate::login_reason::LoginReason;
use crate::provider::{AuthorizationGrant, Reading};
use crate::time::{Clocks, Instant};
use crate::token::{Deviation, Successor};

use super::answer::Answer;
use super::context::Context;

/// One request, and the instants that bound it.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
#[non_exhaustive]
pub struct BoundedRequest {
    /// The request.
    pub request: HttpRequest,
    /// After this instant, read from the clock that counts suspend right before the socket, it must not be started.
    pub not_after: Instant,
    /// The end of the exchange, from name lookup to the last byte of the body.
    pub deadline: Instant,
}

/// A grant that was sent.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct Request {
    pub(super) grant: AuthorizationGrant,
    pub(super) sent: Clocks,
    /// Why the refresh token that was sent before it cannot be used; `None` if this grant is the first.
    pub(super) fell_back: Option<LoginReason>,
}

impl Request {
    pub(super) fn new(
        context: &Context,
        grant: AuthorizationGrant,
        fell_back: Option<LoginReason>,
        not_after: Instant,
        now: Clocks,
    ) -> Result<(BoundedRequest, Self), TokenError> {
        let request = context.provider.request(&grant, now.unix)?;
        let bounded = BoundedRequest { request, not_after, deadline: context.deadline };
        Ok((bounded, Self { grant, sent: now, fell_back }))
    }

    /// What the provider reads in the answer.
    pub(super) fn read(&self, context: &Context, answer: Answer, now: Clocks) -> Reading {
        match answer {
            Answer::Response(response) => {
                let mut reading = context.provider.read(&self.grant, &response, now.unix);
                if let (Reading::Granted(granted), true) = (&mut reading, response.is_cut_short()) {
                    granted.deviations.push(Deviation::FrameCutShort);
                }
                reading
            }
            Answer::Failed(failure) => match failure.response().cloned() {
                Some(response) => self.read_rest(context, &response, failure.into_error(), now),
                None => Reading::Refused(failure.into_error()),
            },
        }
    }

    /// What the provider reads in an answer that cannot be read to its end, or is not acceptable, for this reason.
    fn read_rest(
        &self,
        context: &Context,
        response: &HttpResponse,
        error: TokenError,
        now: Clocks,
    ) -> Reading {
        let success = response.head().is_success();
        match context.provider.read(&self.grant, response, now.unix) {
            Reading::Unusable { successor, .. } => Reading::Unusable { successor, error },
            // The access token of such an answer is not used: only the session is to go on.
            Reading::Granted(granted) => match granted.refresh_token {
                Some(refresh_token) => {
                    let lifetime = granted.refresh_lifetime;
                    Reading::Unusable { successor: Successor { refresh_token, lifetime }, error }
                }
                // RFC 6749 section 6: without a new refresh token the old one stays in force.
                None if !response.is_incomplete() => Reading::Refused(error.with_fate(Fate::Unspent)),
                None => Reading::Refused(error),
            },
            // The bytes that came are not of the endpoint: the grant may never have arrived there.
            // What is compressed in a way that is not read shows nothing of its origin.
            Reading::Refused(said)
                if success
                    && error.is_transient()
                    && said.is_from_intermediary()
                    && !response.expose_body().is_empty() =>
            {
                Reading::Refused(error.with_fate(Fate::Unknown))
            }
            Reading::Refused(_) | Reading::Next(_) if success => Reading::Refused(error),
            // The status says enough, but the provider has understood no more than that.
            Reading::Refused(said) if said.kind() == ErrorKind::Protocol => {
                Reading::Refused(error.with_fate(said.fate()))
            }
            said => said,
        }
    }

    /// Whether another grant may be sent within the same exchange.
    ///
    /// # Errors
    ///
    /// When one was sent already, or no time is left.
    pub(super) fn may_fall_back(&self, context: &Context, now: Clocks) -> Result<(), TokenError> {
        if self.fell_back.is_some() {
            Err(TokenError::protocol("the endpoint rejected the fallback too"))
        } else if now.instant >= context.deadline {
            Err(TokenError::unavailable("no time was left to fall back to the credentials"))
        } else {
            Ok(())
        }
    }
}
