//! Why a session in an engine ended without a second use of its refresh token: a process had leased it, and was killed
//! before it had saved the outcome, or stopped for longer than its lease.
//!
//! Processes on several hosts share no kernel. None of them knows what a killed one had sent, so none sends it again.

use core::time::Duration;

use crate::storm::event::What;
use crate::storm::life::{Life, Loss};

/// Why the lease was not ended by its owner in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Its owner was killed.
    Killed,
    /// It stood for longer than its span.
    Lapsed,
}

/// A sign-in is noted after its session is saved, when another process may have leased it already.
const NOTED_LATER: Duration = Duration::from_secs(1);

/// The lease that explains this loss, if there is one.
pub(crate) fn cause(loss: &Loss, lives: &[Life]) -> Option<Cause> {
    let leases =
        lives.iter().flat_map(|life| leases(life, &loss.user).into_iter().map(move |lease| (life, lease)));
    let since = loss.since.saturating_sub(NOTED_LATER);
    let mut of_session =
        leases.filter(|(_, lease)| lease.end.is_none_or(|end| end >= since) && lease.begin <= loss.told);
    of_session.find_map(|(life, Lease { begin, span, end })| match (end, life.killed) {
        (None, Some(killed)) => (since <= killed && killed <= loss.told).then_some(Cause::Killed),
        (end, _) => {
            let stood = end.unwrap_or(loss.told).min(loss.told) - begin.min(loss.told);
            (stood >= span).then_some(Cause::Lapsed)
        }
    })
}

/// A lease of one user by one process.
struct Lease {
    begin: Duration,
    span: Duration,
    /// When its owner ended it, or got none; `None` if it did not.
    end: Option<Duration>,
}

fn leases(life: &Life, user: &str) -> Vec<Lease> {
    let mut leases: Vec<Lease> = Vec::new();
    for event in life.events.iter().filter(|event| event.user == user) {
        match &event.what {
            What::Leasing(span) => leases.push(Lease { begin: event.at, span: *span, end: None }),
            What::Unleased | What::Saved | What::Spilled => {
                leases
                    .iter_mut()
                    .filter(|lease| lease.end.is_none())
                    .for_each(|lease| lease.end = Some(event.at));
            }
            What::Sending(..) | What::Served(_) | What::Login(_) | What::Failed(_) => {}
        }
    }
    leases
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storm::event::Event;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn life(killed: Option<u64>, events: &[(u64, What)]) -> Life {
        let event = |(at, what): &(u64, What)| Event { at: s(*at), user: "u".to_owned(), what: what.clone() };
        Life { events: events.iter().map(event).collect(), killed: killed.map(s), ..Life::default() }
    }

    fn cause_of(life: Life) -> Option<Cause> {
        let reason = "Ambiguous".to_owned();
        cause(&Loss { user: "u".to_owned(), told: s(60), reason, since: s(20) }, &[Life::default(), life])
    }

    #[test]
    fn a_kill_under_a_lease_explains_a_loss_and_a_kill_after_the_save_does_not() {
        let leasing = (30, What::Leasing(s(10)));
        assert_eq!(cause_of(life(Some(31), core::slice::from_ref(&leasing))), Some(Cause::Killed));
        for end in [What::Saved, What::Spilled, What::Unleased] {
            assert_eq!(cause_of(life(Some(32), &[leasing.clone(), (31, end)])), None);
        }
        assert_eq!(
            cause_of(life(Some(61), core::slice::from_ref(&leasing))),
            None,
            "killed after the caller was told"
        );
        assert_eq!(cause_of(life(Some(10), &[(9, What::Leasing(s(10)))])), None, "of the session before");
        assert_eq!(cause_of(life(Some(31), &[])), None);
    }

    #[test]
    fn a_lease_that_stood_for_its_span_explains_a_loss() {
        let until = |end| cause_of(life(None, &[(30, What::Leasing(s(10))), (end, What::Saved)]));
        assert_eq!((until(39), until(40)), (None, Some(Cause::Lapsed)));
        assert_eq!(cause_of(life(None, &[(30, What::Leasing(s(10)))])), Some(Cause::Lapsed));
        assert_eq!(cause_of(life(None, &[(55, What::Leasing(s(10)))])), None);
    }
}
