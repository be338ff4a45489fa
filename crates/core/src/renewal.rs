//! One renewal, as a machine of effects: it asks the driver for I/O and is resumed with the result.
//!
//! ```text
//! begin(errand) ──▶ Send ──▶ Done(Renewed)
//!                    │  ╲──▶ Done(Failed)
//!                    ╰─▶ Send      the provider falls back, or repeats a request its server answers alike
//! ```
//!
//! Each step holds its continuation by value, so nothing can be resumed twice and nothing is forgotten. What to
//! spend, whether a grant of unknown fate may be spent again and what an answer makes of the grant is decided
//! here; how bytes travel and how long callers wait is the driver's business. Stores add their own steps around
//! `Send`; the loop that drives them stays the same.

use alloc::borrow::Cow;
use alloc::sync::Arc;
use core::error::Error;
use core::time::Duration;

use crate::lifecycle::Held;
use crate::{
    Clocks, Epoch, ErrorKind, Fate, Generation, Grant, Granted, HttpRequest, HttpResponse, Instant,
    LoginReason, Provider, Reading, Record, Replay, Rotation, Spend, TokenError, TokenResponse,
};

/// What the driver has to do next.
#[must_use = "a renewal goes on only when its step is carried out"]
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a driver that overlooks a step must not compile")]
pub enum Step {
    /// Send this one request and resume with what came of it.
    Send(Sending, Sent),
    /// Nothing: this is what became of the renewal.
    Done(Outcome),
}

/// One request, and the instant after which it must be neither started nor waited for.
#[derive(Debug)]
#[non_exhaustive]
pub struct Sending {
    /// The request.
    pub request: HttpRequest,
    /// The end of the exchange, from name lookup to the last byte of the body.
    pub deadline: Instant,
}

/// What became of a request.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "there is an answer or there is none")]
pub enum Answer {
    /// A complete answer.
    Response(HttpResponse),
    /// None, or not all of it.
    Failed(TransportError),
}

/// How far a request came that got no complete answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the renewal matches on every case")]
pub enum TransportErrorKind {
    /// Nothing was sent: name lookup, connection or TLS handshake failed, or there was no time left.
    NotSent,
    /// Nothing was sent, and nothing will be until somebody changes something: the server's certificate is not
    /// trusted, the URL is not allowed, the client cannot be built.
    Refused,
    /// A byte may have left, and no complete answer came.
    Ambiguous,
    /// An answer came that is not acceptable: larger than the cap, or compressed against our asking.
    Unreadable,
}

/// Why a request got no complete answer.
#[derive(Clone, Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    text: Cow<'static, str>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl TransportError {
    /// A failure of this kind; `text` is one sentence for a person, without a secret.
    #[must_use]
    pub fn new(kind: TransportErrorKind, text: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, text: text.into(), source: None }
    }

    /// The same failure, with what the client reported.
    #[must_use]
    pub fn with_source(mut self, source: Arc<dyn Error + Send + Sync>) -> Self {
        self.source = Some(source);
        self
    }

    /// How far the request came.
    #[must_use]
    pub const fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// The same failure, as callers see it.
    #[must_use]
    pub fn into_error(self) -> TokenError {
        let error = match self.kind {
            TransportErrorKind::NotSent => TokenError::unavailable(self.text),
            TransportErrorKind::Refused => TokenError::misconfigured(self.text),
            TransportErrorKind::Ambiguous => TokenError::unavailable(self.text).with_fate(Fate::Unknown),
            TransportErrorKind::Unreadable => TokenError::foreign(self.text).with_fate(Fate::Unknown),
        };
        match self.source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }
}

/// What became of a renewal, to be given to [`Lifecycle::complete`](crate::Lifecycle::complete).
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// A token was granted by a request sent then.
    Renewed(Record, Clocks),
    /// No token.
    Failed(Failure),
}

/// Why there is no token, and what is known of the grant.
#[derive(Debug)]
#[expect(unnameable_types, reason = "made by a renewal, taken by the lifecycle, of no use to anybody else")]
pub struct Failure {
    pub(crate) error: TokenError,
    pub(crate) held: Kept,
}

/// What a failed renewal knows of the refresh token it started with.
#[derive(Debug)]
pub(crate) enum Kept {
    /// This, to be remembered.
    As(Option<Held>),
    /// Nothing: the renewal was given up, and a byte may have left or not.
    Abandoned { byte_left: bool },
}

impl Outcome {
    /// The outcome of a renewal that was given up before it ended.
    #[must_use]
    pub fn abandoned(byte_left: crate::ByteLeft) -> Self {
        let byte_left = byte_left == crate::ByteLeft::Maybe;
        let error = TokenError::unavailable("the renewal was given up before it ended");
        let error = error.with_fate(if byte_left { Fate::Unknown } else { Fate::Unspent });
        Self::Failed(Failure { error, held: Kept::Abandoned { byte_left } })
    }

    /// The error, where there is one.
    #[must_use]
    pub const fn error(&self) -> Option<&TokenError> {
        match self {
            Self::Renewed(..) => None,
            Self::Failed(failure) => Some(&failure.error),
        }
    }
}

/// What a renewal is sent out to do.
#[derive(Debug)]
pub struct Errand {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) deadline: Duration,
    pub(crate) epoch: Epoch,
    pub(crate) generation: Generation,
    pub(crate) goal: Goal,
}

#[derive(Debug)]
pub(crate) enum Goal {
    /// A new token for a grant that is there.
    Renew { held: Option<Held>, access_left: Duration },
    /// A first token for a new grant.
    SignIn(Spend),
}

impl Errand {
    /// To spend a fresh grant, an authorization code say. It is sent once and never again; the outcome is for
    /// [`Lifecycle::sign_in`](crate::Lifecycle::sign_in).
    #[must_use]
    pub fn sign_in(provider: Arc<dyn Provider>, spend: Spend, deadline: Duration) -> Self {
        let goal = Goal::SignIn(spend);
        Self { provider, deadline, epoch: Epoch::default(), generation: Generation::default(), goal }
    }
}

/// One renewal: [`begin`](Self::begin) it, carry out each [`Step`], and resume with what came of it until it is done.
#[derive(Debug)]
pub struct Renewal {
    provider: Arc<dyn Provider>,
    epoch: Epoch,
    generation: Generation,
    held: Option<Held>,
    /// The end of the whole exchange; a fallback shares it.
    deadline: Instant,
    fell_back: bool,
}

impl Renewal {
    /// Starts the errand.
    pub fn begin(errand: Errand, now: Clocks) -> Step {
        let Errand { provider, deadline, epoch, generation, goal } = errand;
        let mut renewal = Self {
            provider,
            epoch,
            generation,
            held: None,
            deadline: now.instant.plus(deadline),
            fell_back: false,
        };
        match goal {
            Goal::SignIn(spend) => renewal.send(spend, now),
            Goal::Renew { held, access_left } => {
                renewal.held = held;
                match renewal.choose(access_left, now) {
                    Ok(spend) => renewal.send(spend, now),
                    Err(error) => renewal.fail(error),
                }
            }
        }
    }

    /// The refresh token if it may be spent, else the credentials if there are any, else a reason.
    fn choose(&mut self, access_left: Duration, now: Clocks) -> Result<Spend, TokenError> {
        let profile = self.provider.profile();
        let credentials = |reason| {
            if profile.credentials { Ok(Spend::Credentials) } else { Err(TokenError::login_required(reason)) }
        };
        let Some(held) = &mut self.held else { return credentials(LoginReason::NotSignedIn) };
        if held.expires.is_some_and(|expires| now.reached(expires)) {
            self.held = None;
            return credentials(LoginReason::Expired);
        }
        let Some(first_sent) = held.first_sent.filter(|_| !survives_use(held, profile.rotation)) else {
            return Ok(Spend::RefreshToken(held.token.clone()));
        };
        let allowed = match profile.replay {
            Replay::Never => false,
            Replay::Within(window) => now.instant.since(first_sent) <= window,
            // The exchange that lost its answer was this lifecycle's own, and it is over.
            Replay::OwnerDead => true,
            Replay::LastResort if held.replays > 0 => false,
            Replay::LastResort if !access_left.is_zero() => {
                let text = "the last refresh got no answer; it is repeated when the access token has expired";
                return Err(TokenError::unavailable(text).with_retry_after(access_left));
            }
            Replay::LastResort => true,
        };
        if !allowed {
            self.held = None;
            return credentials(LoginReason::Ambiguous);
        }
        held.replays = held.replays.saturating_add(1);
        Ok(Spend::RefreshToken(held.token.clone()))
    }

    fn send(self, spend: Spend, now: Clocks) -> Step {
        match self.provider.request(&spend, now.unix) {
            Ok(request) => {
                let sending = Sending { request, deadline: self.deadline };
                Step::Send(sending, Sent { renewal: self, spend, sent: now })
            }
            Err(error) => self.fail(error),
        }
    }

    fn fail(self, error: TokenError) -> Step {
        Step::Done(Outcome::Failed(Failure { error, held: Kept::As(self.held) }))
    }
}

fn survives_use(held: &Held, rotation: Rotation) -> bool {
    held.reusable || rotation == Rotation::Reusable
}

/// A request on its way; resume it with what came of it.
#[must_use = "a renewal goes on only when it is resumed"]
#[derive(Debug)]
pub struct Sent {
    renewal: Renewal,
    spend: Spend,
    sent: Clocks,
}

impl Sent {
    /// Goes on with what became of the request.
    pub fn resume(self, answer: Answer, now: Clocks) -> Step {
        match answer {
            Answer::Response(response) => {
                match self.renewal.provider.read(&self.spend, &response, now.unix) {
                    Reading::Granted(granted) => Step::Done(self.granted(granted)),
                    Reading::Next(spend) => self.fall_back(spend, now),
                    Reading::Refused(error) => self.refused(error, now),
                }
            }
            Answer::Failed(failure) => self.refused(failure.into_error(), now),
        }
    }

    fn granted(self, mut response: TokenResponse) -> Outcome {
        let Self { renewal, spend, sent } = self;
        let mut reusable = false;
        if let (Spend::RefreshToken(spent), Some(held)) = (&spend, &renewal.held) {
            let kept = response.refresh_token.as_ref().is_none_or(|granted| granted == spent);
            if kept {
                // RFC 6749 §6: no new refresh token means that the old one stays in force.
                response.refresh_token = Some(spent.clone());
                let left = held.expires.map(|expires| expires.unix.since(sent.unix));
                response.refresh_lifetime = response.refresh_lifetime.or(left);
            }
            reusable = kept;
        }
        let (epoch, generation) = (renewal.epoch, renewal.generation.next());
        let granted = Granted { reusable, ..Granted::new(sent.unix, response) };
        Outcome::Renewed(Record::new(epoch, generation, Grant::Granted(granted)), sent)
    }

    /// The provider names another grant to spend, once, within the same exchange.
    fn fall_back(self, spend: Spend, now: Clocks) -> Step {
        let mut renewal = self.renewal;
        if matches!(self.spend, Spend::RefreshToken(_)) {
            renewal.held = None;
        }
        if renewal.fell_back {
            return renewal.fail(TokenError::protocol("the endpoint turned away the fallback too"));
        }
        if now.instant >= renewal.deadline {
            return renewal.fail(TokenError::unavailable("no time was left to fall back to the credentials"));
        }
        renewal.fell_back = true;
        renewal.send(spend, now)
    }

    fn refused(self, error: TokenError, now: Clocks) -> Step {
        let Self { mut renewal, spend, sent } = self;
        match spend {
            // Credentials may be spent again whatever became of this request.
            Spend::Credentials => renewal.fail(error.with_fate(Fate::Unspent)),
            Spend::Code { .. } => renewal.fail(of_code(error)),
            Spend::RefreshToken(_) => {
                let profile = renewal.provider.profile();
                let (rotation, replay) = (profile.rotation, profile.replay);
                let Some(held) = &mut renewal.held else { return renewal.fail(error) };
                match error.fate() {
                    Fate::Unspent => renewal.fail(error),
                    Fate::Unknown if survives_use(held, rotation) => {
                        renewal.fail(error.with_fate(Fate::Unspent))
                    }
                    Fate::Unknown => {
                        let first_sent = *held.first_sent.get_or_insert(sent.instant);
                        // A window may be shorter than any pause, so the one repetition it allows is made at once.
                        let again = matches!(replay, Replay::Within(window)
                            if held.replays == 0 && now.instant.since(first_sent) <= window);
                        if again && now.instant < renewal.deadline {
                            held.replays = 1;
                            return renewal.send(spend, now);
                        }
                        renewal.fail(error)
                    }
                    Fate::Dead => {
                        let lost = held.first_sent.is_some();
                        renewal.held = None;
                        renewal.fail(if lost { after_a_lost_answer(error) } else { error })
                    }
                }
            }
        }
    }
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

#[cfg(test)]
mod tests;
