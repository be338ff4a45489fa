//! The rules for callbacks, as a minimal model.

use crate::callback::Made;

pub(crate) const ISSUER: &str = "https://issuer.example";
/// The lifetime of a pending sign-in, in seconds.
const TIME: u64 = 600;

/// A sign-in that a browser has started.
pub(crate) struct Login {
    pub(crate) browser: usize,
    pub(crate) state: String,
    pub(crate) challenge: String,
    pub(crate) started: u64,
    pub(crate) over: bool,
    /// The valid redirect target of the browser, if it named one.
    pub(crate) next: Option<&'static str>,
    pub(crate) popup: bool,
}

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) logins: Vec<Login>,
    pub(crate) now: u64,
}

/// The expected result of a callback.
pub(crate) struct Ruling {
    /// The redirect.
    pub(crate) to: String,
    /// The exchanged code, and the challenge of its sign-in.
    pub(crate) spends: Option<(String, String)>,
    /// Whether it signs the browser in.
    pub(crate) signs_in: bool,
}

impl Model {
    /// Applies a callback, which also ends the sign-in that it answers.
    pub(crate) fn rule(&mut self, made: &Made, browser: usize, down: bool) -> Ruling {
        let now = self.now;
        let [errors, codes, states, issuers] = ["error", "code", "state", "iss"].map(|name| made.all(name));
        let answered = self.logins.iter_mut().find(|login| {
            !login.over
                && login.browser == browser
                && now < login.started + TIME
                && states == [login.state.as_str()]
        });
        let answered = answered.map(|login| {
            login.over = true;
            &*login
        });
        let popup = if answered.is_some_and(|login| login.popup) { "&popup=1" } else { "" };
        let word =
            |word: &str| Ruling { to: format!("/?error={word}{popup}"), spends: None, signs_in: false };
        match errors[..] {
            [] => {}
            ["access_denied"] => return word("access_denied"),
            ["invalid_scope"] => return word("invalid_scope"),
            // The characters that RFC 6749 §4.1.2.1 allows in an error, encoded.
            ["a b&c#"] => return word("a%20b%26c%23"),
            ["<script>"] => return word("%3Cscript%3E"),
            _ => return word("server_error"),
        }
        let ([code], [_, ..]) = (&codes[..], &states[..]) else { return word("missing_parameters") };
        let Some(login) = answered else { return word("invalid_state") };
        if !matches!(issuers[..], [] | [ISSUER]) {
            return word("invalid_issuer");
        }
        let spends = Some(((*code).to_owned(), login.challenge.clone()));
        if down {
            return Ruling { spends, ..word("server_error") };
        }
        let to = match (login.popup, login.next) {
            (true, _) => "/?login=success&popup=1",
            (false, Some(next)) => next,
            (false, None) => "/?login=success",
        };
        Ruling { to: to.to_owned(), spends, signs_in: true }
    }
}
