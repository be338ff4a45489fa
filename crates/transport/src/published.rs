//! The read that everyone pays for: the token in force, without a lock and without an allocation.
//!
//! Writers publish what the lifecycle holds, with its deadlines computed beforehand; readers compare them with
//! two coarse clocks. A token is handed out here only if both clocks say that it is fresh, or that it is in force
//! and asking for another one could not change the answer. Whatever else is the case is the slow path's business.

use core::marker::PhantomData;
use core::ops::Deref;
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};
use bytes::Bytes;
use http::HeaderValue;
use wellspring_core::{Clocks, Instant, Lifecycle, Token, TokenError};
use zeroize::Zeroizing;

use crate::clock::{Clock, Coarse, nanos};

/// The token in force, where readers find it.
#[derive(Debug, Default)]
pub(crate) struct Published {
    slot: ArcSwapOption<Installed>,
    /// On the coarse monotonic clock: before this, asking again cannot change the answer.
    quiet_until: AtomicU64,
}

#[derive(Debug)]
struct Installed {
    token: Token,
    /// `None` when the token holds a byte that no header can carry.
    header: Option<HeaderValue>,
    /// On the wall clock: an earlier one has been set back, and the lifecycle must judge.
    obtained: u64,
    due: Deadline,
    expiry: Deadline,
}

/// A moment on both coarse clocks.
#[derive(Debug)]
struct Deadline {
    monotonic: u64,
    wall: u64,
}

impl Deadline {
    fn at(moment: Option<Clocks>, now: Clocks, coarse: Coarse) -> Self {
        let Some(moment) = moment else { return Self { monotonic: u64::MAX, wall: u64::MAX } };
        Self { monotonic: translate(moment.instant, now, coarse), wall: nanos(moment.unix.since_epoch()) }
    }

    const fn is_ahead_of(&self, now: Coarse) -> bool {
        now.monotonic < self.monotonic && now.wall < self.wall
    }
}

/// An instant of the precise clock on the coarse one, whose origin is another.
fn translate(instant: Instant, now: Clocks, coarse: Coarse) -> u64 {
    if instant == Instant::NEVER {
        return u64::MAX;
    }
    coarse.monotonic.saturating_add(nanos(instant.since(now.instant)))
}

impl Installed {
    fn new(token: Token, now: Clocks, coarse: Coarse) -> Self {
        Self {
            header: bearer(&token),
            obtained: nanos(token.sent().unix.since_epoch()),
            due: Deadline::at(token.renew_at(), now, coarse),
            expiry: Deadline::at(token.expires(), now, coarse),
            token,
        }
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
        let coarse = clock.coarse();
        let now = clock.now();
        let held = lifecycle.token();
        let known = self.slot.load();
        let generation = |token: &Token| token.generation();
        if held.map(generation) != known.as_ref().map(|installed| generation(&installed.token)) {
            self.slot.store(held.map(|token| Arc::new(Installed::new(token.clone(), now, coarse))));
        }
        self.quiet_until.store(translate(lifecycle.quiet_until(), now, coarse), Ordering::Release);
    }

    /// The token, if nobody needs to be asked about it.
    pub(crate) fn fresh(&self, clock: &Clock) -> Option<TokenRef<'_>> {
        let guard = self.slot.load();
        let installed = guard.as_ref()?;
        let now = clock.coarse();
        if now.wall < installed.obtained {
            return None;
        }
        let quiet = || now.monotonic < self.quiet_until.load(Ordering::Acquire);
        if installed.due.is_ahead_of(now) || (installed.expiry.is_ahead_of(now) && quiet()) {
            return Some(TokenRef { guard, source: PhantomData });
        }
        None
    }

    /// The token, if it is in force, whether or not it is due.
    pub(crate) fn in_force(&self, clock: &Clock) -> Option<TokenRef<'_>> {
        let guard = self.slot.load();
        let now = clock.coarse();
        let usable = guard
            .as_ref()
            .is_some_and(|installed| installed.expiry.is_ahead_of(now) && now.wall >= installed.obtained);
        usable.then_some(TokenRef { guard, source: PhantomData })
    }

    /// A token that was decided on under the lock, lent like one that was read here.
    pub(crate) fn lend(&self, token: Token, clock: &Clock) -> TokenRef<'_> {
        let guard = self.slot.load();
        if guard.as_ref().is_some_and(|installed| installed.token.generation() == token.generation()) {
            return TokenRef { guard, source: PhantomData };
        }
        let installed = Installed::new(token, clock.now(), clock.coarse());
        TokenRef { guard: Guard::from_inner(Some(Arc::new(installed))), source: PhantomData }
    }
}

/// A token on loan: cheaper than an owned one, for use at once.
pub struct TokenRef<'a> {
    guard: Guard<Option<Arc<Installed>>>,
    source: PhantomData<&'a Published>,
}

impl TokenRef<'_> {
    fn installed(&self) -> &Installed {
        self.guard.as_ref().expect("a loan is made of a full slot only")
    }

    /// The value of the `Authorization` header, marked as sensitive. Its clones share one buffer.
    ///
    /// # Errors
    ///
    /// When the token holds a byte that no header can carry.
    pub fn authorization(&self) -> Result<&HeaderValue, TokenError> {
        self.installed().header.as_ref().ok_or_else(|| {
            TokenError::protocol("the access token holds a byte that an Authorization header cannot carry")
        })
    }
}

impl Deref for TokenRef<'_> {
    type Target = Token;

    fn deref(&self) -> &Token {
        &self.installed().token
    }
}

impl core::fmt::Debug for TokenRef<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.installed().token.fmt(f)
    }
}
