//! Signing in: the first token of a new grant.

use crate::error::{Fate, TokenError};

use crate::lease::Attempt;
use crate::login_reason::LoginReason;
use crate::provider::{AuthorizationGrant, Reading, Rotation};
use crate::record::{Record, SessionState};
use crate::rules::{Rule, holds};
use crate::scope::Scope;
use crate::store::{Loaded, StoreError, Stored};
use crate::time::{Clocks, Instant};
use crate::token::{Successor, TokenResponse};

use super::answer::Answer;
use super::ask::{Retry, store_error};
use super::context::{Context, Place};
use super::exchange::{kept, merge};
use super::outcome::{Failure, Outcome};
use super::request::{BoundedRequest, Request};

/// A sign-in that looks at the store before it sends its grant, which can be sent only once.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct SignIn {
    grant: AuthorizationGrant,
    session: NewSession,
    retry: Retry,
}

/// The session that a sign-in begins.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct NewSession {
    pub(super) attempt: Attempt,
    /// The place that this lifecycle has reached before.
    pub(super) known: Place,
    /// This lifecycle has seen a logout.
    pub(super) logged_out: bool,
    /// The record when the sign-in began.
    pub(super) stored: Option<Stored>,
}

/// The grant of a sign-in, being sent.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct SignInExchange {
    request: Request,
    place: Place,
    session: Option<NewSession>,
}

/// What the sign-in does next.
pub(super) enum SigningIn {
    LoadAt(Instant, SignIn),
    Send(BoundedRequest, SignInExchange),
    /// Save what was granted.
    Save {
        record: Record,
        /// What is wrong with the response, if it brought only a refresh token.
        fault: Option<TokenError>,
        sent: Clocks,
        session: NewSession,
    },
    Done(Outcome),
}

impl SignIn {
    pub(super) const fn new(grant: AuthorizationGrant, session: NewSession, end: Instant) -> Self {
        Self { grant, session, retry: Retry::until(end) }
    }

    /// Continues with what the store holds.
    pub(super) fn loaded(
        mut self,
        context: &mut Context,
        loaded: Result<Loaded, StoreError>,
        now: Clocks,
    ) -> SigningIn {
        match loaded {
            Ok(loaded) => {
                self.session.stored = loaded.stored;
                context.start_exchange(now);
                SignInExchange::begin(context, self.grant, self.session.known, Some(self.session), now)
            }
            Err(error) => match self.retry.after(&error, now) {
                Some(next) => SigningIn::LoadAt(next, self),
                None => fail(store_error("nothing was sent", &error)),
            },
        }
    }
}

impl SignInExchange {
    /// Sends this grant. The new token is to follow this place.
    pub(super) fn begin(
        context: &Context,
        grant: AuthorizationGrant,
        place: Place,
        session: Option<NewSession>,
        now: Clocks,
    ) -> SigningIn {
        Self::send(context, grant, None, (place, session), now)
    }

    fn send(
        context: &Context,
        grant: AuthorizationGrant,
        fell_back: Option<LoginReason>,
        (place, session): (Place, Option<NewSession>),
        now: Clocks,
    ) -> SigningIn {
        match Request::new(context, grant, fell_back, context.deadline, now) {
            Ok((bounded, request)) => SigningIn::Send(bounded, Self { request, place, session }),
            Err(error) => fail(error),
        }
    }

    /// Continues with the response.
    pub(super) fn answered(self, context: &Context, answer: Answer, now: Clocks) -> SigningIn {
        match self.request.read(context, answer, now) {
            Reading::Granted(response) => self.granted(context, response),
            Reading::Unusable { successor, error } if holds(Rule::KeepSuccessor) => {
                // The server has granted the session, so the grant is spent.
                self.keep(context, successor, error.keeping_its_refresh_token().with_fate(Fate::Dead))
            }
            Reading::Unusable { error, .. } => self.refused(context, error),
            Reading::Next(next) => match self.request.may_fall_back(context, now) {
                Ok(()) => {
                    Self::send(context, next, Some(LoginReason::Refused), (self.place, self.session), now)
                }
                Err(error) => fail(error),
            },
            Reading::Refused(error) => self.refused(context, error),
        }
    }

    fn granted(self, context: &Context, response: TokenResponse) -> SigningIn {
        let Request { grant, sent, .. } = self.request;
        let mut granted = merge(response, &grant, None, sent);
        granted.requested_scope = requested_scope(context, &grant);
        let mut record = Record::new(self.place.0, self.place.1.next(), SessionState::Active(granted));
        record.proven = context.proves(self.session.as_ref().map(|session| session.attempt), sent);
        match self.session {
            Some(session) => SigningIn::Save { record, fault: None, sent, session },
            None => SigningIn::Done(Outcome::Renewed(record, sent)),
        }
    }

    /// The user has signed in, and only the access token cannot be used: the session begins with the refresh token.
    fn keep(self, context: &Context, successor: Successor, error: TokenError) -> SigningIn {
        let Request { grant, sent, .. } = self.request;
        let mut granted = kept(successor, &grant, None, sent);
        granted.requested_scope = requested_scope(context, &grant);
        let mut record = Record::new(self.place.0, self.place.1.next(), SessionState::Active(granted));
        record.proven = context.proves(self.session.as_ref().map(|session| session.attempt), sent);
        match self.session {
            Some(session) => SigningIn::Save { record, fault: Some(error), sent, session },
            None => SigningIn::Done(Outcome::Kept(record, error)),
        }
    }

    fn refused(self, context: &Context, error: TokenError) -> SigningIn {
        let survives = match self.request.grant {
            // The caller that shows the user code decides whether the device code is sent again.
            AuthorizationGrant::DeviceCode(_) => true,
            AuthorizationGrant::ClientCredentials => return fail(error.with_fate(Fate::Unspent)),
            AuthorizationGrant::RefreshToken(_) => context.provider.spec().rotation == Rotation::Reusable,
            AuthorizationGrant::AuthorizationCode { .. } => false,
            AuthorizationGrant::Extension(ref grant) => grant.is_repeatable(),
        };
        // The grant can be sent only once.
        let lost = |reason| TokenError::login_required(reason).caused_by(error.clone());
        fail(match error.fate() {
            Fate::Unknown if !survives => lost(LoginReason::Ambiguous),
            Fate::Answered if !survives => lost(LoginReason::Unreadable),
            _ => error,
        })
    }
}

/// The scope that a sign-in with this grant has asked for, where that is known.
fn requested_scope(context: &Context, grant: &AuthorizationGrant) -> Option<Scope> {
    let requested = &context.provider.spec().requested_scope;
    // A refresh token of another program's sign-in does not show what that sign-in asked for.
    let known = !matches!(grant, AuthorizationGrant::RefreshToken(_)) && !requested.is_empty();
    known.then(|| requested.clone())
}

const fn fail(error: TokenError) -> SigningIn {
    SigningIn::Done(Outcome::Failed(Failure::new(error, None, None)))
}
