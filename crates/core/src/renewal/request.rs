//! One token request, for a renewal and for a sign-in.

use crate::error::TokenError;
use crate::http::HttpRequest;
use crate::provider::{AuthorizationGrant, Reading};
use crate::time::{Clocks, Instant};
use crate::token::Deviation;

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
    /// The provider has named this grant after it had rejected another.
    pub(super) fell_back: bool,
}

impl Request {
    pub(super) fn new(
        context: &Context,
        grant: AuthorizationGrant,
        fell_back: bool,
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
            Answer::Failed(failure) => Reading::Refused(failure.into_error()),
        }
    }

    /// Whether another grant may be sent within the same exchange.
    ///
    /// # Errors
    ///
    /// When one was sent already, or no time is left.
    pub(super) fn may_fall_back(&self, context: &Context, now: Clocks) -> Result<(), TokenError> {
        if self.fell_back {
            Err(TokenError::protocol("the endpoint rejected the fallback too"))
        } else if now.instant >= context.deadline {
            Err(TokenError::unavailable("no time was left to fall back to the credentials"))
        } else {
            Ok(())
        }
    }
}
