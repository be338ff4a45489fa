//! Deliberate mistakes, each with a world in which it has to be found; and those that no such world can show.

use wellspring_core::{Replay, Rule};

use crate::line::{ALL_BUT_RARE, Grants, Line, Mutation, Start, Trouble};

/// How a mistake shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shows {
    /// Something is broken.
    Broken,
    /// In more states a user has to sign in needlessly.
    Needless,
    /// It does not, for this reason. If it does, the report says so.
    Nothing(&'static str),
    /// In more states the session continues at the server after a logout.
    Outlived,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Mutant {
    pub(crate) mutation: Mutation,
    pub(crate) line: Line,
    pub(crate) shows: Shows,
}

const TWO_MACHINES: &[u8] = &[0, 1];

const fn two(replay: Replay, faults: u8) -> Line {
    let mut line = Line::new("", replay);
    (line.faults, line.again) = (faults, 1);
    line
}

const fn mutant(mutation: Mutation, shows: Shows, mut line: Line) -> Mutant {
    line.mutation = Some(mutation);
    Mutant { mutation, line, shows }
}

const fn without(rule: Rule, shows: Shows, line: Line) -> Mutant {
    mutant(Mutation::Rule(rule), shows, line)
}

const fn of_two_users(mut line: Line) -> Line {
    line.users = &[0, 1];
    line
}

const fn warm(mut line: Line) -> Line {
    line.start = Start::Warm;
    line
}

const fn due(mut line: Line) -> Line {
    line.start = Start::Due;
    line
}

const fn apart(mut line: Line) -> Line {
    line.machines = TWO_MACHINES;
    line
}

/// No caller asks once more.
const fn once(mut line: Line) -> Line {
    line.again = 0;
    line
}

/// Two hosts with a store that shows presence.
const fn in_a_fleet(mut line: Line) -> Line {
    (line.machines, line.fleet_store) = (TWO_MACHINES, true);
    with(line, SIGHT)
}

const fn with(mut line: Line, troubles: &'static [Trouble]) -> Line {
    line.troubles = troubles;
    line
}

const fn of(mut line: Line, grant: Grants) -> Line {
    line.grant = grant;
    line
}

const fn patient(mut line: Line) -> Line {
    line.impatience = 0;
    line
}

const WINDOW: Replay = Replay::Within(core::time::Duration::from_secs(3));
const REFUSALS: &[Trouble] = &[Trouble::Refusal];
const NEW_CREDENTIAL: &[Trouble] = &[Trouble::Refusal, Trouble::NewCredential];
const OBSTACLES: &[Trouble] = &[Trouble::Obstacles, Trouble::NewCredential];
const LOGOUT: &[Trouble] = &[Trouble::Logout, Trouble::Store];
const LOCK_REMOVED: &[Trouble] = &[Trouble::LockRemoved];
const SIGHT: &[Trouble] = &[Trouble::Presence, Trouble::Partition, Trouble::Crash];
const NOTE_NOT_WRITTEN: &[Trouble] = &[Trouble::Partition, Trouble::Silence];
const UNNAMED: &[Trouble] = &[Trouble::UnnamedSave];
const UNNAMED_AND_EMPTIED: &[Trouble] = &[Trouble::UnnamedSave, Trouble::Emptied];
const HALF_A_LOGOUT: &[Trouble] = &[Trouble::Logout, Trouble::Silence];

pub(crate) const MUTANTS: &[Mutant] = &[
    without(Rule::AdoptNewer, Shows::Broken, two(Replay::OwnerDead, 1)),
    without(Rule::TombstoneEnds, Shows::Broken, two(Replay::OwnerDead, 1)),
    without(Rule::Lease, Shows::Broken, two(Replay::OwnerDead, 1)),
    without(Rule::LoadAfterMaybe, Shows::Needless, two(Replay::Never, 1)),
    without(Rule::SaveFirst, Shows::Broken, two(Replay::OwnerDead, 1)),
    without(Rule::KeepSuccessor, Shows::Broken, with(two(Replay::OwnerDead, 1), &[Trouble::Unusable])),
    without(Rule::AnsweredIsSpent, Shows::Broken, with(two(Replay::OwnerDead, 1), &[Trouble::Unreadable])),
    without(
        Rule::RememberAnswered,
        Shows::Broken,
        with(two(Replay::OwnerDead, 2), &[Trouble::Unreadable, Trouble::Outage]),
    ),
    without(Rule::LocalStaysLocal, Shows::Broken, with(two(Replay::OwnerDead, 1), &[Trouble::Local])),
    without(Rule::SeveralWitnesses, Shows::Broken, with(two(Replay::OwnerDead, 1), REFUSALS)),
    without(Rule::BenefitOfDoubt, Shows::Broken, with(two(Replay::OwnerDead, 1), REFUSALS)),
    without(Rule::NotPastTheToken, Shows::Broken, due(with(two(Replay::OwnerDead, 1), REFUSALS))),
    without(Rule::ThreeAnHour, Shows::Broken, with(two(Replay::OwnerDead, 4), REFUSALS)),
    without(Rule::ChangeOpens, Shows::Broken, with(two(Replay::OwnerDead, 2), OBSTACLES)),
    without(
        Rule::PauseOfOneCredential,
        Shows::Broken,
        patient(with(two(Replay::OwnerDead, 4), NEW_CREDENTIAL)),
    ),
    without(
        Rule::WitnessesOfOneCredential,
        Shows::Broken,
        patient(of(with(two(Replay::OwnerDead, 4), NEW_CREDENTIAL), Grants::Credentials)),
    ),
    mutant(Mutation::NothingReadAfterStop, Shows::Broken, with(two(Replay::Never, 1), &[Trouble::Stop])),
    mutant(Mutation::UnnamedSavesSwept, Shows::Broken, with(two(Replay::OwnerDead, 1), UNNAMED)),
    mutant(Mutation::UnnamedSavesStay, Shows::Broken, with(two(Replay::OwnerDead, 1), UNNAMED)),
    mutant(Mutation::UnnamedLeasesFinished, Shows::Needless, with(two(Replay::Never, 1), UNNAMED)),
    mutant(
        Mutation::UnnamedSavesOfAnyVersion,
        Shows::Broken,
        with(two(Replay::OwnerDead, 2), UNNAMED_AND_EMPTIED),
    ),
    without(Rule::IdentityInKey, Shows::Broken, of_two_users(two(Replay::OwnerDead, 1))),
    without(Rule::EpochFirst, Shows::Outlived, with(two(Replay::OwnerDead, 2), HALF_A_LOGOUT)),
    without(Rule::RevokeAfterLogout, Shows::Outlived, with(two(Replay::OwnerDead, 2), HALF_A_LOGOUT)),
    without(Rule::SaveAgain, Shows::Broken, apart(two(Replay::LastResort, 1))),
    without(Rule::SaveOverDeadMark, Shows::Broken, apart(two(Replay::LastResort, 1))),
    without(Rule::Spill, Shows::Broken, two(Replay::OwnerDead, 1)),
    without(Rule::ClearOnlyUnsent, Shows::Broken, two(WINDOW, 2)),
    without(
        Rule::RememberUnsent,
        Shows::Needless,
        with(two(Replay::Never, 2), &[Trouble::Unsent, Trouble::Store]),
    ),
    without(
        Rule::WithdrawUnsent,
        Shows::Needless,
        with(two(Replay::Never, 1), &[Trouble::Hanging, Trouble::Store]),
    ),
    without(Rule::LookForSpill, Shows::Broken, two(Replay::OwnerDead, 2)),
    without(Rule::ReplayOnlyAfterOwner, Shows::Broken, apart(two(Replay::OwnerDead, 1))),
    without(Rule::ObeyReplay, Shows::Broken, two(Replay::Never, 1)),
    without(Rule::Watch, Shows::Broken, two(Replay::OwnerDead, 1)),
    without(Rule::OnlyTheSameLock, Shows::Broken, with(two(Replay::OwnerDead, 1), LOCK_REMOVED)),
    without(Rule::LookBeforeLapse, Shows::Broken, in_a_fleet(two(Replay::Never, 1))),
    mutant(Mutation::GoneByPresence, Shows::Broken, in_a_fleet(two(Replay::OwnerDead, 1))),
    mutant(
        Mutation::NoteWrittenOnce,
        Shows::Broken,
        once(patient(with(in_a_fleet(two(Replay::OwnerDead, 2)), NOTE_NOT_WRITTEN))),
    ),
    without(Rule::NewEpoch, Shows::Broken, two(Replay::OwnerDead, 1)),
    without(
        Rule::EpochFromClock,
        Shows::Broken,
        warm(with(two(Replay::OwnerDead, 2), &[Trouble::Emptied, Trouble::SignIn])),
    ),
    without(Rule::NeverRestore, Shows::Broken, two(Replay::OwnerDead, 1)),
    without(Rule::GoOnWithoutStore, Shows::Broken, of(two(Replay::OwnerDead, 1), Grants::Credentials)),
    without(
        Rule::NotAfterTombstone,
        Shows::Broken,
        of(with(two(Replay::OwnerDead, 2), LOGOUT), Grants::Credentials),
    ),
    mutant(Mutation::NoLivenessLock, Shows::Broken, two(Replay::OwnerDead, 1)),
    mutant(Mutation::LivenessLockEndsEarly, Shows::Broken, two(Replay::OwnerDead, 2)),
    mutant(Mutation::LivenessLockWhileWatching, Shows::Broken, patient(two(Replay::OwnerDead, 1))),
    mutant(Mutation::SwapByPlace, Shows::Broken, two(Replay::OwnerDead, 1)),
    mutant(
        Mutation::NothingGuarded,
        Shows::Broken,
        with(two(Replay::OwnerDead, 1), &[Trouble::Dropped, Trouble::Store]),
    ),
    without(
        Rule::KnowOwnWriting,
        Shows::Nothing(
            "the record is adopted as if another had saved it: the same token, its life counted by the wall clock \
             instead of the clock that saw its request leave",
        ),
        two(Replay::OwnerDead, 1),
    ),
    mutant(
        Mutation::GoneWithoutLook,
        Shows::Nothing(
            "that the owner is gone is said of the version that was watched, and holds for no other",
        ),
        two(Replay::OwnerDead, 1),
    ),
    mutant(Mutation::GoneTooSoon, Shows::Broken, with(two(Replay::OwnerDead, 1), ALL_BUT_RARE)),
];
