//! The checks of a callback, before its code is exchanged.
//!
//! The checks run in the order of the published page: `error`, missing parameters, `state`, then `iss`
//! ([RFC 9207](https://www.rfc-editor.org/rfc/rfc9207)). An error repeats only the server's code and description, cut to
//! the characters that RFC 6749 allows.

use wellspring_core::{AuthorizationCode, AuthorizationGrant};

use crate::app::App;
use crate::callback::{Callback, Parameter};
use crate::callback_error::{CallbackError, CallbackErrorKind};
use crate::login::PendingLogin;

/// The longest error code that is repeated, in characters.
const MAX_CODE: usize = 64;
/// The longest description that is repeated, in characters.
const MAX_DESCRIPTION: usize = 200;

const SERVER_ERROR: &str = "server_error";

impl App {
    /// Checks a callback against the pending sign-in and returns the grant to exchange. Exchange it once.
    ///
    /// A callback with the sign-in's state ends the sign-in, whatever else the callback holds. A callback without that
    /// state leaves the sign-in pending, and the error returns it ([`CallbackError::into_pending`]), so a forged callback
    /// cannot end a user's sign-in.
    ///
    /// # Errors
    ///
    /// Fails with the server's own error, or with what is wrong with the callback.
    pub fn finish(
        &self,
        login: PendingLogin,
        callback: &Callback,
    ) -> Result<AuthorizationGrant, CallbackError> {
        let answered = login.answers(callback);
        match code(callback).and_then(|code| self.check(callback, answered).map(|()| code)) {
            Ok(code) => Ok(login.into_grant(code)),
            Err(kind) => {
                let kind = without(login.state().expose(), kind);
                Err(CallbackError { kind, pending: (!answered).then(|| Box::new(login)) })
            }
        }
    }

    /// The error for a callback that belongs to no pending sign-in: the server's own error, missing parameters, or the
    /// state.
    #[must_use]
    pub fn unmatched(&self, callback: &Callback) -> CallbackError {
        let kind = code(callback).err().unwrap_or(CallbackErrorKind::InvalidState);
        CallbackError { kind, pending: None }
    }

    fn check(&self, callback: &Callback, answered: bool) -> Result<(), CallbackErrorKind> {
        if !answered {
            return Err(CallbackErrorKind::InvalidState);
        }
        // RFC 9207 §2.4: simple string comparison. If the server's metadata promises `iss`, a missing one is an error.
        let valid = match (&callback.iss, self.config().issuer.as_ref()) {
            (Parameter::Once(iss), Some(issuer)) => iss == issuer,
            (Parameter::Repeated, _) => false,
            (Parameter::Missing, _) => !self.config().iss_required,
            (Parameter::Once(_), None) => true,
        };
        if valid { Ok(()) } else { Err(CallbackErrorKind::InvalidIssuer) }
    }
}

/// The code, unless the callback holds an error or lacks a parameter.
fn code(callback: &Callback) -> Result<AuthorizationCode, CallbackErrorKind> {
    match &callback.error {
        Parameter::Missing => {}
        Parameter::Once(code) => {
            return Err(CallbackErrorKind::Refused {
                code: checked_code(code),
                description: callback.description.as_deref().map(cut_description),
            });
        }
        Parameter::Repeated => {
            return Err(CallbackErrorKind::Refused { code: SERVER_ERROR.into(), description: None });
        }
    }
    match (&callback.code, &callback.state) {
        (Parameter::Once(code), Parameter::Once(_) | Parameter::Repeated) => Ok(code.clone()),
        _ => Err(CallbackErrorKind::MissingParameters),
    }
}

/// The same error, which does not repeat the state: a callback that was garbled on its way may carry it in any parameter,
/// and the sign-in may still be pending.
fn without(state: &str, kind: CallbackErrorKind) -> CallbackErrorKind {
    let CallbackErrorKind::Refused { code, description } = kind else { return kind };
    let code = if code.contains(state) { SERVER_ERROR.to_owned() } else { code };
    CallbackErrorKind::Refused { code, description: description.filter(|text| !text.contains(state)) }
}

fn checked_code(code: &str) -> String {
    let valid = code.len() <= MAX_CODE && code.chars().all(is_allowed);
    if valid { code } else { SERVER_ERROR }.to_owned()
}

fn cut_description(description: &str) -> String {
    description.chars().filter(|c| is_allowed(*c)).take(MAX_DESCRIPTION).collect()
}

/// The characters of `error` and `error_description`
/// ([RFC 6749 §4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1)).
const fn is_allowed(c: char) -> bool {
    matches!(c, ' '..='!' | '#'..='[' | ']'..='~')
}
