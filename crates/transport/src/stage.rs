//! A lifecycle is awake or at rest. A user of a pool rests while nothing is under way for it: of a million users nearly all do.
//!
//! At rest only the token, its place and its moments are kept. The provider, the lifecycle and what callers wait for are made
//! again when the lifecycle is locked. A caller that reads a fresh token does not lock it.

use core::ops::{Deref, DerefMut};
use std::sync::Arc;

use wellspring_core::{Instant, Lifecycle, Provider, Resting, Rotation, Token, TokenError, UnfinishedSave};

use crate::call_parts::CallParts;
use crate::in_flight::InFlight;
use crate::notify::Notify;
use crate::observed::Told;
use crate::storage::LivenessSlot;
use crate::sync::MutexGuard;

/// A lifecycle that is awake or at rest.
pub(crate) enum Stage {
    Awake(Box<State>),
    Resting {
        resting: Box<Resting>,
        /// How many times its callers were notified.
        notified: u64,
    },
}

/// A lifecycle that is awake.
pub(crate) struct State {
    pub(crate) lifecycle: Lifecycle,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) calls: Result<Arc<CallParts>, TokenError>,
    /// Where callers wait.
    pub(crate) changes: Arc<Notify>,
    /// The renewal that has the permit.
    pub(crate) in_flight: Option<Arc<InFlight>>,
    /// Sign-ins, logouts and saves in flight.
    pub(crate) others: Vec<Arc<InFlight>>,
    /// The save of a token that only this process holds, and the error for callers that must wait for the save.
    pub(crate) unsaved: Option<(Arc<InFlight>, TokenError)>,
    /// Saves set aside; the next renewal retries them.
    pub(crate) set_aside: Vec<(UnfinishedSave, LivenessSlot)>,
    /// The credential of the last renewal.
    pub(crate) credential: Option<u64>,
    /// The last failure. While nothing is sent, the same failure is not reported again as a warning.
    pub(crate) failure: Option<String>,
    pub(crate) told: Told,
}

/// The lock of a lifecycle that is awake.
pub(crate) struct Locked<'a>(MutexGuard<'a, Stage>);

impl<'a> Locked<'a> {
    /// The lock, if the lifecycle is awake; otherwise the lock of what it is.
    pub(crate) fn of(stage: MutexGuard<'a, Stage>) -> Result<Self, MutexGuard<'a, Stage>> {
        if stage.awake().is_some() { Ok(Self(stage)) } else { Err(stage) }
    }
}

impl Deref for Locked<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        self.0.awake().expect("only an awake lifecycle is locked")
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut State {
        self.0.awake_mut().expect("only an awake lifecycle is locked")
    }
}

impl Stage {
    pub(crate) const fn awake(&self) -> Option<&State> {
        match self {
            Self::Awake(state) => Some(state),
            Self::Resting { .. } => None,
        }
    }

    pub(crate) const fn awake_mut(&mut self) -> Option<&mut State> {
        match self {
            Self::Awake(state) => Some(state),
            Self::Resting { .. } => None,
        }
    }

    pub(crate) fn token(&self) -> Option<&Token> {
        match self {
            Self::Awake(state) => state.lifecycle.token(),
            Self::Resting { resting, .. } => Some(resting.token()),
        }
    }

    pub(crate) fn next_wake(&self) -> Option<Instant> {
        match self {
            Self::Awake(state) => state.lifecycle.next_wake(),
            Self::Resting { resting, .. } => resting.next_wake(),
        }
    }
}

impl State {
    pub(crate) fn new(provider: Arc<dyn Provider>, lifecycle: Lifecycle, notified: u64) -> Box<Self> {
        let calls = CallParts::of(&provider.spec().calls).map(Arc::new);
        Box::new(Self {
            lifecycle,
            provider,
            calls,
            changes: Arc::new(Notify::after(notified)),
            in_flight: None,
            others: Vec::new(),
            unsaved: None,
            set_aside: Vec::new(),
            credential: None,
            failure: None,
            told: Told::default(),
        })
    }

    /// Whether a renewal, a sign-in, a logout or a save is in flight.
    pub(crate) fn is_in_use(&self) -> bool {
        self.in_flight.is_some()
            || !self.others.is_empty()
            || self.unsaved.is_some()
            || !self.set_aside.is_empty()
    }

    /// What to keep at rest, if nothing would be lost: no caller waits, and nothing is under way or untold.
    pub(crate) fn rest(&self) -> Option<Resting> {
        let is_watched = Arc::strong_count(&self.changes) > 1;
        if self.is_in_use() || is_watched || self.failure.is_some() || self.told != Told::default() {
            return None;
        }
        self.lifecycle.rest(self.provider.spec().rotation == Rotation::Reusable)
    }
}
