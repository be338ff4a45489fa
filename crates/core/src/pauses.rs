//! How long the pause after a failure is.
//!
//! A failure that may go away opens a pause that doubles. A refusal without a verdict does the same until several bear witness
//! to it. A refused credential is asked for three times an hour at most; if it has worked within the last day, the first two
//! of these follow soon, because some servers refuse a good credential now and then. While the access token is in force, no
//! failure silences the source for longer than the token lives.

use core::time::Duration;

use crate::error::{ErrorKind, TokenError};
use crate::jitter::Jitter;
use crate::policy::Policy;
use crate::rules::{Rule, holds};
use crate::time::UnixTime;
use crate::witnesses::{SEVERAL, Witnesses};

/// What is known when a failure opens a pause.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occasion {
    /// Failures in a row, this one included.
    pub(crate) failures: u32,
    /// Refusals in a row, this one included.
    pub(crate) witnesses: Witnesses,
    /// Whether the credential has worked within the last day.
    pub(crate) worked: bool,
    /// How long the access token stays in force.
    pub(crate) access_left: Duration,
    pub(crate) now: UnixTime,
}

impl Policy {
    /// The pause after this error. An endpoint may ask for a longer pause, never for a shorter one.
    pub(crate) fn pause_after(
        &self,
        error: &TokenError,
        occasion: &Occasion,
        jitter: &mut Jitter,
    ) -> Duration {
        let &Occasion { failures, witnesses, access_left, .. } = occasion;
        let own = if error.is_transient() {
            self.pause(failures, jitter)
        } else if error.is_without_verdict() && witnesses.undecided < SEVERAL && holds(Rule::SeveralWitnesses)
        {
            self.pause(witnesses.undecided, jitter)
        } else {
            self.pause_after_verdict(error, occasion)
        };
        let is_early = !access_left.is_zero() && holds(Rule::NotPastTheToken);
        let own = if is_early { own.min(access_left) } else { own };
        own.max(error.retry_after().unwrap_or_default().min(self.longest_retry_after))
    }

    /// The longest pause that this policy ever orders.
    pub(crate) fn longest_of_all(&self) -> Duration {
        self.longest_retry_after.max(self.longest_pause).max(self.three_dead_pauses())
    }

    fn three_dead_pauses(&self) -> Duration {
        self.dead_pause.saturating_mul(3)
    }

    fn pause_after_verdict(&self, error: &TokenError, occasion: &Occasion) -> Duration {
        let &Occasion { witnesses, worked, access_left, now, .. } = occasion;
        let is_of_credential = error.kind() == ErrorKind::Misconfigured && !error.is_local();
        let doubts = is_of_credential && worked && holds(Rule::BenefitOfDoubt);
        let step = match witnesses.verdicts_in_a_row() {
            1 if doubts => self.first_pause.min(self.dead_pause),
            2 if doubts => self.longest_pause.min(self.dead_pause),
            _ => self.dead_pause,
        };
        if error.is_without_verdict() || !holds(Rule::ThreeAnHour) {
            return step;
        }
        let hour = self.three_dead_pauses();
        let ceiling = witnesses.last_but_two(now).map_or(Duration::ZERO, |then| then.plus(hour).since(now));
        let pause = step.max(ceiling);
        // Of the three requests of an hour one is left for the moment in which the token ends.
        let before_the_end = now.plus(access_left).minus(hour);
        if !access_left.is_zero() && witnesses.after(before_the_end, now) >= 2 {
            return pause.max(access_left);
        }
        pause
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// When an endpoint that refuses everything is asked: seconds since the first refusal, while the token lives so long.
    fn asked(error: &TokenError, worked: bool, token: u64, until: u64) -> Vec<u64> {
        let (policy, mut jitter) = (Policy::default(), Jitter::new(1));
        let (mut witnesses, mut failures, mut now, mut times) = (Witnesses::default(), 0, 0, Vec::new());
        while now < until {
            times.push(now);
            let unix = UnixTime::from_secs(1_000_000 + now);
            witnesses.add(error, unix);
            failures += 1;
            let access_left = s(token.saturating_sub(now));
            let occasion = Occasion { failures, witnesses, worked, access_left, now: unix };
            let pause = policy.pause_after(&witnesses.judge(error.clone()), &occasion, &mut jitter);
            now += pause.as_millis().div_ceil(1_000) as u64;
        }
        times
    }

    fn most_in_an_hour(times: &[u64]) -> usize {
        let in_hour = |at: usize| times[at..].iter().take_while(|later| **later <= times[at] + 3_600).count();
        (0..times.len()).map(in_hour).max().unwrap_or_default()
    }

    #[test]
    fn a_credential_that_worked_is_asked_again_after_a_second_and_after_a_minute() {
        let error = TokenError::misconfigured("no").with_status(401, None);
        let times = asked(&error, true, 0, 10_000);
        assert_eq!(times[..4], [0, 1, 61, 3_603]);
        assert_eq!(times[4] - times[3], 1_201);
        assert_eq!(asked(&error, false, 0, 3_600), [0, 1_201, 2_402]);
    }

    #[test]
    fn three_requests_an_hour_is_the_ceiling_whatever_else_is_known() {
        let error = TokenError::misconfigured("no").with_status(401, None);
        for worked in [false, true] {
            for token in
                [0, 1, 30, 60, 61, 62, 299, 300, 1_200, 1_300, 3_500, 3_602, 3_604, 3_700, 7_200, 20_000]
            {
                let times = asked(&error, worked, token, 100_000);
                assert!(most_in_an_hour(&times) <= 3, "{worked} {token} {times:?}");
                assert!(times.len() > 25, "{worked} {token} {times:?}");
            }
        }
    }

    #[test]
    fn no_failure_before_the_end_of_the_token_outlasts_it() {
        for error in [
            TokenError::misconfigured("no").with_status(401, None),
            TokenError::protocol("invalid_request").with_status(400, None),
            TokenError::misconfigured("404").with_status(404, None).without_verdict(),
            TokenError::from_intermediary("403").with_status(403, None).without_verdict(),
            TokenError::unavailable("down"),
        ] {
            for worked in [false, true] {
                for token in [1, 30, 300, 1_500, 4_000, 20_000] {
                    let times = asked(&error, worked, token, token + 1);
                    assert!(times.contains(&token), "{error} {worked} {token} {times:?}");
                }
            }
        }
    }

    #[test]
    fn a_refusal_without_a_verdict_is_asked_again_soon_until_several_bear_witness() {
        for error in [
            TokenError::misconfigured("404").without_verdict(),
            TokenError::from_intermediary("403").without_verdict(),
        ] {
            let times = asked(&error, false, 0, 10_000);
            let pauses: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
            for (pause, longest) in pauses.iter().zip([1, 2, 4, 8, 16]) {
                assert!((1..=longest).contains(pause), "{pauses:?}");
            }
            assert!(pauses[5..].iter().all(|pause| *pause >= 1_201), "{pauses:?}");
        }
    }

    #[test]
    fn retry_after_makes_a_pause_longer_never_shorter_and_never_more_than_an_hour() {
        let (policy, mut jitter) = (Policy::default(), Jitter::new(3));
        let mut pause = |seconds, failures, access_left| {
            let error = TokenError::unavailable("busy").with_retry_after(s(seconds));
            let witnesses = Witnesses::default();
            let now = UnixTime::from_secs(1);
            let occasion = Occasion { failures, witnesses, worked: false, access_left, now };
            policy.pause_after(&error, &occasion, &mut jitter)
        };
        assert_eq!(pause(120, 1, s(0)), s(120));
        assert_eq!(pause(100_000, 1, s(0)), s(3_600));
        assert!(pause(0, 7, s(0)) >= s(30));
        assert_eq!(pause(120, 1, s(5)), s(120), "the endpoint has asked for it");
    }
}
