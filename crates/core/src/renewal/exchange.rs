//! What to spend, and what an answer makes of it.

use alloc::boxed::Box;

use crate::lifecycle::RefreshState;
use crate::provider::AuthorizationGrant;
use crate::rules::{Rule, holds};
use crate::{
    Clocks, ErrorKind, Fate, Granted, LoginReason, Reading, Record, Replay, Rotation, SessionState,
    TokenError, TokenResponse,
};

use super::keep::{SaveToken, Settled};
use super::{Answer, BoundedRequest, Outcome, Renewal, Sent, Step};

/// What a request is for.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) enum Exchange {
    /// A token; the request was sent then.
    AuthorizationGrant(AuthorizationGrant, Clocks),
    /// The end of a refresh token that nobody may use any more, after a renewal.
    Revoke(Settled),
    /// The same, as a part of signing out.
    SignOut(Box<super::SignOut>),
}

impl Renewal {
    /// The refresh token if it may be spent, else the credentials if there are any, else a reason.
    pub(super) fn choose(
        &mut self,
        owner_is_gone: bool,
        now: Clocks,
    ) -> Result<AuthorizationGrant, TokenError> {
        let profile = self.provider.spec();
        let credentials = |reason| {
            if profile.credentials {
                Ok(AuthorizationGrant::ClientCredentials)
            } else {
                Err(TokenError::login_required(reason))
            }
        };
        let Some(held) = &mut self.held else { return credentials(LoginReason::NotSignedIn) };
        if held.expires.is_some_and(|expires| now.reached(expires)) {
            self.held = None;
            return credentials(LoginReason::Expired);
        }
        let Some(first_sent) = held.first_sent.filter(|_| !survives_use(held, profile.rotation)) else {
            return Ok(AuthorizationGrant::RefreshToken(held.token.clone()));
        };
        let allowed = match profile.replay {
            _ if !holds(Rule::ObeyReplay) => true,
            Replay::Never => false,
            Replay::Within(window) => now.instant.since(first_sent) <= window,
            // The exchange that lost its answer is over, and nobody is left who could still save what it brought.
            Replay::OwnerDead => owner_is_gone || !holds(Rule::ReplayOnlyAfterOwner),
            Replay::LastResort if held.replays > 0 => false,
            Replay::LastResort if !self.access_left.is_zero() => {
                let text = "the last refresh got no answer; it is repeated when the access token has expired";
                return Err(TokenError::unavailable(text).with_retry_after(self.access_left));
            }
            Replay::LastResort => true,
        };
        if !allowed {
            self.held = None;
            return credentials(LoginReason::Ambiguous);
        }
        held.replays = held.replays.saturating_add(1);
        Ok(AuthorizationGrant::RefreshToken(held.token.clone()))
    }

    /// Whether this may be spent again whatever becomes of it.
    pub(super) fn repeatable(&self, spend: &AuthorizationGrant) -> bool {
        match spend {
            AuthorizationGrant::ClientCredentials => true,
            AuthorizationGrant::RefreshToken(_) => {
                let rotation = self.provider.spec().rotation;
                self.held.as_ref().map_or(rotation == Rotation::Reusable, |held| survives_use(held, rotation))
            }
            // Sent again and again, and nothing but the answer says which time was the last.
            AuthorizationGrant::AuthorizationCode { .. } | AuthorizationGrant::DeviceCode(_) => false,
        }
    }

    pub(super) fn send(self, spend: AuthorizationGrant, now: Clocks) -> Step {
        match self.provider.request(&spend, now.unix) {
            Ok(request) => {
                let not_after = self.view.as_ref().map_or(self.deadline, |view| view.latest_start(&self));
                let sending = BoundedRequest { request, not_after, deadline: self.deadline };
                Step::Send(sending, Sent { renewal: self, task: Exchange::AuthorizationGrant(spend, now) })
            }
            Err(error) => self.fail(error),
        }
    }

    fn granted(
        self,
        mut response: TokenResponse,
        spend: AuthorizationGrant,
        sent: Clocks,
        now: Clocks,
    ) -> Step {
        let mut reusable = false;
        if let AuthorizationGrant::RefreshToken(spent) = &spend {
            let kept = response.refresh_token.as_ref().is_none_or(|granted| granted == spent);
            if kept {
                // RFC 6749 §6: no new refresh token means that the old one stays in force.
                response.refresh_token = Some(spent.clone());
                let expires = self.held.as_ref().and_then(|held| held.expires);
                let left = expires.map(|expires| expires.unix.since(sent.unix));
                response.refresh_lifetime = response.refresh_lifetime.or(left);
            }
            reusable = kept;
        }
        let grant = SessionState::Active(Granted { reusable, ..Granted::new(sent.unix, response) });
        let record = Record::new(self.epoch, self.generation.next(), grant);
        if self.view.is_none() {
            return Step::Done(Outcome::Renewed(record, sent), None);
        }
        SaveToken::begin(self, record, spend, sent, now)
    }

    /// The provider names another grant to spend, once, within the same exchange.
    fn fall_back(mut self, spent: &AuthorizationGrant, spend: AuthorizationGrant, now: Clocks) -> Step {
        if matches!(spent, AuthorizationGrant::RefreshToken(_)) {
            self.held = None;
        }
        if self.fell_back {
            return self.failed(TokenError::protocol("the endpoint turned away the fallback too"), now);
        }
        if now.instant >= self.deadline {
            let text = "no time was left to fall back to the credentials";
            return self.failed(TokenError::unavailable(text), now);
        }
        self.fell_back = true;
        self.send(spend, now)
    }

    fn refused(mut self, error: TokenError, spend: AuthorizationGrant, sent: Clocks, now: Clocks) -> Step {
        match spend {
            // Credentials may be spent again whatever became of this request.
            AuthorizationGrant::ClientCredentials => self.failed(error.with_fate(Fate::Unspent), now),
            AuthorizationGrant::AuthorizationCode { .. } => self.fail(of_code(error)),
            // Whether it is sent again is for whoever shows its user code to a person to say.
            AuthorizationGrant::DeviceCode(_) => self.fail(error),
            AuthorizationGrant::RefreshToken(_) if self.signing_in => {
                let survives = self.provider.spec().rotation == Rotation::Reusable;
                self.fail(if survives { error } else { of_code(error) })
            }
            AuthorizationGrant::RefreshToken(_) => {
                let profile = self.provider.spec();
                let (rotation, replay) = (profile.rotation, profile.replay);
                let Some(held) = &mut self.held else { return self.failed(error, now) };
                match error.fate() {
                    Fate::Unspent => self.failed(error, now),
                    Fate::Unknown if survives_use(held, rotation) => {
                        self.failed(error.with_fate(Fate::Unspent), now)
                    }
                    Fate::Unknown => {
                        let first_sent = *held.first_sent.get_or_insert(sent.instant);
                        // A window may be shorter than any pause, so the one repetition it allows is made at once.
                        let again = matches!(replay, Replay::Within(window)
                            if held.replays == 0 && now.instant.since(first_sent) <= window);
                        if again && now.instant < self.deadline {
                            held.replays = 1;
                            return self.lease(spend, now);
                        }
                        self.failed(error, now)
                    }
                    Fate::Dead => {
                        let lost = held.first_sent.is_some();
                        self.held = None;
                        self.failed(if lost { after_a_lost_answer(error) } else { error }, now)
                    }
                }
            }
        }
    }
}

impl Sent {
    /// Goes on with what became of the request.
    pub fn resume(self, answer: Answer, now: Clocks) -> Step {
        let Self { renewal, task } = self;
        let (spend, sent) = match task {
            Exchange::AuthorizationGrant(spend, sent) => (spend, sent),
            Exchange::Revoke(settled) => return settled.forget(renewal, now),
            Exchange::SignOut(signing_out) => return signing_out.revoked(renewal, answer),
        };
        match answer {
            Answer::Response(response) => match renewal.provider.read(&spend, &response, now.unix) {
                Reading::Granted(granted) => renewal.granted(granted, spend, sent, now),
                Reading::Next(next) => renewal.fall_back(&spend, next, now),
                Reading::Refused(error) => renewal.refused(error, spend, sent, now),
            },
            Answer::Failed(failure) => renewal.refused(failure.into_error(), spend, sent, now),
        }
    }
}

pub(super) fn survives_use(held: &RefreshState, rotation: Rotation) -> bool {
    held.reusable || rotation == Rotation::Reusable
}

/// A code is sent once: whatever its fate, the user has to sign in again.
fn of_code(error: TokenError) -> TokenError {
    if error.fate() == Fate::Unknown {
        TokenError::login_required(LoginReason::Ambiguous).caused_by(error)
    } else {
        error
    }
}

/// The token was spent by an exchange whose answer was lost: say that, not "refused".
fn after_a_lost_answer(error: TokenError) -> TokenError {
    if matches!(error.kind(), ErrorKind::LoginRequired { .. }) {
        TokenError::login_required(LoginReason::Ambiguous).caused_by(error)
    } else {
        error
    }
}
