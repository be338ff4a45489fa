//! How a command ends: one sentence on stderr and an exit status for scripts.
//!
//! The statuses name the next action of the caller, as the kinds of [`TokenError`] do. The module that notices a failure
//! words the sentence; this module assigns the status.

use core::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use wellspring_core::{ErrorKind, LoginReason, StoreError, TokenError};
use wellspring_profiles::{Error, Place, visible};

/// The exit status of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// A person must correct something: the command line, the configuration, a file named there, or the store.
    Usage,
    /// A person must sign in.
    LoginRequired,
    /// The server refused the request; a retry without a change does not help.
    Refused,
    /// A server or a store is down or busy, or the deadline has passed: try again later.
    TryLater,
    /// A check of the demo failed.
    DemoFailed,
}

impl Exit {
    pub(crate) const fn status(self) -> u8 {
        match self {
            Self::DemoFailed => 1,
            Self::Usage => 2,
            Self::LoginRequired => 3,
            Self::Refused => 4,
            Self::TryLater => 5,
        }
    }

    /// The exit of another command, by its status.
    pub(crate) fn of_status(status: u8) -> Option<Self> {
        let all = [Self::DemoFailed, Self::Usage, Self::LoginRequired, Self::Refused, Self::TryLater];
        all.into_iter().find(|exit| exit.status() == status)
    }

    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(self.status())
    }
}

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
        let (exit, advice) = match error.kind() {
            ErrorKind::LoginRequired { reason } => (Exit::LoginRequired, sign_in_advice(reason)),
            // No response, hence no status: the provider refused to build a request.
            ErrorKind::Misconfigured if error.status().is_none() => (Exit::Usage, "correct the profile"),
            ErrorKind::Misconfigured if matches!(error.status(), Some(404 | 405 | 410)) => {
                (Exit::Refused, wrong_url_advice(error))
            }
            ErrorKind::Misconfigured => (Exit::Refused, misconfigured_advice(error)),
            ErrorKind::Protocol if !error.is_transient() => (Exit::Refused, protocol_advice(error)),
            ErrorKind::Protocol if error.is_without_verdict() => {
                (Exit::TryLater, "try again later; if it stays so, ask the server's operator")
            }
            ErrorKind::Protocol => {
                (Exit::TryLater, "a proxy between this machine and the endpoint answers; try again later")
            }
            ErrorKind::Store => match behind(error) {
                Some(error) => store_advice(error),
                None if error.is_transient() => (Exit::TryLater, TRY_LATER),
                None => (Exit::Usage, CORRECT),
            },
            _ => (Exit::TryLater, "try again later"),
        };
        let mut text = format!("{}; {advice}", with_causes(error));
        let waits = error.remembered_since().is_some() && !error.is_transient();
        if let Some(profile) = profile.filter(|_| waits) {
            text.push_str(&format!("; `wellspring login {profile}` tries now"));
        }
        Self::new(exit, text)
    }
}

/// Which URL to correct. The error names the endpoint.
fn wrong_url_advice(error: &TokenError) -> &'static str {
    match error.to_string().contains("is this the token endpoint's URL?") {
        true => "set the profile's URL to that of the token endpoint",
        false => "correct that URL in the profile: compare it with the provider's documentation",
    }
}

/// What to correct after the server has refused the client.
fn misconfigured_advice(error: &TokenError) -> &'static str {
    match error.code() {
        Some("invalid_scope") => "correct the profile's `scopes`",
        Some("unauthorized_client" | "unsupported_grant_type") => {
            "have the server's operator permit this grant to the client, or use another client"
        }
        _ if error.to_string().contains("client certificate") => {
            "set or renew `client_certificate` in the profile's section `tls`; `wellspring doctor` checks it"
        }
        Some("invalid_client") => {
            "compare the profile's `client_id` and `client_secret` with the provider's console, and \
             `client_authentication` with its documentation"
        }
        _ => "check the profile's client id, secret, scopes, certificate and URL",
    }
}

/// What to do about an answer that is no token response.
fn protocol_advice(error: &TokenError) -> &'static str {
    let is_json = error.content_type().is_some_and(|media_type| media_type.ends_with("json"));
    match error.status() {
        Some(200..=299) if is_json => {
            "the endpoint answers in JSON, but not as RFC 6749 section 5.1 says: check the profile's provider, or tell the \
             server's operator"
        }
        Some(300..=399) => "set the profile's URL to the one that the endpoint redirects to",
        Some(400..) if error.code().is_some() => {
            "the code says what the server refuses: check the profile's parameters, or ask the server's operator"
        }
        _ => "check that the profile's URL is that of the token endpoint",
    }
}

/// What to do about what a store holds and no retry makes readable.
const UNREADABLE: &str = "nothing overwrites it: repair it, or move it away and sign in again";

/// What to do about what the store refuses. The error itself says how.
const CORRECT: &str = "correct that first: a retry changes nothing";

/// What to do about a store that is full, busy or out of reach.
const TRY_LATER: &str = "try again later; `wellspring doctor` checks the store";

/// The exit of every command for this failure of the store, and what to do.
const fn store_advice(error: &StoreError) -> (Exit, &'static str) {
    if error.is_unreadable() {
        (Exit::Usage, UNREADABLE)
    } else if error.is_refused() {
        (Exit::Usage, CORRECT)
    } else {
        (Exit::TryLater, TRY_LATER)
    }
}

/// The exit of every command for this failure of the store, and the failure with its causes and what to do.
pub(crate) fn of_store(error: &StoreError) -> (Exit, String) {
    let (exit, advice) = store_advice(error);
    (exit, format!("{}; {advice}", with_causes(error)))
}

/// The store's error behind this one.
fn behind(error: &TokenError) -> Option<&StoreError> {
    core::error::Error::source(error)?.downcast_ref()
}

const fn sign_in_advice(reason: LoginReason) -> &'static str {
    match reason {
        LoginReason::NotSignedIn => "sign in with `wellspring login`",
        LoginReason::LoggedOut => "sign in again with `wellspring login` if you want a session",
        LoginReason::StoreLost => {
            "sign in again with `wellspring login`, and make sure that nothing empties or restores the store"
        }
        _ => "sign in again with `wellspring login`",
    }
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
    fn the_advice_about_an_answer_fits_what_is_wrong_with_it() {
        let advice = |status, media_type: &str| {
            let error = TokenError::protocol("x").with_status(status, Some(media_type));
            Failure::from(error).to_string()
        };
        assert!(advice(200, "application/json").contains("check the profile's provider"));
        assert!(advice(302, "text/html").contains("the one that the endpoint redirects to"));
        assert!(advice(422, "application/json").contains("is that of the token endpoint"));
        let wrong_url = |endpoint: &str| {
            let text = format!("the server answers 404: is this the {endpoint}'s URL?");
            Failure::from(TokenError::misconfigured(text).with_status(404, None)).to_string()
        };
        assert!(wrong_url("token endpoint").ends_with("set the profile's URL to that of the token endpoint"));
        assert!(wrong_url("userinfo endpoint").contains("correct that URL in the profile"));
        assert!(advice(200, "text/plain").contains("is that of the token endpoint"));
    }

    #[test]
    fn the_advice_after_a_refusal_of_the_client_names_what_to_correct() {
        let advice = |text: &'static str, code: Option<&'static str>| {
            let error = TokenError::misconfigured(text).with_status(400, None);
            let error = code.into_iter().fold(error, |error, code| error.with_code(code));
            Failure::from(error).to_string()
        };
        assert!(advice("x", Some("invalid_scope")).ends_with("; correct the profile's `scopes`"));
        assert!(advice("x", Some("invalid_client")).contains("`client_id` and `client_secret`"));
        assert!(advice("x", Some("unauthorized_client")).contains("permit this grant to the client"));
        let certificate = advice("the server requires a client certificate and was shown none", None);
        assert!(certificate.contains("set or renew `client_certificate`"), "{certificate}");
        assert!(!certificate.contains("secret"), "{certificate}");
        assert!(advice("x", None).ends_with("client id, secret, scopes, certificate and URL"));
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
