//! The judgement of a storm: which reuses are explained by a kill, and which demands to sign in by a reuse.

use core::time::Duration;

use crate::place::Kind;
use crate::storm::certified::{Log, Refresh, Verdict};
use crate::storm::event::{Event, What};
use crate::storm::life::{Life, Loss};
use crate::storm::open_lease::{self, Cause};

/// A reuse that a kill explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Explained {
    /// The user.
    pub(crate) user: String,
    /// The number of the killed process.
    pub(crate) number: usize,
    /// From the moment at which the process began to send until it was killed.
    pub(crate) sent_until_killed: Duration,
    /// How long of this time the process was stopped.
    pub(crate) stopped: Duration,
}

/// A reuse that the server's answer explains: on a busy machine it came after the sender's deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Late {
    /// The user.
    pub(crate) user: String,
    /// The number of the sender.
    pub(crate) number: usize,
    /// From the moment at which the process began to send until the first answer.
    pub(crate) answered: Duration,
}

/// The explanation of a reuse.
enum Explanation {
    Killed(Explained),
    Late(Late),
}

/// What the server's log and the lives of the processes show together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Judgement {
    /// Reuses of refresh tokens whose sender was killed before it had saved the outcome.
    pub(crate) explained: Vec<Explained>,
    /// Reuses of refresh tokens whose sender had an answer only after the time that it waits for one.
    pub(crate) late: Vec<Late>,
    /// A sentence about each other reuse.
    pub(crate) unexplained: Vec<String>,
    /// How many sessions in an engine ended by a kill under a lease.
    pub(crate) killed_under_lease: usize,
    /// How many sessions in an engine ended because a lease stood for longer than its span.
    pub(crate) lapsed: usize,
    /// A sentence about each demand to sign in although no refresh token had been used twice.
    pub(crate) wrong_logins: Vec<String>,
}

/// Judges a storm.
#[must_use]
pub(crate) fn judge(log: &Log, lives: &[Life], losses: &[Loss]) -> Judgement {
    let mut judgement = Judgement::default();
    let reuses = || log.refreshes.iter().filter(|refresh| refresh.verdict == Verdict::Reused);
    for reuse in reuses() {
        match explain(reuse, log, lives) {
            Ok(Explanation::Killed(explained)) if Kind::is_engine_of(&reuse.user) => {
                let sentence = "was killed, and another process sent its refresh token again";
                judgement
                    .unexplained
                    .push(format!("{}: process {} {sentence}", reuse.user, explained.number));
            }
            Ok(Explanation::Killed(explained)) => judgement.explained.push(explained),
            Ok(Explanation::Late(late)) => judgement.late.push(late),
            Err(sentence) => judgement.unexplained.push(sentence),
        }
    }
    for loss in losses {
        let Loss { user, told, reason, since } = loss;
        let reused = reuses().any(|reuse| reuse.user == *user && (*since..=*told).contains(&reuse.at));
        if reused {
            continue;
        }
        match open_lease::cause(loss, lives).filter(|_| Kind::is_engine_of(user)) {
            Some(Cause::Killed) => judgement.killed_under_lease += 1,
            Some(Cause::Lapsed) => judgement.lapsed += 1,
            None => judgement
                .wrong_logins
                .push(format!("{user} was told to sign in ({reason}), and nothing was reused")),
        }
    }
    judgement
}

/// Why the process that sent this refresh token first has no outcome, or a sentence about why nothing explains the reuse.
fn explain(reuse: &Refresh, log: &Log, lives: &[Life]) -> Result<Explanation, String> {
    let Refresh { user, hash, .. } = reuse;
    let sent = |life: &Life| {
        life.events.iter().enumerate().find_map(|(n, event)| match &event.what {
            What::Sending(sent, within) if sent == hash => Some((n, *within)),
            _ => None,
        })
    };
    let senders = lives.iter().filter_map(|life| sent(life).map(|(n, within)| (life, n, within)));
    let Some((life, n, within)) = senders.min_by_key(|(life, n, _)| life.events[*n].at) else {
        return Err(format!("{user}: no process says that it sent {hash}"));
    };
    let (at, number) = (life.events[n].at, life.number);
    let first_answer = log.answers.iter().filter(|answer| answer.hash == *hash).map(|answer| answer.at).min();
    if let Some(answered) = first_answer.filter(|first| *first >= at + within) {
        return Ok(Explanation::Late(Late { user: user.clone(), number, answered: answered - at }));
    }
    let kept = |event: &Event| event.user == *user && matches!(event.what, What::Saved | What::Spilled);
    let after = &life.events[n..];
    let Some(killed) = life.killed.filter(|killed| *killed >= at) else {
        return Err(format!(
            "{user}: process {number} sent {hash} first and was not killed: {}",
            tail(user, after)
        ));
    };
    if after.iter().any(kept) {
        return Err(format!(
            "{user}: process {number} kept the outcome of {hash} before its kill: {}",
            tail(user, after)
        ));
    }
    let stopped =
        life.stops.iter().map(|(from, until)| until.min(&killed).saturating_sub(*from.max(&at))).sum();
    let sent_until_killed = killed - at;
    Ok(Explanation::Killed(Explained { user: user.clone(), number, sent_until_killed, stopped }))
}

/// The next events of this user.
fn tail(user: &str, events: &[Event]) -> String {
    let of_user = events.iter().filter(|event| event.user == *user).take(6);
    of_user.map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storm::certified::Answer;

    const fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    fn event(at: u64, what: What) -> Event {
        Event { at: ms(at), user: "u".to_owned(), what }
    }

    fn sending(at: u64) -> Event {
        event(at, What::Sending("h".to_owned(), ms(10)))
    }

    fn refresh(at: u64, verdict: Verdict) -> Refresh {
        Refresh { at: ms(at), user: "u".to_owned(), hash: "h".to_owned(), verdict }
    }

    fn reused() -> Log {
        answered(19)
    }

    /// The log of a refresh token that was sent twice, with the time of the first answer.
    fn answered(first: u64) -> Log {
        let answers = [first, 31].map(|at| Answer { at: ms(at), hash: "h".to_owned() });
        let refreshes = vec![refresh(15, Verdict::Rotated), refresh(30, Verdict::Reused)];
        Log { refreshes, answers: answers.into() }
    }

    fn life(number: usize, killed: Option<u64>, events: Vec<Event>) -> Life {
        Life { number, events, killed: killed.map(ms), stops: Vec::new() }
    }

    fn loss(since: u64, told: u64) -> Loss {
        Loss { user: "u".to_owned(), told: ms(told), reason: "Rejected".to_owned(), since: ms(since) }
    }

    #[test]
    fn a_kill_between_the_sending_and_the_save_explains_a_reuse_and_its_time_is_told() {
        let lives = [life(3, Some(22), vec![sending(10)]), life(4, None, vec![sending(25)])];
        let judgement = judge(&reused(), &lives, &[]);
        let explained = |stopped| Explained {
            user: "u".to_owned(),
            number: 3,
            sent_until_killed: ms(12),
            stopped: ms(stopped),
        };
        assert_eq!(judgement.explained, [explained(0)]);
        assert_eq!(judgement.unexplained, [""; 0]);
        for (from, until, stopped) in [(20, 25, 2), (4, 22, 12), (11, 14, 3), (1, 9, 0)] {
            let life = Life { stops: vec![(ms(from), ms(until))], ..lives[0].clone() };
            assert_eq!(judge(&reused(), &[life], &[]).explained, [explained(stopped)]);
        }
    }

    #[test]
    fn a_reuse_by_a_process_that_lives_or_that_had_saved_or_that_is_unknown_is_not_explained() {
        let again = life(4, None, vec![sending(25)]);
        let alive = life(3, None, vec![sending(10)]);
        let before = life(3, Some(5), vec![sending(10)]);
        let kept = |what| life(3, Some(22), vec![sending(10), event(12, what)]);
        for first in [alive, before, kept(What::Saved), kept(What::Spilled)] {
            let judgement = judge(&reused(), &[first.clone(), again.clone()], &[]);
            assert_eq!((judgement.explained.len(), judgement.unexplained.len()), (0, 1), "{first:?}");
        }
        assert_eq!(judge(&reused(), &[], &[]).unexplained, ["u: no process says that it sent h"]);
    }

    #[test]
    fn an_answer_after_the_senders_deadline_explains_a_reuse_and_one_before_it_does_not() {
        let lives = [life(3, None, vec![sending(10), sending(25)])];
        for (first, expected) in [(20, vec![ms(10)]), (24, vec![ms(14)]), (19, vec![])] {
            let judgement = judge(&answered(first), &lives, &[]);
            let late: Vec<_> = judgement.late.iter().map(|late| late.answered).collect();
            assert_eq!(late, expected, "{first}");
            assert_eq!(judgement.unexplained.is_empty(), !late.is_empty(), "{first}");
        }
        let other = Answer { hash: "other".to_owned(), ..answered(19).answers[0].clone() };
        let log = Log { answers: vec![other], ..reused() };
        assert_eq!(judge(&log, &lives, &[]).unexplained.len(), 1, "nothing is known of the answer");
    }

    #[test]
    fn in_an_engine_no_kill_explains_a_reuse() {
        let of_engine = |what| Event { user: "redis-0".to_owned(), ..event(10, what) };
        let lives = [life(3, Some(22), vec![of_engine(What::Sending("h".to_owned(), ms(10)))])];
        let mut log = reused();
        log.refreshes.iter_mut().for_each(|refresh| refresh.user = "redis-0".to_owned());
        let judgement = judge(&log, &lives, &[]);
        assert_eq!((judgement.explained.len(), judgement.unexplained.len()), (0, 1));
    }

    #[test]
    fn a_kill_under_a_lease_explains_a_loss_in_an_engine_only() {
        for (user, expected) in [("postgres-0", (1, 0)), ("file-0", (0, 1))] {
            let leasing = Event { user: user.to_owned(), ..event(10, What::Leasing(ms(100))) };
            let loss = Loss { user: user.to_owned(), ..loss(0, 40) };
            let judgement = judge(&Log::default(), &[life(3, Some(22), vec![leasing])], &[loss]);
            assert_eq!((judgement.killed_under_lease, judgement.wrong_logins.len()), expected, "{user}");
        }
    }

    #[test]
    fn what_was_saved_for_another_user_explains_nothing_away() {
        let other = Event { user: "v".to_owned(), ..event(12, What::Saved) };
        let judgement = judge(&reused(), &[life(3, Some(22), vec![sending(10), other])], &[]);
        assert_eq!(judgement.explained.len(), 1);
    }

    #[test]
    fn a_demand_to_sign_in_is_wrong_unless_a_reuse_came_since_the_last_sign_in() {
        let wrong = |since, told| judge(&reused(), &[], &[loss(since, told)]).wrong_logins.len();
        assert_eq!(wrong(0, 40), 0);
        assert_eq!(wrong(0, 29), 1, "told before the reuse");
        assert_eq!(wrong(31, 40), 1, "signed in again since");
        let mut rotated = reused();
        rotated.refreshes[1].verdict = Verdict::Refused;
        assert_eq!(judge(&rotated, &[], &[loss(0, 40)]).wrong_logins.len(), 1, "refused without a reuse");
    }
}
