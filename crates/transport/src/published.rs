//! The read path: a token in force, without a lock and without an allocation.
//!
//! Writers publish the token that the lifecycle holds, with its deadlines computed beforehand; readers compare the
//! deadlines with two coarse clocks. A reader gets the token only if both clocks say that it is fresh, or that it has
//! not expired while no renewal can start. In every other case the caller asks the lifecycle.

use core::marker::PhantomData;
use core::ops::Deref;
use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::Arc;

use arc_swap::Guard;
use bytes::Bytes;
use http::HeaderValue;
use wellspring_core::{Clocks, Generation, Instant, Lifecycle, Token, TokenError};
use zeroize::Zeroizing;

use crate::clock::{Clock, TICK, nanos};
use crate::sync::{ArcSwap, AtomicU64};

/// The published token.
#[derive(Debug, Default)]
pub(crate) struct Published {
    /// Never empty: without a token it holds an [`Installed`] that has expired, so that a loan fits into two registers.
    slot: ArcSwap<Installed>,
    /// On the coarse monotonic clock: before this, no renewal can start.
    quiet_until: AtomicU64,
    /// The same where an observer is told of each reader.
    observed_quiet_until: AtomicU64,
}

/// How the tokens of a provider are published.
#[derive(Debug, Default)]
pub(crate) struct Prefix {
    /// What stands before a token in its header.
    pub(crate) bytes: Box<[u8]>,
    /// With an observer, no reader is served by [`Published::fresh`], which costs the others nothing: the deadlines that it
    /// compares have passed, and the real ones are beside them.
    pub(crate) observed: bool,
}

/// A token with what its readers need.
#[derive(Debug, Default)]
pub(crate) struct Installed {
    /// `None` when there is nothing to hand out.
    token: Option<Token>,
    /// `None` when the token holds a byte that no header can carry.
    header: Option<HeaderValue>,
    /// On the wall clock. A clock that shows an earlier time was set back, and the lifecycle must decide.
    obtained: u64,
    due: Deadline,
    expiry: Deadline,
    /// When it is due, where an observer is told of each reader.
    observed_due: Deadline,
}

/// A deadline on both coarse clocks, a tick early, because they lag behind by as much.
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

/// An instant of the precise clock on the coarse monotonic clock, which has another origin, a tick early.
fn translate(instant: Instant, now: Clocks, coarse: u64) -> u64 {
    if instant == Instant::NEVER {
        return u64::MAX;
    }
    coarse.saturating_add(nanos(instant.since(now.instant))).saturating_sub(TICK)
}

impl Installed {
    fn new(token: Token, prefix: &Prefix, now: Clocks, coarse: u64) -> Self {
        let due = Deadline::at(token.renew_at(), now, coarse);
        let (due, observed_due) =
            if prefix.observed { (Deadline::default(), due) } else { (due, Deadline::default()) };
        Self {
            header: header(&prefix.bytes, &token),
            obtained: nanos(token.sent().unix.since_epoch()),
            due,
            expiry: Deadline::at(token.expires(), now, coarse),
            observed_due,
            token: Some(token),
        }
    }

    fn generation(&self) -> Option<Generation> {
        self.token.as_ref().map(Token::generation)
    }

    /// Whether both clocks are before this deadline. The coarse monotonic clock does not count suspend: only the wall
    /// clock shows that the machine was suspended.
    #[inline]
    fn is_before(&self, deadline: &Deadline, monotonic: u64, clock: &Clock) -> bool {
        if monotonic >= deadline.monotonic {
            return false;
        }
        let wall = clock.coarse_wall();
        wall < deadline.wall && wall.saturating_add(TICK) >= self.obtained
    }
}

/// The value of the token's header, whose clones share one buffer, which is wiped with the last clone.
fn header(prefix: &[u8], token: &Token) -> Option<HeaderValue> {
    let mut text = Zeroizing::new(Vec::with_capacity(prefix.len() + token.expose().len()));
    text.extend_from_slice(prefix);
    text.extend_from_slice(token.expose().as_bytes());
    let mut header = HeaderValue::from_maybe_shared(Bytes::from_owner(text)).ok()?;
    header.set_sensitive(true);
    Some(header)
}

impl Published {
    /// Without a token: this is published.
    pub(crate) fn of(nothing: &Arc<Installed>) -> Self {
        Self { slot: ArcSwap::new(Arc::clone(nothing)), ..Self::default() }
    }

    /// Publishes the lifecycle's token. The caller holds the lifecycle's lock and has just changed the lifecycle.
    pub(crate) fn mirror(&self, lifecycle: &Lifecycle, clock: &Clock, prefix: &Prefix) {
        // The coarse clock first: the time between the two readings makes deadlines earlier, not later.
        let coarse = clock.coarse_monotonic();
        let now = clock.now();
        let held = lifecycle.token();
        if held.map(Token::generation) != self.slot.load().generation() {
            let installed = held.map(|token| Installed::new(token.clone(), prefix, now, coarse));
            self.slot.store(Arc::new(installed.unwrap_or_default()));
        }
        let quiet_until = if prefix.observed { &self.observed_quiet_until } else { &self.quiet_until };
        quiet_until.store(translate(lifecycle.quiet_until(), now, coarse), Ordering::Release);
    }

    /// Publishes the token of a lifecycle at rest. The caller holds the lifecycle's lock.
    pub(crate) fn publish(&self, token: &Token, clock: &Clock, prefix: &Prefix) {
        let coarse = clock.coarse_monotonic();
        self.slot.store(Arc::new(Installed::new(token.clone(), prefix, clock.now(), coarse)));
    }

    /// Publishes nothing. The caller holds the lifecycle's lock.
    pub(crate) fn clear(&self, nothing: &Arc<Installed>) {
        self.slot.store(Arc::clone(nothing));
    }

    /// The token, if it is fresh, or usable while no renewal can start.
    #[inline]
    pub(crate) fn fresh(&self, clock: &Clock) -> Option<TokenRef<'_>> {
        let guard = self.slot.load();
        let now = clock.coarse_monotonic();
        let quiet = || now < self.quiet_until.load(Ordering::Acquire);
        let usable = guard.is_before(&guard.due, now, clock)
            || (quiet() && guard.is_before(&guard.expiry, now, clock));
        usable.then_some(TokenRef { guard, source: PhantomData })
    }

    /// The same for a source with an observer, and how long the token stays in force.
    pub(crate) fn observed_fresh(&self, clock: &Clock) -> Option<(TokenRef<'_>, Option<Duration>)> {
        let guard = self.slot.load();
        let now = clock.coarse_monotonic();
        let quiet = || now < self.observed_quiet_until.load(Ordering::Acquire);
        let usable = guard.is_before(&guard.observed_due, now, clock)
            || (quiet() && guard.is_before(&guard.expiry, now, clock));
        let end = guard.expiry.monotonic;
        let remaining = (end != u64::MAX).then(|| Duration::from_nanos(end.saturating_sub(now)));
        usable.then_some((TokenRef { guard, source: PhantomData }, remaining))
    }

    /// The token, if it has not expired, whether or not a renewal is due.
    pub(crate) fn in_force(&self, clock: &Clock) -> Option<TokenRef<'_>> {
        let guard = self.slot.load();
        let usable = guard.is_before(&guard.expiry, clock.coarse_monotonic(), clock);
        usable.then_some(TokenRef { guard, source: PhantomData })
    }

    /// Lends a token that the lifecycle has handed out under its lock.
    pub(crate) fn lend(&self, token: Token, clock: &Clock, prefix: &Prefix) -> TokenRef<'_> {
        let guard = self.slot.load();
        if guard.generation() == Some(token.generation()) {
            return TokenRef { guard, source: PhantomData };
        }
        let installed = Installed::new(token, prefix, clock.now(), clock.coarse_monotonic());
        TokenRef { guard: Guard::from_inner(Arc::new(installed)), source: PhantomData }
    }
}

/// A borrowed token: cheaper than an owned one, for immediate use.
pub struct TokenRef<'a> {
    guard: Guard<Arc<Installed>>,
    source: PhantomData<&'a Published>,
}

impl TokenRef<'_> {
    /// The value of the header that carries the token, which is `Authorization` unless the provider names another, marked as sensitive. Its clones share one buffer.
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
    TokenError::protocol("the access token cannot be sent: it holds a byte that no header may hold")
}

impl Deref for TokenRef<'_> {
    type Target = Token;

    #[inline]
    fn deref(&self) -> &Token {
        self.guard.token.as_ref().expect("only a token that has not expired is lent")
    }
}

impl core::fmt::Debug for TokenRef<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        (**self).fmt(f)
    }
}
