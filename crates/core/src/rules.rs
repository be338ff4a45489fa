//! The rules of the renewal protocol by name, and the decision tables by cell.
//!
//! They always hold. Only the explorer, which walks every interleaving of the shipped code, drops one rule or one cell
//! at a time, to show that it notices.

/// A rule of the renewal protocol, of keys or of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(wellspring_explore), expect(unreachable_pub, reason = "only the explorer names them"))]
#[cfg_attr(wellspring_explore, expect(clippy::exhaustive_enums, reason = "only the explorer sees it"))]
#[repr(u8)]
pub enum Rule {
    /// 1: a newer token in force is adopted without a call.
    AdoptNewer = 1,
    /// 1: a tombstone ends the renewal.
    TombstoneEnds,
    /// 2: a lease is saved before anything is sent.
    Lease,
    /// 2: after a lease that may have been saved, the store is asked again, and the own lease is known there.
    LoadAfterMaybe,
    /// 4: a token is saved before any caller gets it.
    SaveFirst,
    /// 4: the refresh token of a response that cannot be used is saved before the error is reported.
    KeepSuccessor,
    /// 4: on a conflict the epoch decides first.
    EpochFirst,
    /// 4a: a token obtained after a logout is revoked.
    RevokeAfterLogout,
    /// 4b: while the store still holds the generation that was spent, it is replaced.
    SaveAgain,
    /// 4b: even if it is marked as dead.
    SaveOverDeadMark,
    /// 4c: a record that this attempt has saved is saved.
    KnowOwnWriting,
    /// 4: a token that the store refuses is spilled.
    Spill,
    /// 5: a lease is cleared only if the grant of its generation was never sent.
    ClearOnlyUnsent,
    /// 5: a grant that is known never to have been sent may be leased again.
    RememberUnsent,
    /// 5: a lease that may be saved is withdrawn when nothing was sent under it.
    WithdrawUnsent,
    /// 5: a failure of one process or its host is not recorded as a pause of all.
    LocalStaysLocal,
    /// 6: a spilled token is looked for before a grant is sent again.
    LookForSpill,
    /// 6: a grant of unknown fate is sent again only when no process can still save its token.
    ReplayOnlyAfterOwner,
    /// 6: a grant of unknown fate is not sent again when the provider's data forbids it.
    ObeyReplay,
    /// 6: a single-use grant whose response came and cannot be read is not sent again.
    AnsweredIsSpent,
    /// 6: also if the store did not take the mark that says so.
    RememberAnswered,
    /// 8: the lease of another is waited for.
    Watch,
    /// 8: an owner is gone only if the lock that its lease names was taken.
    OnlyTheSameLock,
    /// 8: in a store of a fleet an owner is looked for once more before its lease counts as lapsed.
    LookBeforeLapse,
    /// 9: a sign-in or logout begins a new epoch.
    NewEpoch,
    /// 9: in an empty store the epoch is the wall clock's.
    EpochFromClock,
    /// 10: a store that lost its record does not get it back from memory.
    NeverRestore,
    /// 11: a repeatable grant continues without the store.
    GoOnWithoutStore,
    /// 11: but not after a logout that was seen.
    NotAfterTombstone,
    /// Pauses: a refusal without a verdict silences the source only after several of them.
    SeveralWitnesses,
    /// Pauses: a credential that has worked within the last day is asked for again soon.
    BenefitOfDoubt,
    /// Pauses: a failure while the token is in force does not outlast it.
    NotPastTheToken,
    /// Pauses: an endpoint that refuses the credential is asked three times an hour at most.
    ThreeAnHour,
    /// Pauses: a process whose credential changes need not wait for the end of its own pause.
    ChangeOpens,
    /// Pauses: the pause in the store is for the credential that was refused.
    PauseOfOneCredential,
    /// Pauses: the refusals of one credential say nothing of another.
    WitnessesOfOneCredential,
    /// Keys: the user, or the profile, is a part of the key.
    IdentityInKey,
    /// Calls: a refused call is retried once.
    RetryOnce,
    /// Calls: where two fresh tokens in a row were refused, a refusal renews nothing.
    PlaceGivesUp,
    /// Calls: a new session is refused nowhere yet.
    NewSessionForgetsPlaces,
}

/// A decision table of this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(not(wellspring_explore), expect(unreachable_pub, reason = "only the explorer names them"))]
#[cfg_attr(wellspring_explore, expect(clippy::exhaustive_enums, reason = "only the explorer sees it"))]
#[repr(u8)]
pub enum Table {
    /// Who gets what: a holding against a gate.
    Acquire = 1,
    /// What a refused token leads to.
    Refusal,
    /// What the store's answer means for a renewal.
    Loaded,
    /// Whether a grant may be sent again.
    Replay,
    /// What a conflict means for a token that is to be saved.
    Conflict,
    /// Whose pause a request that was not sent leads to.
    Fault,
}

/// Whether this cell of the table holds. Where it does not, the caller looks up the cell's replacement.
#[cfg(not(wellspring_explore))]
pub(crate) const fn cell_holds(_: Table, _: usize) -> bool {
    true
}

/// Whether this cell of the table holds. Where it does not, the caller looks up the cell's replacement.
#[cfg(wellspring_explore)]
pub(crate) fn cell_holds(table: Table, cell: usize) -> bool {
    DROPPED_CELL.load(core::sync::atomic::Ordering::Relaxed) != packed(table, cell)
}

/// Drops this cell of this table, or none.
#[cfg(wellspring_explore)]
pub fn drop_cell(cell: Option<(Table, usize)>) {
    let packed = cell.map_or(0, |(table, cell)| packed(table, cell));
    DROPPED_CELL.store(packed, core::sync::atomic::Ordering::Relaxed);
}

#[cfg(wellspring_explore)]
static DROPPED_CELL: core::sync::atomic::AtomicUsize = core::sync::atomic::AtomicUsize::new(0);

#[cfg(wellspring_explore)]
const fn packed(table: Table, cell: usize) -> usize {
    (table as usize) << 16 | cell
}

/// Whether the rule holds.
#[cfg(not(wellspring_explore))]
pub(crate) const fn holds(_: Rule) -> bool {
    true
}

#[cfg(wellspring_explore)]
static DROPPED: core::sync::atomic::AtomicU8 = core::sync::atomic::AtomicU8::new(0);

/// Whether the rule holds.
#[cfg(wellspring_explore)]
pub(crate) fn holds(rule: Rule) -> bool {
    DROPPED.load(core::sync::atomic::Ordering::Relaxed) != rule as u8
}

/// Drops this rule, or none.
#[cfg(wellspring_explore)]
pub fn drop_rule(rule: Option<Rule>) {
    DROPPED.store(rule.map_or(0, |rule| rule as u8), core::sync::atomic::Ordering::Relaxed);
}
