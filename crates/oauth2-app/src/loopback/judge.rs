//! Which callback is that of the sign-in.

use std::sync::{Mutex, PoisonError};

use wellspring_core::AuthorizationGrant;

use super::request::BrowserRequest;
use crate::app::App;
use crate::callback::Callback;
use crate::callback_error::CallbackError;
use crate::login::PendingLogin;

/// What the callback of the sign-in brings, and the request that waits for its page.
pub(super) type Judged = (Result<AuthorizationGrant, CallbackError>, BrowserRequest);

/// Judges callbacks: the state first, so that no other request ends the sign-in.
pub(super) struct Judge {
    app: App,
    pending: Mutex<Option<PendingLogin>>,
}

impl Judge {
    pub(super) const fn new(app: App, login: PendingLogin) -> Self {
        Self { app, pending: Mutex::new(Some(login)) }
    }

    /// The code or the refusal of this sign-in; `None` for a callback that is not part of it.
    pub(super) fn judge(&self, callback: &Callback) -> Option<Result<AuthorizationGrant, CallbackError>> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        match self.app.finish(pending.take()?, callback) {
            Ok(code) => Some(Ok(code)),
            Err(mut error) => {
                *pending = error.pending.take().map(|login| *login);
                pending.is_none().then_some(Err(error))
            }
        }
    }
}
