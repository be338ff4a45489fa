//! The read that everyone pays for: the token in force, without a lock and without an allocation.
//!
//! Writers publish what the lifecycle holds, with its deadlines computed beforehand; readers compare them with
//! two coarse clocks. A token is handed out here only if both clocks say that it is fresh, or that it is in force
//! and asking for another one could not change the answer. Whatever else is the case is the slow path's business.

use core::marker::PhantomData;
use core::ops::Deref;
use core::sync::atomic::Ordering;
use std::sync::Arc;

use arc_swap::Guard;
use bytes::Bytes;
use http::HeaderValue;
use wellspring_core::{Clocks, Generation, Instant, Lifecycle, Token, TokenError};
use zeroize::Zeroizing;

use crate::clock::{Clock, TICK, nanos};
use crate::sync::{ArcSwap, AtomicU64};

/// The token in force, where readers find it.
#[derive(Debug, Default)]
pub(crate) struct Published {
    /// Always full: an empty slot is an [`Installed`] that is over, so that a loan fits into two registers.
    slot: ArcSwap<Installed>,
    /// On the coarse monotonic clock: before this, asking again cannot change the answer.
    quiet_until: AtomicU64,
}

#[derive(Debug, Default)]
struct Installed {
    /// `None` when there is nothing to hand out.
    token: Option<Token>,
    /// `None` when the token holds a byte that no header can carry.
    header: Option<HeaderValue>,
    /// On the wall clock: an earlier one has been set back, and the lifecycle must judge.
    obtained: u64,
    due: Deadline,
    expiry: Deadline,
}

/// A moment on both coarse clocks, a tick early, because that is what they lag behind.
#[derive(Debug, Default)]
struct Deadline {
    monotonic: u64,
    wall: u64,
}

impl Deadline {
    fn at(moment: Option<Clocks>, now: Clocks, coarse: u64) -> Self {
        let Some(moment) = moment else { return Self { monotonic: u64::MAX, wall: u64::MAX } };
        Self {
            monotonic: translate(moment.instant, now, coarse),
            wall: nanos(moment.unix.since_epoch()).saturating_sub(TICK),
        }
    }
}

/// An instant of the precise clock on the coarse monotonic one, whose origin is another, a tick early.
fn translate(instant: Instant, now: Clocks, coarse: u64) -> u64 {
    if instant == Instant::NEVER {
        return u64::MAX;
    }
    coarse.saturating_add(nanos(instant.since(now.instant))).saturating_sub(TICK)
}

impl Installed {
    fn new(token: Token, now: Clocks, coarse: u64) -> Self {
        Self {
            header: bearer(&token),
            obtained: nanos(token.sent().unix.since_epoch()),
            due: Deadline::at(token.renew_at(), now, coarse),
            expiry: Deadline::at(token.expires(), now, coarse),
            token: Some(token),
        }
    }

    fn generation(&self) -> Option<Generation> {
        self.token.as_ref().map(Token::generation)
    }

    /// Not due on either clock. The monotonic one does not count suspend: only the wall clock, looked at each time,
    /// notices that a machine has slept.
    #[inline]
    fn is_fresh(&self, monotonic: u64, clock: &Clock) -> bool {
        monotonic < self.due.monotonic && self.wall_is_before(self.due.wall, clock)
    }

    fn is_in_force(&self, monotonic: u64, clock: &Clock) -> bool {
        monotonic < self.expiry.monotonic && self.wall_is_before(self.expiry.wall, clock)
    }

    #[inline]
    fn wall_is_before(&self, deadline: u64, clock: &Clock) -> bool {
        let wall = clock.coarse_wall();
        wall < deadline && wall.saturating_add(TICK) >= self.obtained
    }
}

/// The value of the `Authorization` header ([RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1)),
/// whose clones share one buffer, wiped with the last of them.
fn bearer(token: &Token) -> Option<HeaderValue> {
    let mut text = Zeroizing::new(Vec::with_capacity("Bearer ".len() + token.expose().len()));
    text.extend_from_slice(b"Bearer ");
    text.extend_from_slice(token.expose().as_bytes());
    let mut header = HeaderValue::from_maybe_shared(Bytes::from_owner(text)).ok()?;
    header.set_sensitive(true);
    Some(header)
}

impl Published {
    /// Publishes what the lifecycle holds. Called under its lock, after every change.
    pub(crate) fn mirror(&self, lifecycle: &Lifecycle, clock: &Clock) {
        // The coarse clock first: what passes between the two looks makes deadlines earlier, not later.
        let coarse = clock.coarse_monotonic();
        let now = clock.now();
        let held = lifecycle.token();
        if held.map(Token::generation) != self.slot.load().generation() {
            let installed = held.map(|token| Installed::new(token.clone(), now, coarse));
            self.slot.store(Arc::new(installed.unwrap_or_default()));
        }
        self.quiet_until.store(translate(lifecycle.quiet_until(), now, coarse), Ordering::Release);
    }

    /// The token, if nobody needs to be asked about it.
    #[inline]
    pub(crate) fn fresh(&self, clock: &Clock) -> Option<TokenRef<'_>> {
        let guard = self.slot.load();
        let now = clock.coarse_monotonic();
        let quiet = || now < self.quiet_until.load(Ordering::Acquire);
        let usable = guard.is_fresh(now, clock) || (quiet() && guard.is_in_force(now, clock));
        usable.then_some(TokenRef { guard, source: PhantomData })
    }

    /// The token, if it is in force, whether or not it is due.
    pub(crate) fn in_force(&self, clock: &Clock) -> Option<TokenRef<'_>> {
        let guard = self.slot.load();
        let now = clock.coarse_monotonic();
        let usable = guard.is_in_force(now, clock);
        usable.then_some(TokenRef { guard, source: PhantomData })
    }

    /// A token that was decided on under the lock, lent like one that was read here.
    pub(crate) fn lend(&self, token: Token, clock: &Clock) -> TokenRef<'_> {
        let guard = self.slot.load();
        if guard.generation() == Some(token.generation()) {
            return TokenRef { guard, source: PhantomData };
        }
        let installed = Installed::new(token, clock.now(), clock.coarse_monotonic());
        TokenRef { guard: Guard::from_inner(Arc::new(installed)), source: PhantomData }
    }
}

/// A token on loan: cheaper than an owned one, for use at once.
pub struct TokenRef<'a> {
    guard: Guard<Arc<Installed>>,
    source: PhantomData<&'a Published>,
}

impl TokenRef<'_> {
    /// The value of the `Authorization` header, marked as sensitive. Its clones share one buffer.
    ///
    /// # Errors
    ///
    /// When the token holds a byte that no header can carry.
    #[inline]
    pub fn authorization(&self) -> Result<&HeaderValue, TokenError> {
        self.guard.header.as_ref().ok_or_else(no_header)
    }
}

#[cold]
fn no_header() -> TokenError {
    TokenError::protocol("the access token holds a byte that an Authorization header cannot carry")
}

impl Deref for TokenRef<'_> {
    type Target = Token;

    #[inline]
    fn deref(&self) -> &Token {
        self.guard.token.as_ref().expect("what is over is never lent")
    }
}

impl core::fmt::Debug for TokenRef<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        (**self).fmt(f)
    }
}
