//! Sending the grant of a renewal, and what the response makes of it.

use alloc::boxed::Box;

use crate::error::{ErrorKind, Fate, TokenError};

use crate::lease::Attempt;
use crate::login_reason::LoginReason;
use crate::provider::{AuthorizationGrant, Reading, Replay};
use crate::record::{Granted, Record, SessionState};
use crate::rules::{Rule, holds};
use crate::time::{Clocks, Instant};
use crate::token::{Successor, TokenResponse};

use super::acquire_lease::Leased;
use super::answer::Answer;
use super::context::{Context, Current, Fallback};
use super::outcome::{Failure, Outcome, StoreFacts};
use super::request::{BoundedRequest, Request};

/// A grant that is being sent.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct Exchange {
    request: Request,
    route: Route,
}

/// Where the outcome goes.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) enum Route {
    /// To the caller: there is no store.
    NoStore(Current),
    /// To the caller: the store fails, and this grant can be sent again in any case.
    WithoutStore { current: Current, logged_out: bool },
    /// To the store first.
    Leased(Box<Leased>),
}

/// What the renewal does next.
pub(super) enum Exchanged {
    Send(BoundedRequest, Exchange),
    /// Send the same grant once more, under a lease of its own.
    LeaseAgain(AuthorizationGrant, Box<Leased>),
    /// Save what was granted.
    Save {
        record: Record,
        grant: AuthorizationGrant,
        sent: Clocks,
        leased: Box<Leased>,
    },
    /// Save the refresh token of a response that cannot be used, and what is wrong with the response.
    Keep {
        record: Record,
        error: TokenError,
        grant: AuthorizationGrant,
        sent: Clocks,
        leased: Box<Leased>,
    },
    /// Record why nothing was granted.
    Record {
        error: TokenError,
        fell_back: Option<LoginReason>,
        leased: Box<Leased>,
    },
    Done(Outcome),
}

impl Exchange {
    /// Sends this grant.
    pub(super) fn begin(
        context: &Context,
        grant: AuthorizationGrant,
        route: Route,
        now: Clocks,
    ) -> Exchanged {
        Self::send(context, grant, None, route, now)
    }

    fn send(
        context: &Context,
        grant: AuthorizationGrant,
        fell_back: Option<LoginReason>,
        route: Route,
        now: Clocks,
    ) -> Exchanged {
        if let Some(own) = context.provider.own_token(now.unix) {
            return match own {
                Ok(response) => Self { request: Request { grant, sent: now, fell_back }, route }
                    .granted(context, response),
                Err(error) => route.failed(context, error, fell_back, now),
            };
        }
        let not_after = route.latest_start(context);
        match Request::new(context, grant, fell_back, not_after, now) {
            Ok((bounded, request)) => Exchanged::Send(bounded, Self { request, route }),
            // The refusal before it is recorded. The request that cannot be built is this process's own failure.
            Err(error) if fell_back.is_some() => route.failed(context, error.as_local(), fell_back, now),
            Err(error) => route.fail(context, error, now),
        }
    }

    /// Continues with the response.
    pub(super) fn answered(self, context: &Context, answer: Answer, now: Clocks) -> Exchanged {
        match self.request.read(context, answer, now) {
            Reading::Granted(response) => self.granted(context, response),
            Reading::Unusable { successor, error } if holds(Rule::KeepSuccessor) => {
                self.keep(context, successor, error.keeping_its_refresh_token(), now)
            }
            Reading::Unusable { error, .. } => self.refused(context, error, now),
            Reading::Next(next) => self.fall_back(context, next, LoginReason::Refused, now),
            Reading::Refused(error) => self.refused(context, error, now),
        }
    }

    fn granted(mut self, context: &Context, response: TokenResponse) -> Exchanged {
        let Request { grant, sent, .. } = self.request;
        let current = self.route.current();
        let expires = current.held.as_ref().and_then(|held| held.expires);
        let mut granted = merge(response, &grant, expires, sent);
        if let (AuthorizationGrant::RefreshToken(_), Some(held)) = (&grant, &current.held) {
            granted.requested_scope.clone_from(&held.requested_scope);
            granted.response.members.keep_from(&held.members);
        }
        let (epoch, generation) = current.place;
        let mut record = Record::new(epoch, generation.next(), SessionState::Active(granted));
        record.proven = context.proves(self.route.attempt(), sent);
        if let Route::Leased(leased) = &self.route {
            record.keep_from(&leased.record);
        }
        match self.route {
            Route::Leased(leased) => Exchanged::Save { record, grant, sent, leased },
            Route::NoStore(_) | Route::WithoutStore { .. } => Exchanged::Done(Outcome::Renewed(record, sent)),
        }
    }

    /// The response cannot be used, but its refresh token is the only one that the server still accepts.
    fn keep(mut self, context: &Context, successor: Successor, error: TokenError, now: Clocks) -> Exchanged {
        let Request { grant, sent, .. } = self.request;
        let current = self.route.current();
        let (epoch, generation) = current.place;
        let in_force = !current.access_left.is_zero();
        let (requested_scope, members) = current
            .held
            .as_ref()
            .map_or_else(Default::default, |held| (held.requested_scope.clone(), held.members.clone()));
        let before = match &self.route {
            Route::Leased(leased) if in_force && context.time_left(&leased.record, now).is_some() => {
                leased.record.granted()
            }
            _ => None,
        };
        let mut granted = kept(successor, &grant, before, sent);
        granted.requested_scope = requested_scope;
        granted.response.members = members;
        let mut record = Record::new(epoch, generation.next(), SessionState::Active(granted));
        record.proven = context.proves(self.route.attempt(), sent);
        if let Route::Leased(leased) = &self.route {
            record.keep_from(&leased.record);
        }
        match self.route {
            Route::Leased(leased) => Exchanged::Keep { record, error, grant, sent, leased },
            Route::NoStore(_) | Route::WithoutStore { .. } => Exchanged::Done(Outcome::Kept(record, error)),
        }
    }

    /// The refresh token cannot be used for this reason: sends another grant, once, within the same exchange.
    fn fall_back(
        mut self,
        context: &Context,
        next: AuthorizationGrant,
        reason: LoginReason,
        now: Clocks,
    ) -> Exchanged {
        if matches!(self.request.grant, AuthorizationGrant::RefreshToken(_)) {
            self.route.current().held = None;
        }
        match self.request.may_fall_back(context, now) {
            Ok(()) => Self::send(context, next, Some(reason), self.route, now),
            Err(error) => self.route.failed(context, error, Some(reason), now),
        }
    }

    fn refused(mut self, context: &Context, error: TokenError, now: Clocks) -> Exchanged {
        let AuthorizationGrant::RefreshToken(_) = &self.request.grant else {
            // The client's own credentials may be sent again whatever the response.
            return self.failed(context, error.with_fate(Fate::Unspent), now);
        };
        let sent = self.request.sent.instant;
        let Some(held) = &mut self.route.current().held else { return self.failed(context, error, now) };
        let since = now.instant.since(held.first_sent.unwrap_or(sent));
        // In its window the server answers a repetition alike, also if its first answer could not be read.
        let in_window = matches!(context.provider.spec().replay, Replay::Within(window) if since <= window);
        match error.fate() {
            Fate::Unspent => self.failed(context, error, now),
            Fate::Unknown | Fate::Answered if context.survives_use(held) => {
                self.failed(context, error.with_fate(Fate::Unspent), now)
            }
            Fate::Answered if !in_window && holds(Rule::AnsweredIsSpent) => self.spent(context, error, now),
            Fate::Unknown | Fate::Answered => {
                held.first_sent.get_or_insert(sent);
                // The window may be shorter than any pause: the one repetition in it is sent at once.
                if !in_window || held.replays > 0 || now.instant >= context.deadline {
                    return self.failed(context, error.with_fate(Fate::Unknown), now);
                }
                held.replays = 1;
                let Request { grant, fell_back, .. } = self.request;
                match self.route {
                    Route::Leased(leased) => Exchanged::LeaseAgain(grant, leased),
                    route => Self::send(context, grant, fell_back, route, now),
                }
            }
            Fate::Dead => {
                let was_sent_before = held.first_sent.is_some();
                self.route.current().held = None;
                let error = if was_sent_before { after_a_lost_response(error) } else { error };
                self.failed(context, error, now)
            }
        }
    }

    /// The server has answered, and its answer is lost: the refresh token is spent.
    fn spent(mut self, context: &Context, error: TokenError, now: Clocks) -> Exchanged {
        if context.fallback() == Fallback::Credentials {
            let credentials = AuthorizationGrant::ClientCredentials;
            return self.fall_back(context, credentials, LoginReason::Unreadable, now);
        }
        self.route.current().held = None;
        self.failed(context, TokenError::login_required(LoginReason::Unreadable).caused_by(error), now)
    }

    fn failed(self, context: &Context, error: TokenError, now: Clocks) -> Exchanged {
        let error = error.with_asked_at(self.request.sent.unix);
        self.route.failed(context, error, self.request.fell_back, now)
    }
}

impl Route {
    fn current(&mut self) -> &mut Current {
        match self {
            Self::NoStore(current) | Self::WithoutStore { current, .. } => current,
            Self::Leased(leased) => &mut leased.judge.current,
        }
    }

    /// The attempt under whose lease the grant is sent.
    fn attempt(&self) -> Option<Attempt> {
        match self {
            Self::NoStore(_) | Self::WithoutStore { .. } => None,
            Self::Leased(leased) => Some(leased.judge.attempt),
        }
    }

    /// When the request must have been started.
    fn latest_start(&self, context: &Context) -> Instant {
        match self {
            Self::NoStore(_) | Self::WithoutStore { .. } => context.deadline,
            Self::Leased(leased) => leased.latest_start(context),
        }
    }

    /// Records why nothing was granted, where there is a lease. `fell_back`: why the refresh token cannot be used.
    fn failed(
        self,
        context: &Context,
        error: TokenError,
        fell_back: Option<LoginReason>,
        now: Clocks,
    ) -> Exchanged {
        match self {
            Self::Leased(leased) => Exchanged::Record { error, fell_back, leased },
            route => route.fail(context, error, now),
        }
    }

    /// There is nothing to record.
    fn fail(self, context: &Context, error: TokenError, now: Clocks) -> Exchanged {
        let worked = context.has_worked(None, now.unix);
        let failure = match self {
            Self::NoStore(current) => Failure::new(error, current.held, None),
            // The next renewal may send it again, so this is no look that costs nothing.
            Self::WithoutStore { current, logged_out } => {
                Failure::new(error, current.held, Some(StoreFacts::new(logged_out)))
            }
            Self::Leased(leased) => {
                Failure::looked(error, leased.judge.current.held, leased.judge.logged_out)
            }
        };
        Exchanged::Done(Outcome::Failed(failure.of_credential(worked)))
    }
}

/// What was granted, with the refresh token that stays in force.
pub(super) fn merge(
    mut response: TokenResponse,
    grant: &AuthorizationGrant,
    expires: Option<Clocks>,
    sent: Clocks,
) -> Granted {
    let mut reusable = false;
    if let AuthorizationGrant::RefreshToken(used) = grant {
        reusable = response.refresh_token.as_ref().is_none_or(|granted| granted == used);
        if reusable {
            // RFC 6749 section 6: without a new refresh token the old one stays in force.
            response.refresh_token = Some(used.clone());
            let left = expires.map(|expires| expires.unix.since(sent.unix));
            response.refresh_lifetime = response.refresh_lifetime.or(left);
        }
    }
    Granted { reusable, ..Granted::new(sent.unix, response) }
}

/// What a response that cannot be used has brought: its refresh token, beside the access token of before if that is still in
/// force.
pub(super) fn kept(
    successor: Successor,
    grant: &AuthorizationGrant,
    before: Option<&Granted>,
    sent: Clocks,
) -> Granted {
    let reusable =
        matches!(grant, AuthorizationGrant::RefreshToken(used) if *used == successor.refresh_token);
    let granted = match before {
        Some(before) => {
            // Both lifetimes of a record count from one instant.
            let older = sent.unix.since(before.obtained_at);
            let Successor { refresh_token, lifetime } = successor;
            let mut response = before.response.clone().with_refresh_token(refresh_token);
            response.refresh_lifetime = lifetime.map(|lifetime| lifetime.saturating_add(older));
            Granted::new(before.obtained_at, response)
        }
        None => Granted::new(sent.unix, TokenResponse::without_access_token(successor)),
    };
    Granted { reusable, ..granted }
}

/// An exchange whose response was lost has spent the token: the error says that, not "refused".
fn after_a_lost_response(error: TokenError) -> TokenError {
    if matches!(error.kind(), ErrorKind::LoginRequired { .. }) {
        TokenError::login_required(LoginReason::Ambiguous).caused_by(error)
    } else {
        error
    }
}
