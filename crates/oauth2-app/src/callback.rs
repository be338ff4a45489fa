//! What the authorization server sends back through the user's browser, and the checks before a code is spent.
//!
//! Everything here was written by whoever made the browser load the URL: nothing of it reaches a page, a header
//! or a log but the error code, cut to the standard's characters, and the description, cut likewise. The checks
//! run in the documented order: `error`, missing parameters, `state`, and then `iss`
//! ([RFC 9207](https://www.rfc-editor.org/rfc/rfc9207)).

use core::error::Error;
use core::fmt;

use wellspring_core::{AuthorizationCode, AuthorizationGrant};
use wellspring_wire::form_decode;

use crate::{App, PendingLogin, State};

/// The longest error code that is repeated, in characters.
const CODE_LENGTH: usize = 64;
/// The longest description that is repeated, in characters.
const DESCRIPTION_LENGTH: usize = 200;

/// The parameters of one callback ([RFC 6749 §4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2)).
/// Unknown ones are ignored; an empty one is missing.
#[derive(Clone)]
pub struct Callback {
    code: Parameter<AuthorizationCode>,
    state: Parameter<State>,
    error: Parameter<String>,
    description: Option<String>,
    iss: Parameter<String>,
}

/// A parameter that must not be there twice.
#[derive(Clone)]
enum Parameter<T> {
    Missing,
    One(T),
    Twice,
}

impl Callback {
    /// Reads a query, or the URL or request target that it is part of. Never fails: what is not there is missing.
    #[must_use]
    pub fn read(query: &str) -> Self {
        let is_location = ["/", "https://", "http://"].iter().any(|start| query.starts_with(start));
        let query = if is_location {
            let query = query.split('#').next().unwrap_or_default();
            query.split_once('?').map_or("", |(_, query)| query)
        } else {
            // A question mark within a query stands for itself (RFC 3986 §3.4).
            query.strip_prefix('?').unwrap_or(query)
        };
        let mut callback = Self {
            code: Parameter::Missing,
            state: Parameter::Missing,
            error: Parameter::Missing,
            description: None,
            iss: Parameter::Missing,
        };
        for (name, value) in form_decode(query) {
            if value.is_empty() {
                continue;
            }
            match name.as_str() {
                "code" => callback.code.add(AuthorizationCode::new(value)),
                "state" => callback.state.add(State::new(value)),
                "error" => callback.error.add(value),
                "error_description" => callback.description = Some(value),
                "iss" => callback.iss.add(value),
                _ => {}
            }
        }
        callback
    }

    /// The state, by which an application with several sign-ins under way finds the one that is meant:
    /// see [`PendingLogin::answers`].
    pub(crate) const fn state(&self) -> Option<&State> {
        self.state.one()
    }
}

impl<T> Parameter<T> {
    fn add(&mut self, value: T) {
        *self = if matches!(self, Self::Missing) { Self::One(value) } else { Self::Twice };
    }

    const fn one(&self) -> Option<&T> {
        if let Self::One(value) = self { Some(value) } else { None }
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callback(..)")
    }
}

impl App {
    /// Checks a callback against the sign-in it claims to answer; what comes out is spent once.
    ///
    /// A sign-in whose state came back is over, whatever else the callback says: its state is good for one
    /// callback. One whose state did not come back is still under way, and the error gives it back
    /// ([`CallbackError::into_pending`]), so that a forged callback ends nobody's sign-in.
    ///
    /// # Errors
    ///
    /// The server's own error, or what is wrong with the callback.
    pub fn finish(
        &self,
        login: PendingLogin,
        callback: &Callback,
    ) -> Result<AuthorizationGrant, CallbackError> {
        let answered = login.answers(callback);
        match code(callback).and_then(|code| self.check(callback, answered).map(|()| code)) {
            Ok(code) => Ok(login.into_spend(code)),
            Err(kind) => Err(CallbackError { kind, pending: (!answered).then_some(login) }),
        }
    }

    /// What is wrong with a callback that answers no sign-in under way: the server's own error, missing parameters, or
    /// the state.
    #[must_use]
    pub fn unanswered(&self, callback: &Callback) -> CallbackError {
        let kind = code(callback).err().unwrap_or(CallbackErrorKind::InvalidState);
        CallbackError { kind, pending: None }
    }

    fn check(&self, callback: &Callback, answered: bool) -> Result<(), CallbackErrorKind> {
        if !answered {
            return Err(CallbackErrorKind::InvalidState);
        }
        // RFC 9207 §2.4: simple string comparison; missing is a mismatch where the server promises it.
        let right = match (&callback.iss, self.config().issuer.as_ref()) {
            (Parameter::One(iss), Some(issuer)) => iss == issuer,
            (Parameter::Twice, _) => false,
            (Parameter::Missing, _) => !self.config().iss_promised,
            (Parameter::One(_), None) => true,
        };
        if right { Ok(()) } else { Err(CallbackErrorKind::InvalidIssuer) }
    }
}

/// The code, unless the server says no or something is missing.
fn code(callback: &Callback) -> Result<AuthorizationCode, CallbackErrorKind> {
    match &callback.error {
        Parameter::Missing => {}
        Parameter::One(code) => {
            return Err(CallbackErrorKind::Refused {
                code: repeatable(code),
                description: callback.description.as_deref().map(described),
            });
        }
        Parameter::Twice => {
            return Err(CallbackErrorKind::Refused { code: SERVER_ERROR.into(), description: None });
        }
    }
    match (&callback.code, &callback.state) {
        (Parameter::One(code), Parameter::One(_) | Parameter::Twice) => Ok(code.clone()),
        _ => Err(CallbackErrorKind::MissingParameters),
    }
}

const SERVER_ERROR: &str = "server_error";

/// An error code that may be repeated: the characters of
/// [RFC 6749 §4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1) and no more than 64 of them.
fn repeatable(code: &str) -> String {
    let fine = code.len() <= CODE_LENGTH && code.chars().all(may_stand_in_an_error);
    if fine { code } else { SERVER_ERROR }.to_owned()
}

fn described(description: &str) -> String {
    description.chars().filter(|c| may_stand_in_an_error(*c)).take(DESCRIPTION_LENGTH).collect()
}

const fn may_stand_in_an_error(c: char) -> bool {
    matches!(c, ' '..='!' | '#'..='[' | ']'..='~')
}

/// What is wrong with a callback.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallbackErrorKind {
    /// The authorization server says so, `access_denied` being the user's no
    /// ([RFC 6749 §4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1)).
    Refused {
        /// Its code, of at most 64 characters; `server_error` in the place of one that must not be repeated.
        code: String,
        /// Its description, of at most 200 characters. It is text, not HTML.
        description: Option<String>,
    },
    /// Code or state is missing, empty, or, the code, there twice.
    MissingParameters,
    /// The state is not the one of this sign-in.
    InvalidState,
    /// The answer comes from another authorization server.
    InvalidIssuer,
}

/// A callback that brings no code to spend.
#[derive(Debug)]
pub struct CallbackError {
    kind: CallbackErrorKind,
    pending: Option<PendingLogin>,
}

impl CallbackError {
    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> &CallbackErrorKind {
        &self.kind
    }

    /// One word for it: the server's own, or `missing_parameters`, `invalid_state`, `invalid_issuer`. It still
    /// has to be percent-encoded to stand in a URL, and escaped to stand in HTML.
    #[must_use]
    pub fn code(&self) -> &str {
        match &self.kind {
            CallbackErrorKind::Refused { code, .. } => code,
            CallbackErrorKind::MissingParameters => "missing_parameters",
            CallbackErrorKind::InvalidState => "invalid_state",
            CallbackErrorKind::InvalidIssuer => "invalid_issuer",
        }
    }

    /// The sign-in, where it is still under way: this callback was not its answer.
    #[must_use]
    pub fn into_pending(self) -> Option<PendingLogin> {
        self.pending
    }
}

impl fmt::Display for CallbackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            CallbackErrorKind::Refused { code, description } => {
                write!(f, "the authorization server refused the sign-in ({code}")?;
                match description {
                    Some(description) => write!(f, ": {description})"),
                    None => f.write_str(")"),
                }
            }
            CallbackErrorKind::MissingParameters => f.write_str("the callback lacks its code or its state"),
            CallbackErrorKind::InvalidState => f.write_str("the callback's state is not this sign-in's"),
            CallbackErrorKind::InvalidIssuer => {
                f.write_str("the callback does not come from the authorization server that was asked")
            }
        }
    }
}

impl Error for CallbackError {}
