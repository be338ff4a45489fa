//! What every phase of a renewal needs, and what the phases hand on to each other.

use core::time::Duration;

use crate::generation::{Epoch, Generation};
use crate::jitter::Jitter;
use crate::lease::{Attempt, Fingerprint};
use crate::policy::{CLOCK_WENT_BACK, Policy};
use crate::proven::Proven;
use crate::provider::{AuthorizationGrant, Rotation};
use crate::record::Record;
use crate::refresh_state::RefreshState;
use crate::rules::{Rule, holds};
use crate::time::{Clocks, Instant, UnixTime};
use crate::token::Token;
use crate::witnesses::Witnesses;

use super::job::ProviderRef;

/// What every phase of a renewal needs.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct Context {
    pub(super) provider: ProviderRef,
    pub(super) policy: Policy,
    pub(super) jitter: Jitter,
    /// Failures in a row, as this lifecycle has seen them.
    pub(super) failures: u32,
    /// Refusals in a row, as this lifecycle has seen them.
    pub(super) witnesses: Witnesses,
    /// The credential with which this lifecycle's last token was obtained.
    pub(super) proven: Option<Proven>,
    /// The end of the whole exchange; a fallback shares it.
    pub(super) deadline: Instant,
}

/// The place of a record in the history of its key.
pub(super) type Place = (Epoch, Generation);

/// What this renewal is to replace.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct Current {
    pub(super) place: Place,
    pub(super) held: Option<RefreshState>,
    /// How long the access token stays in force.
    pub(super) access_left: Duration,
}

/// What the callers need of a token that another process has obtained.
#[derive(Debug)]
#[cfg_attr(wellspring_explore, derive(Clone, PartialEq, Eq, Hash))]
pub(super) struct Needed {
    /// How long it is to last, if the endpoint grants any that do.
    pub(super) wanted: Duration,
    /// The access token that an API has refused: a response that cannot be used leaves it in the record.
    pub(super) refused: Option<Token>,
}

impl Needed {
    pub(super) fn is_refused(&self, record: &Record) -> bool {
        let response = record.granted().map(|granted| &granted.response);
        self.refused.as_ref().zip(response).is_some_and(|(token, response)| token.has_text_of(response))
    }
}

/// What is left to do when the refresh token cannot be used: the columns of two tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the columns of a table")]
pub enum Fallback {
    /// The user signs in again.
    SignIn,
    /// The client's own credentials are sent.
    Credentials,
}

impl Context {
    /// The end of an attempt to reach the store that starts now.
    pub(super) fn store_deadline(&self, now: Clocks) -> Instant {
        now.instant.plus(self.policy.store_deadline)
    }

    /// The exchange starts now: its deadline counts from here.
    pub(super) fn start_exchange(&mut self, now: Clocks) {
        self.deadline = now.instant.plus(self.policy.deadline);
    }

    /// The endpoint has granted something to the provider's credential, for a request that was sent then.
    pub(super) fn proves(&self, attempt: Option<Attempt>, sent: Clocks) -> Option<Proven> {
        let salt = attempt.map_or(0, |attempt| attempt.owner.source ^ attempt.number);
        Some(Proven::new(&*self.provider, salt, sent.unix))
    }

    /// Whether the provider's credential is the one that was refused, as far as that is known.
    pub(super) fn is_same_credential(&self, refused: Option<Fingerprint>) -> bool {
        refused.is_none_or(|seen| seen == Fingerprint::of(&*self.provider, seen.salt))
            || !holds(Rule::PauseOfOneCredential)
    }

    /// Whether the provider's credential has worked within the last day, as this lifecycle or the store knows.
    pub(super) fn has_worked(&self, stored: Option<Proven>, now: UnixTime) -> bool {
        let speaks = |proven: &Proven| proven.speaks_for(&*self.provider, now);
        self.proven.iter().chain(&stored).any(speaks)
    }

    pub(super) fn fallback(&self) -> Fallback {
        if self.provider.spec().credentials { Fallback::Credentials } else { Fallback::SignIn }
    }

    /// Whether this refresh token survives its use.
    pub(super) fn survives_use(&self, held: &RefreshState) -> bool {
        held.reusable || self.provider.spec().rotation == Rotation::Reusable
    }

    /// Whether this grant may be sent again whatever the answer.
    pub(super) fn is_repeatable(&self, grant: &AuthorizationGrant, held: Option<&RefreshState>) -> bool {
        match grant {
            AuthorizationGrant::ClientCredentials => true,
            AuthorizationGrant::RefreshToken(_) => held.map_or_else(
                || self.provider.spec().rotation == Rotation::Reusable,
                |held| self.survives_use(held),
            ),
            // A device code is sent many times, and only the answer says which time was the last.
            AuthorizationGrant::AuthorizationCode { .. } | AuthorizationGrant::DeviceCode(_) => false,
            AuthorizationGrant::Extension(grant) => grant.is_repeatable(),
        }
    }

    /// The lifetime of the access token in this record, and how much of it is left by the wall clock; `None` when the
    /// token is not in force.
    pub(super) fn time_left(&self, record: &Record, now: Clocks) -> Option<(Duration, Duration)> {
        let granted = record.granted()?;
        let from_the_future = granted.obtained_at > now.unix.plus(CLOCK_WENT_BACK);
        let lifetime = granted.response.lifetime.or(self.policy.assumed_lifetime).unwrap_or(Duration::MAX);
        let left = granted.obtained_at.plus(lifetime).since(now.unix);
        let usable = granted.has_access_token() && !from_the_future && !left.is_zero();
        usable.then_some((lifetime, left))
    }
}

/// The place of a sign-in or a logout that follows this record, or that starts an empty store.
///
/// An empty store does not show how far other processes have counted. The wall clock is later than any count.
pub(super) fn place_after(stored: Option<Place>, known: Place, now: Clocks) -> Place {
    let (epoch, generation) = stored.unwrap_or_default();
    let (epoch, generation) = (epoch.max(known.0).next(), generation.max(known.1).next());
    if !holds(Rule::NewEpoch) {
        return (stored.unwrap_or_default().0, generation);
    }
    if stored.is_some() || !holds(Rule::EpochFromClock) {
        return (epoch, generation);
    }
    let clock = u64::try_from(now.unix.since_epoch().as_millis()).unwrap_or(u64::MAX);
    (epoch.max(Epoch::new(clock)), generation.max(Generation::new(clock)))
}
