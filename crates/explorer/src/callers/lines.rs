//! The lines in which processes have callers.

use core::time::Duration;

use wellspring_core::{Need, Patience, Replay};

use crate::line::{Grants, Line, Start, Trouble};

use super::{Kind, Limits, Setup};

const AT_ONCE: Kind = Kind::AtOnce;
const FRESH: Kind = Kind::Acquires(Need::Fresh, Patience::OneRenewal);
const PATIENT: Kind = Kind::Acquires(Need::Fresh, Patience::UntilDeadline);
const LONG_LIVED: Kind = Kind::Acquires(ALMOST_NEW, Patience::OneRenewal);
const PATIENT_LONG_LIVED: Kind = Kind::Acquires(ALMOST_NEW, Patience::UntilDeadline);
const CALL: Kind = Kind::Calls { repeatable: true };
const AT_ONE: Kind = Kind::CallsAt(1);
const AT_ANOTHER: Kind = Kind::CallsAt(2);
const CALL_ONCE: Kind = Kind::Calls { repeatable: false };

/// Each token is due after six ticks of four seconds and has expired after eight.
const LIFETIME: Duration = Duration::from_secs(30);
/// Too much for a token that is a tick old.
const ALMOST_NEW: Need = Need::ValidFor(Duration::from_secs(28));

const NO_ANSWER: &[Trouble] = &[Trouble::Silence, Trouble::Unsent, Trouble::Dropped];
const STORE: &[Trouble] = &[Trouble::Store];
const OUTAGE: &[Trouble] = &[Trouble::Outage];
const CRASH: &[Trouble] = &[Trouble::Crash, Trouble::Silence, Trouble::Dropped, Trouble::Outage];
const SIGN_IN: &[Trouble] = &[Trouble::SignIn];
const SESSIONS: &[Trouble] = &[Trouble::Logout, Trouble::SignIn, Trouble::Outage];

const fn line(name: &'static str, kinds: &'static [&'static [Kind]], limits: Limits) -> Line {
    let mut line = Line::new(name, Replay::OwnerDead);
    line.machines = if kinds.len() == 1 { &[0] } else { &[0, 0] };
    (line.grant, line.troubles, line.start) = (Grants::Credentials, NO_ANSWER, Start::Warm);
    line.callers = Setup { kinds, stored: false, lifetime: LIFETIME, age: Duration::from_secs(16), limits };
    line
}

/// The processes keep the refresh token of a session in a store.
const fn stored(mut line: Line, faults: u8, troubles: &'static [Trouble]) -> Line {
    (line.grant, line.callers.stored) = (Grants::Rotating, true);
    (line.faults, line.troubles) = (faults, troubles);
    line
}

const fn aged(mut line: Line, seconds: u64) -> Line {
    line.callers.age = Duration::from_secs(seconds);
    line
}

/// Each token outlives the pause after refusals.
const fn longer(mut line: Line) -> Line {
    line.callers.lifetime = Duration::from_secs(55);
    line
}

const fn cold(mut line: Line) -> Line {
    line.start = Start::Cold;
    line
}

const NONE: Limits = Setup::NONE.limits;
const WAITS: Limits = Limits { deadlines: 1, clocks: 1, executors: 1, closes: 1, ticks: 2, ..NONE };
const WAITS_A_LITTLE: Limits = Limits { clocks: 0, executors: 0, ticks: 1, ..WAITS };
const CALLS: Limits = Limits { refusals: 3, closes: 1, ticks: 1, ..NONE };
/// The pause after early refusals ends meanwhile.
const CALLS_FOR_LONG: Limits = Limits { refusals: 3, ticks: 5, ..NONE };
const CALLS_LESS: Limits = Limits { closes: 0, refusals: 2, ..CALLS };
const CALLS_LEAST: Limits = Limits { refusals: 1, ..CALLS_LESS };

pub(crate) const WAITING: Line = line("callers wait", &[&[FRESH, PATIENT_LONG_LIVED, AT_ONCE]], WAITS);
pub(crate) const CALLING: Line = line("callers call", &[&[CALL, CALL, LONG_LIVED]], CALLS);
/// One place refuses every token, or nearly; the other one refuses few.
pub(crate) const REFUSED_EVERYWHERE: Line =
    longer(line("callers call where tokens are refused", &[&[AT_ONE, AT_ONE, AT_ANOTHER]], CALLS_FOR_LONG));
/// The same session, and the next.
pub(crate) const REFUSED_AND_SIGNED_IN: Line = longer(stored(
    line("callers call where tokens are refused, and a user signs in", &[&[AT_ONE, AT_ONE]], CALLS_FOR_LONG),
    1,
    SIGN_IN,
));
pub(crate) const SAVING: Line =
    stored(line("callers call while a save fails", &[&[CALL, LONG_LIVED]], CALLS_LESS), 2, OUTAGE);
pub(crate) const EXPIRING: Line = aged(
    stored(
        line("callers call while a save fails and a token expires", &[&[CALL, PATIENT]], CALLS_LESS),
        2,
        OUTAGE,
    ),
    24,
);
pub(crate) const SAVING_TWICE: Line = stored(
    line("callers call while two tokens are saved", &[&[CALL, LONG_LIVED, LONG_LIVED]], CALLS_LEAST),
    2,
    OUTAGE,
);
pub(crate) const PATIENCE: Line = stored(
    line("callers wait while a save fails", &[&[PATIENT, PATIENT_LONG_LIVED]], WAITS_A_LITTLE),
    2,
    OUTAGE,
);

/// What every change is measured by.
pub(crate) const QUICK: &[Line] = &[
    WAITING,
    aged(line("callers wait for a first token", &[&[PATIENT, PATIENT, FRESH]], WAITS), 30),
    CALLING,
    line("callers call once", &[&[CALL_ONCE, CALL, PATIENT]], CALLS),
    line("callers renew while a call is under way", &[&[CALL, LONG_LIVED, LONG_LIVED]], CALLS),
    REFUSED_EVERYWHERE,
    SAVING,
    EXPIRING,
    PATIENCE,
    cold(stored(line("callers of a process that starts", &[&[FRESH, LONG_LIVED, CALL]], CALLS), 1, OUTAGE)),
    stored(line("callers of two processes", &[&[LONG_LIVED], &[CALL]], CALLS), 1, STORE),
];

/// What takes longer.
pub(crate) const LONG: &[Line] = &[
    REFUSED_AND_SIGNED_IN,
    SAVING_TWICE,
    stored(
        line("callers wait for long while a save fails", &[&[PATIENT, PATIENT_LONG_LIVED]], WAITS),
        2,
        OUTAGE,
    ),
    cold(stored(
        line("callers of two processes that start", &[&[FRESH, LONG_LIVED], &[CALL]], CALLS),
        1,
        STORE,
    )),
    stored(line("callers of two processes that crash", &[&[LONG_LIVED], &[CALL]], CALLS), 2, CRASH),
    stored(
        line("callers meet logouts and sign-ins", &[&[CALL, PATIENT_LONG_LIVED]], CALLS_LEAST),
        2,
        SESSIONS,
    ),
];
