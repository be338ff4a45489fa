//! How a command ends: one sentence on stderr and an exit status for scripts.
//!
//! The statuses name the next action of the caller, as the kinds of [`TokenError`] do. The module that notices a failure
//! words the sentence; this module assigns the status.

mod advice;
mod status;

use core::fmt;
use std::io::{self, Write};

use wellspring_core::{StoreError, TokenError};
use wellspring_profiles::{Error, Place, visible};

pub(crate) use status::Exit;

/// Writes a line to stderr, safe for a terminal. A closed stderr does not fail the command.
pub(crate) fn say(text: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "{}", visible(&text.to_string()));
}

/// Why a command failed: one sentence that also says what to do. It never contains a secret.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
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

    /// A setting is wrong. `what` continues a sentence that begins with the setting's name: "is empty".
    pub(crate) fn at(place: &Place, what: impl fmt::Display) -> Self {
        Self::usage(format!("{place} {what}"))
    }

    /// The store that is configured at this place has failed.
    pub(crate) fn store(place: &Place, what: &str, error: &StoreError) -> Self {
        let (exit, text) = of_store(error);
        Self::new(exit, format!("{place} {what}: {text}"))
    }

    /// A write to standard output failed.
    pub(crate) fn output(error: io::Error) -> Self {
        Self::new(
            Exit::TryLater,
            format!("cannot write to standard output: {error}; redirect it to another place"),
        )
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match &error {
            Error::File { source, .. } => {
                let create = if source.kind() == io::ErrorKind::NotFound { "create it, or " } else { "" };
                Self::usage(format!("{}; {create}name another file with --config FILE", with_causes(&error)))
            }
            Error::Store { place, source } => Self::store(place, "cannot be opened", source),
            Error::Issuer(error) => error.clone().into(),
            _ => Self::usage(with_causes(&error)),
        }
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        Self::of_token(&error, None)
    }
}

impl Failure {
    /// The failure of a profile's source. An answer that is remembered names the way to ask again at once.
    pub(crate) fn of_token(error: &TokenError, profile: Option<&str>) -> Self {
        let (exit, advice) = advice::of(error, profile);
        let mut text = with_causes(error);
        if !advice.is_empty() {
            text.push_str("; ");
            text.push_str(&advice);
        }
        let waits = error.remembered_since().is_some() && !error.is_transient();
        if let Some(profile) = profile.filter(|_| waits) {
            text.push_str(&format!("; `wellspring login {profile}` tries now"));
        }
        Self::new(exit, text)
    }
}

/// The exit of every command for this failure of the store, and the failure with its causes and what to do.
pub(crate) fn of_store(error: &StoreError) -> (Exit, String) {
    let (exit, advice) = advice::store(error);
    (exit, format!("{}; {advice}", with_causes(error)))
}

/// The error and its causes, outermost first, in one line. None of them contains a secret.
pub(crate) fn with_causes(error: &dyn core::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let cause_text = error.to_string();
        // Many HTTP clients repeat their cause in their own text.
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        cause = error.source();
    }
    text.replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use wellspring_core::LoginReason;

    use super::*;

    #[test]
    fn every_kind_of_error_has_the_exit_status_of_its_next_action() {
        for (error, status) in [
            (TokenError::login_required(LoginReason::Refused), 3),
            (TokenError::login_required(LoginReason::LoggedOut), 3),
            (TokenError::login_required(LoginReason::StoreLost), 3),
            (TokenError::store("the store is locked", true), 5),
            (TokenError::store("the record cannot be read", false), 2),
            (TokenError::misconfigured("no request can be made"), 2),
            (TokenError::misconfigured("refused").with_status(401, None), 4),
            (TokenError::protocol("not a token response"), 4),
            (TokenError::misconfigured("404").with_status(404, None).without_verdict(), 4),
            (TokenError::protocol("400").with_status(400, None).without_verdict(), 4),
            (TokenError::from_intermediary("403").with_status(403, None).without_verdict(), 5),
            (TokenError::from_intermediary("a page"), 5),
            (TokenError::unavailable("down"), 5),
            (TokenError::busy("another process renews"), 5),
        ] {
            let text = error.to_string();
            let failure = Failure::from(error);
            assert_eq!(failure.exit.status(), status, "{text}");
            assert!(failure.to_string().starts_with(&text));
        }
    }

    #[test]
    fn each_cause_appears_once_and_all_in_one_line() {
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
