//! The worlds that are explored.

use core::time::Duration;

use wellspring_core::Replay;

use crate::line::{Grants, Line, Start, Trouble};

const WINDOW: Replay = Replay::Within(Duration::from_secs(3));

const fn line(name: &'static str, replay: Replay, machines: &'static [u8], faults: u8) -> Line {
    let mut line = Line::new(name, replay);
    line.machines = machines;
    line.faults = faults;
    line.again = 1;
    line
}

const fn of(mut line: Line, grant: Grants) -> Line {
    line.grant = grant;
    line
}

const fn from(mut line: Line, start: Start) -> Line {
    line.start = start;
    line
}

const fn with(mut line: Line, troubles: &'static [Trouble]) -> Line {
    line.troubles = troubles;
    line
}

const fn patient(mut line: Line) -> Line {
    line.impatience = 0;
    line
}

const fn two_users(mut line: Line) -> Line {
    line.users = ANN_AND_BEN;
    line
}

const TWO: &[u8] = &[0, 0];
/// The users of two participants.
const ANN_AND_BEN: &[u8] = &[0, 1];
const THREE: &[u8] = &[0, 0, 0];
const TWO_MACHINES: &[u8] = &[0, 1];
const TWO_AND_ONE: &[u8] = &[0, 0, 1];

const HANGING: &[Trouble] = &[
    Trouble::Hanging,
    Trouble::Store,
    Trouble::Crash,
    Trouble::Silence,
    Trouble::Logout,
    Trouble::SignIn,
    Trouble::Emptied,
];
const STRAGGLING: &[Trouble] = &[Trouble::Straggler, Trouble::Crash, Trouble::Silence, Trouble::Store];
const DROPPED: &[Trouble] =
    &[Trouble::Dropped, Trouble::Crash, Trouble::Store, Trouble::Silence, Trouble::Unsent];
const LOCK_REMOVED: &[Trouble] = &[
    Trouble::LockRemoved,
    Trouble::Crash,
    Trouble::Silence,
    Trouble::Unsent,
    Trouble::Store,
    Trouble::SignIn,
];
const COMINGS_AND_GOINGS: &[Trouble] = &[Trouble::SignIn, Trouble::Logout, Trouble::Store];
/// A third fault could be a store emptied between two saves of one sign-in, which nothing can tell from one that never
/// had the first.
const NEVER_EMPTIED: &[Trouble] = &[
    Trouble::Crash,
    Trouble::Silence,
    Trouble::Unsent,
    Trouble::Store,
    Trouble::Slow,
    Trouble::Logout,
    Trouble::SignIn,
];

const NO_SIGN_IN: &[Trouble] = &[
    Trouble::Crash,
    Trouble::Silence,
    Trouble::Unsent,
    Trouble::Store,
    Trouble::Slow,
    Trouble::Logout,
    Trouble::Emptied,
];

/// What every change is measured by.
pub(crate) const QUICK: &[Line] = &[
    line("never, two, two faults", Replay::Never, TWO, 2),
    line("owner dead, two, two faults", Replay::OwnerDead, TWO, 2),
    line("never, three, one fault", Replay::Never, THREE, 1),
    line("owner dead, three, one fault", Replay::OwnerDead, THREE, 1),
    with(line("never, answers that cannot be used", Replay::Never, TWO, 2), UNUSABLE),
    with(line("owner dead, answers that cannot be used", Replay::OwnerDead, TWO, 2), UNUSABLE),
    with(line("owner dead, answers that cannot be read", Replay::OwnerDead, TWO, 2), UNREADABLE),
    with(line("never, unnamed saves, three, one fault", Replay::Never, THREE, 1), ONE_UNNAMED),
    with(line("owner dead, unnamed saves, three, one fault", Replay::OwnerDead, THREE, 1), ONE_UNNAMED),
    two_users(line("never, two users", Replay::Never, TWO, 1)),
    two_users(line("owner dead, two users", Replay::OwnerDead, TWO, 1)),
    with(line("owner dead, refusals", Replay::OwnerDead, TWO, 4), REFUSALS),
    from(with(line("owner dead, refusals, due", Replay::OwnerDead, TWO, 4), REFUSALS), Start::Due),
    // A process that is not patient sends credentials beside another one.
    patient(of(
        with(line("credentials, refusals", Replay::OwnerDead, TWO, 4), REFUSALS),
        Grants::Credentials,
    )),
    with(line("never, stopped processes and local faults", Replay::Never, TWO, 2), ONE_PROCESS),
    with(line("owner dead, stopped processes and local faults", Replay::OwnerDead, TWO, 2), ONE_PROCESS),
    patient(with(line("owner dead, obstacles", Replay::OwnerDead, TWO, 2), OBSTACLES)),
    patient(of(
        with(line("credentials, another credential", Replay::OwnerDead, TWO, 4), NEW_CREDENTIAL),
        Grants::Credentials,
    )),
    patient(with(line("owner dead, another credential", Replay::OwnerDead, TWO, 3), NEW_CREDENTIAL)),
];

/// Each reason for which nothing is sent, and a process that gets another credential meanwhile.
const OBSTACLES: &[Trouble] = &[Trouble::Obstacles, Trouble::NewCredential];

/// Refusals, and a process that gets another credential meanwhile.
const NEW_CREDENTIAL: &[Trouble] = &[Trouble::Refusal, Trouble::NewCredential];

/// An answer that cannot be used, beside what may go wrong with the save of its refresh token.
const UNUSABLE: &[Trouble] =
    &[Trouble::Unusable, Trouble::Store, Trouble::Crash, Trouble::Logout, Trouble::SignIn];

/// An answer that cannot be read, beside what may go wrong with the mark that says so.
const UNREADABLE: &[Trouble] =
    &[Trouble::Unreadable, Trouble::Store, Trouble::Crash, Trouble::Logout, Trouble::SignIn];

/// Refusals that are no verdict, or a false one.
const REFUSALS: &[Trouble] = &[Trouble::Refusal];

/// A process that is stopped, or fails for a reason of its own.
const ONE_PROCESS: &[Trouble] = &[Trouble::Stop, Trouble::Local, Trouble::Store, Trouble::Crash];

/// A process that dies between the flush and the rename of a save.
const ONE_UNNAMED: &[Trouble] = &[Trouble::UnnamedSave];

/// The same, beside what else can happen to a save.
const UNNAMED: &[Trouble] =
    &[Trouble::UnnamedSave, Trouble::Store, Trouble::Logout, Trouble::SignIn, Trouble::Emptied];

/// What takes longer.
pub(crate) const LONG: &[Line] = &[
    with(line("never, unnamed saves", Replay::Never, TWO, 2), UNNAMED),
    with(line("owner dead, unnamed saves", Replay::OwnerDead, TWO, 2), UNNAMED),
    with(line("never, answers that cannot be read", Replay::Never, TWO, 2), UNREADABLE),
    with(line("within, answers that cannot be read", WINDOW, TWO, 2), UNREADABLE),
    with(line("last resort, answers that cannot be read", Replay::LastResort, TWO, 2), UNREADABLE),
    of(
        with(
            line("credentials to fall back to, answers that cannot be read", Replay::OwnerDead, TWO, 2),
            UNREADABLE,
        ),
        Grants::RotatingWithCredentials,
    ),
    two_users(line("owner dead, two users, two faults", Replay::OwnerDead, TWO, 2)),
    from(line("never, warm", Replay::Never, TWO, 2), Start::Warm),
    from(line("owner dead, warm", Replay::OwnerDead, TWO, 2), Start::Warm),
    from(line("owner dead, due", Replay::OwnerDead, TWO, 2), Start::Due),
    line("within", WINDOW, TWO, 2),
    line("within, three", WINDOW, THREE, 1),
    line("last resort", Replay::LastResort, TWO, 2),
    from(line("last resort, due", Replay::LastResort, TWO, 2), Start::Due),
    of(with(line("credentials", Replay::OwnerDead, TWO, 2), NO_SIGN_IN), Grants::Credentials),
    of(line("reusable", Replay::OwnerDead, TWO, 2), Grants::Reusable),
    of(line("credentials to fall back to", Replay::OwnerDead, TWO, 2), Grants::RotatingWithCredentials),
    of(line("credentials to fall back to, never", Replay::Never, TWO, 2), Grants::RotatingWithCredentials),
    line("never, two machines", Replay::Never, TWO_MACHINES, 2),
    line("owner dead, two machines", Replay::OwnerDead, TWO_MACHINES, 2),
    line("within, two machines", WINDOW, TWO_MACHINES, 1),
    line("last resort, two machines", Replay::LastResort, TWO_MACHINES, 1),
    of(
        with(line("credentials, two machines", Replay::OwnerDead, TWO_MACHINES, 2), NO_SIGN_IN),
        Grants::Credentials,
    ),
    line("owner dead, two machines, three", Replay::OwnerDead, TWO_AND_ONE, 1),
    with(line("never, hanging", Replay::Never, TWO, 2), HANGING),
    with(line("owner dead, hanging", Replay::OwnerDead, TWO, 2), HANGING),
    with(line("never, stragglers", Replay::Never, TWO, 2), STRAGGLING),
    with(line("owner dead, stragglers", Replay::OwnerDead, TWO, 2), STRAGGLING),
    with(line("never, dropped", Replay::Never, TWO, 2), DROPPED),
    with(line("owner dead, dropped", Replay::OwnerDead, TWO, 2), DROPPED),
    with(line("never, lock removed", Replay::Never, TWO, 2), LOCK_REMOVED),
    with(line("owner dead, lock removed", Replay::OwnerDead, TWO, 2), LOCK_REMOVED),
    with(line("last resort, lock removed", Replay::LastResort, TWO, 2), LOCK_REMOVED),
    with(line("owner dead, one, three faults", Replay::OwnerDead, &[0], 3), NEVER_EMPTIED),
    with(line("comings and goings", Replay::Never, &[0], 3), COMINGS_AND_GOINGS),
];
