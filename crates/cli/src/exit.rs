//! How a command ends: one sentence on stderr and a status that a script can act upon.
//!
//! The statuses answer "what now?" as the kinds of [`TokenError`] do. What a sentence says is decided where the
//! failure is noticed; here it gets its status.

use core::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use wellspring_core::{ErrorKind, LoginReason, StoreError, TokenError};
use wellspring_profiles::{Error, Place};

/// The status of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The command line, the configuration or a file named there is at fault: nothing was asked of any server.
    Usage,
    /// A person has to sign in.
    LoginRequired,
    /// Turned away for good: trying again without a change is of no use.
    TurnedAway,
    /// Down, busy or out of time: try again later.
    TryLater,
    /// A line of the demo did not hold.
    DidNotHold,
}

impl Exit {
    pub(crate) const fn status(self) -> u8 {
        match self {
            Self::DidNotHold => 1,
            Self::Usage => 2,
            Self::LoginRequired => 3,
            Self::TurnedAway => 4,
            Self::TryLater => 5,
        }
    }

    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(self.status())
    }
}

/// Speaks to the person, on stderr. Nobody may be listening there any more, which is no reason to fail.
pub(crate) fn say(text: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Why a command failed: one sentence that says what to do, and never a secret.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    text: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self { exit, text: text.into() }
    }

    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(Exit::Usage, text)
    }

    /// What stands there is at fault; `what` goes on after its name: "is empty".
    pub(crate) fn at(place: &Place, what: impl fmt::Display) -> Self {
        Self::usage(format!("{place} {what}"))
    }

    /// The store that is named there has failed: what to do about it, and the status for it.
    pub(crate) fn store(place: &Place, what: &str, error: &StoreError) -> Self {
        let advice = if error.is_unreadable() {
            "nothing overwrites it: mend it, or move it away and sign in again"
        } else {
            "put that right, or try again later"
        };
        Self::new(Exit::TryLater, format!("{place} {what}: {}; {advice}", with_causes(error)))
    }

    /// Standard output does not take the answer.
    pub(crate) fn output(error: io::Error) -> Self {
        Self::new(Exit::TryLater, format!("standard output cannot be written: {error}; try again elsewhere"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match &error {
            Error::File { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Self::usage(format!("{error}; write one, or name another with --config FILE"))
            }
            Error::File { .. } => {
                Self::usage(format!("{}; name another with --config FILE", with_causes(&error)))
            }
            Error::Store { place, source } => Self::store(place, "cannot be opened", source),
            Error::Issuer(error) => error.clone().into(),
            _ => Self::usage(with_causes(&error)),
        }
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        let (exit, advice) = match error.kind() {
            ErrorKind::LoginRequired { reason } => (Exit::LoginRequired, what_after(reason)),
            // Found before any request was made: no answer, so no status.
            ErrorKind::Misconfigured if error.status().is_none() => (Exit::Usage, "correct the profile"),
            ErrorKind::Misconfigured => {
                (Exit::TurnedAway, "check the profile's client id, secret, scopes, certificate and URL")
            }
            ErrorKind::Protocol if !error.is_transient() => {
                (Exit::TurnedAway, "check that the profile's URL is the token endpoint's")
            }
            ErrorKind::Protocol => {
                (Exit::TryLater, "something between here and the endpoint answers; try again later")
            }
            ErrorKind::Store if error.is_transient() => {
                (Exit::TryLater, "try again later; `wellspring doctor` says where to look")
            }
            ErrorKind::Store => {
                (Exit::TryLater, "nothing overwrites it: `wellspring doctor` says where to look")
            }
            _ => (Exit::TryLater, "try again later"),
        };
        Self::new(exit, format!("{}; {advice}", with_causes(&error)))
    }
}

const fn what_after(reason: LoginReason) -> &'static str {
    match reason {
        LoginReason::NotSignedIn => "sign in with `wellspring login`",
        LoginReason::LoggedOut => "sign in again with `wellspring login` if that is wanted",
        LoginReason::StoreLost => {
            "sign in again with `wellspring login`, and see to it that nobody empties or restores the store"
        }
        _ => "sign in again with `wellspring login`",
    }
}

/// The error and its causes, outermost first. No secret stands in any of them.
pub(crate) fn with_causes(error: &dyn core::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        // Many clients repeat their cause in their own text.
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_error_has_the_status_of_what_to_do_next() {
        for (error, status) in [
            (TokenError::login_required(LoginReason::Refused), 3),
            (TokenError::login_required(LoginReason::LoggedOut), 3),
            (TokenError::login_required(LoginReason::StoreLost), 3),
            (TokenError::store("the store is locked", true), 5),
            (TokenError::store("the record cannot be read", false), 5),
            (TokenError::misconfigured("no request can be made"), 2),
            (TokenError::misconfigured("turned away").with_status(401, None), 4),
            (TokenError::protocol("not a token response"), 4),
            (TokenError::from_intermediary("a page"), 5),
            (TokenError::unavailable("down"), 5),
            (TokenError::busy("somebody else renews"), 5),
        ] {
            let text = error.to_string();
            let failure = Failure::from(error);
            assert_eq!(failure.exit.status(), status, "{text}");
            assert!(failure.to_string().starts_with(&text));
        }
    }

    #[test]
    fn causes_are_told_once_and_in_one_line() {
        let cause = TokenError::unavailable("connection refused\nby the host");
        let error = TokenError::unavailable("the endpoint cannot be reached")
            .with_source(std::sync::Arc::new(cause.clone()));
        let failure = Failure::from(error);
        assert_eq!(
            failure.to_string(),
            "the endpoint cannot be reached: connection refused by the host; try again later"
        );
    }
}
