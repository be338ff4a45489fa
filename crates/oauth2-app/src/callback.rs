//! The parameters that the authorization server sends back through the user's browser.
//!
//! Any site can make the browser load the callback URL, so no parameter is trusted before
//! [`App::finish`](crate::App::finish) has checked it.

use core::fmt;

use wellspring_core::AuthorizationCode;
use wellspring_wire::form_decode;
use zeroize::Zeroizing;

use crate::state::State;

/// The parameters of one callback ([RFC 6749 §4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2)).
/// Unknown parameters are ignored, and an empty parameter counts as missing.
#[derive(Clone)]
pub struct Callback {
    pub(crate) code: Parameter<AuthorizationCode>,
    pub(crate) state: Parameter<State>,
    pub(crate) error: Parameter<String>,
    pub(crate) description: Option<String>,
    pub(crate) iss: Parameter<String>,
}

/// A parameter that may occur once
/// ([RFC 6749 §3.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.1)).
#[derive(Clone)]
pub(crate) enum Parameter<T> {
    Missing,
    Once(T),
    Repeated,
}

impl Callback {
    /// Reads a query, or the URL or request target that contains it. Reading never fails.
    #[must_use]
    pub fn read(query: &str) -> Self {
        let is_location = ["/", "https://", "http://"].iter().any(|start| query.starts_with(start));
        let query = if is_location {
            let query = query.split('#').next().unwrap_or_default();
            query.split_once('?').map_or("", |(_, query)| query)
        } else {
            // A later question mark is part of the query (RFC 3986 §3.4).
            query.strip_prefix('?').unwrap_or(query)
        };
        Self::of(query)
    }

    /// Reads the body of the POST that a browser sends for a sign-in with
    /// [`SignInOptions::form_post`](crate::SignInOptions::form_post). Reading never fails. The body holds the code, so do
    /// not log it.
    #[must_use]
    pub fn read_form(body: &[u8]) -> Self {
        Self::of(&Zeroizing::new(String::from_utf8_lossy(body).into_owned()))
    }

    fn of(form: &str) -> Self {
        let mut callback = Self {
            code: Parameter::Missing,
            state: Parameter::Missing,
            error: Parameter::Missing,
            description: None,
            iss: Parameter::Missing,
        };
        for (name, value) in form_decode(form) {
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

    /// The state; `None` unless it occurs once.
    pub(crate) const fn state(&self) -> Option<&State> {
        if let Parameter::Once(state) = &self.state { Some(state) } else { None }
    }
}

impl<T> Parameter<T> {
    fn add(&mut self, value: T) {
        *self = if matches!(self, Self::Missing) { Self::Once(value) } else { Self::Repeated };
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callback(..)")
    }
}
