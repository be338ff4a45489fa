//! What a process of a storm says about its tokens: one line for each event, on its standard output.

use core::fmt;
use core::time::Duration;

use wellspring_core::{ErrorKind, Token, TokenError};

/// An event of one user's token in one process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// When, since the Unix epoch.
    pub(crate) at: Duration,
    /// The user.
    pub(crate) user: String,
    /// What happened.
    pub(crate) what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The store is about to save a lease with this span.
    Leasing(Duration),
    /// The store has not saved it.
    Unleased,
    /// The transport is about to send the refresh token with this hash, and waits this long for the answer.
    Sending(String, Duration),
    /// The outcome is in the store.
    Saved,
    /// The outcome is in a spill.
    Spilled,
    /// A caller has a token of this generation.
    Served(u64),
    /// A caller is told to sign in, for this reason.
    Login(String),
    /// A caller has another error.
    Failed(String),
}

impl What {
    /// The result of a caller.
    pub(crate) fn of(outcome: &Result<Token, TokenError>) -> Self {
        match outcome {
            Ok(token) => Self::Served(token.generation().value()),
            Err(error) => match error.kind() {
                ErrorKind::LoginRequired { reason } => Self::Login(format!("{reason:?}")),
                kind => Self::Failed(format!("{kind:?}: {error}")),
            },
        }
    }
}

impl Event {
    /// Reads a line; `None` if it is no event.
    #[must_use]
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let mut words = line.splitn(4, ' ');
        let at = Duration::from_micros(words.next()?.parse().ok()?);
        let (user, name, rest) = (words.next()?.to_owned(), words.next()?, words.next().unwrap_or_default());
        let what = match name {
            "leasing" => What::Leasing(Duration::from_micros(rest.parse().ok()?)),
            "unleased" => What::Unleased,
            "sending" => {
                let (hash, within) = rest.split_once(' ')?;
                What::Sending(hash.to_owned(), Duration::from_micros(within.parse().ok()?))
            }
            "saved" => What::Saved,
            "spilled" => What::Spilled,
            "served" => What::Served(rest.parse().ok()?),
            "login" => What::Login(rest.to_owned()),
            "failed" => What::Failed(rest.to_owned()),
            _ => return None,
        };
        Some(Self { at, user, what })
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.at.as_micros(), self.user)?;
        match &self.what {
            What::Leasing(span) => write!(f, "leasing {}", span.as_micros()),
            What::Unleased => f.write_str("unleased"),
            What::Sending(hash, within) => write!(f, "sending {hash} {}", within.as_micros()),
            What::Saved => f.write_str("saved"),
            What::Spilled => f.write_str("spilled"),
            What::Served(generation) => write!(f, "served {generation}"),
            What::Login(reason) => write!(f, "login {reason}"),
            What::Failed(why) => write!(f, "failed {}", why.replace('\n', " ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_is_read_as_it_was_written() {
        let sending = What::Sending("0a1b".to_owned(), Duration::from_micros(5_000_001));
        let login = What::Login("Ambiguous".to_owned());
        let failed = What::Failed("Store: the disk is full".to_owned());
        let leasing = What::Leasing(Duration::from_micros(10_000_001));
        for what in
            [leasing, What::Unleased, sending, What::Saved, What::Spilled, What::Served(7), login, failed]
        {
            let event = Event { at: Duration::from_micros(1_234_567), user: "file-0".to_owned(), what };
            assert_eq!(Event::parse(&event.to_string()), Some(event));
        }
        assert_eq!(Event::parse("12 file-0 unknown"), None);
        assert_eq!(Event::parse("ready"), None);
    }
}
