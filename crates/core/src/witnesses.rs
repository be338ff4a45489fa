//! The refusals in a row, which bear witness to a fault that lasts.
//!
//! One refusal without a known code may come from a gateway, a firewall or a deployment that is over in a second. Only several
//! of them show that waiting does not help.

use alloc::format;

use crate::error::{ErrorKind, TokenError};
use crate::policy::CLOCK_WENT_BACK;
use crate::time::UnixTime;

/// How many refusals without a verdict in a row show a fault that lasts. The pauses between them double.
pub(crate) const SEVERAL: u32 = 6;

/// The refusals in a row since the last token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "stores encode and decode it")]
pub struct Witnesses {
    /// How many of them were without a verdict.
    pub undecided: u32,
    /// When the last three verdicts came, the newest first. [`UnixTime::EPOCH`] stands for none.
    pub verdicts: [UnixTime; 3],
}

impl Witnesses {
    /// Adds this error, if it is a refusal.
    pub(crate) fn add(&mut self, error: &TokenError, now: UnixTime) {
        if !matches!(error.kind(), ErrorKind::Misconfigured | ErrorKind::Protocol) || error.is_local() {
            return;
        }
        if error.is_without_verdict() {
            self.undecided = self.undecided.saturating_add(1);
        } else if !error.is_transient() {
            self.verdicts = [now, self.verdicts[0], self.verdicts[1]];
        }
    }

    /// The more of two: what this process has seen, and what the store holds.
    pub(crate) fn or(self, other: Self) -> Self {
        let verdicts = self.verdicts.max(other.verdicts);
        Self { undecided: self.undecided.max(other.undecided), verdicts }
    }

    /// How many verdicts there were, up to three.
    pub(crate) fn verdicts_in_a_row(&self) -> usize {
        self.verdicts.iter().filter(|time| **time != UnixTime::EPOCH).count()
    }

    /// How many of the last three verdicts came after this.
    pub(crate) fn after(&self, then: UnixTime, now: UnixTime) -> usize {
        self.known(now).filter(|time| *time > then).count()
    }

    /// When the last verdict but two came.
    pub(crate) fn last_but_two(&self, now: UnixTime) -> Option<UnixTime> {
        self.known(now).nth(2)
    }

    /// A time in the future was noted before the wall clock was set back.
    fn known(&self, now: UnixTime) -> impl Iterator<Item = UnixTime> {
        self.verdicts
            .into_iter()
            .filter(move |time| *time != UnixTime::EPOCH && *time <= now.plus(CLOCK_WENT_BACK))
    }

    /// This error, as one that lasts if there are enough witnesses.
    pub(crate) fn judge(&self, error: TokenError) -> TokenError {
        if !error.is_without_verdict() || self.undecided < SEVERAL {
            return error;
        }
        let text = format!("{}; it has answered so {} times in a row", error.text(), self.undecided);
        error.lasting(text)
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString as _;

    use super::*;

    const fn t(seconds: u64) -> UnixTime {
        UnixTime::from_secs(seconds)
    }

    #[test]
    fn only_refusals_that_reached_the_server_are_witnesses() {
        let mut witnesses = Witnesses::default();
        for none in [
            TokenError::unavailable("down"),
            TokenError::from_intermediary("a page"),
            TokenError::misconfigured("not trusted").as_local(),
            TokenError::store("read-only", false),
            TokenError::login_required(crate::LoginReason::Refused),
        ] {
            witnesses.add(&none, t(1));
            assert_eq!(witnesses, Witnesses::default(), "{none:?}");
        }
        for (n, one) in (1..).zip([
            TokenError::misconfigured("no"),
            TokenError::protocol("odd"),
            TokenError::misconfigured("no"),
            TokenError::from_intermediary("403").without_verdict(),
            TokenError::misconfigured("404").without_verdict(),
        ]) {
            witnesses.add(&one, t(n));
        }
        assert_eq!(witnesses, Witnesses { undecided: 2, verdicts: [t(3), t(2), t(1)] });
        assert_eq!(Witnesses::default().or(witnesses), witnesses.or(Witnesses::default()));
        assert_eq!((witnesses.after(t(1), t(3)), witnesses.last_but_two(t(3))), (2, Some(t(1))));
    }

    #[test]
    fn several_refusals_without_a_verdict_last_and_a_verdict_is_not_touched() {
        let seen = |undecided| Witnesses { undecided, verdicts: [t(1); 3] };
        let error = TokenError::from_intermediary("the server refused the request").without_verdict();
        assert!(seen(SEVERAL - 1).judge(error.clone()).is_transient());
        let lasting = seen(SEVERAL).judge(error);
        assert!(!lasting.is_transient() && lasting.to_string().ends_with("answered so 6 times in a row"));
        assert!(seen(9).judge(TokenError::from_intermediary("a page")).is_transient());
    }

    #[test]
    fn times_from_before_the_wall_clock_was_set_back_do_not_count() {
        let witnesses = Witnesses { undecided: 0, verdicts: [t(9_000), t(8_999), t(8_998)] };
        assert_eq!((witnesses.after(t(0), t(100)), witnesses.last_but_two(t(100))), (0, None));
    }
}
