//! The rules for callbacks, as a minimal model.

use std::collections::BTreeMap;

use crate::callback::Made;

pub(crate) const ISSUER: &str = "https://issuer.example";
/// The lifetime of a pending sign-in, in seconds.
const TIME: u64 = 600;
/// How long a sign-in's path to go to, or its result, is kept.
const KEPT: u64 = 3_600;

/// A browser's cookies by their names.
pub(crate) type Jar = BTreeMap<String, String>;

/// A sign-in that a browser has started.
pub(crate) struct Login {
    pub(crate) browser: usize,
    pub(crate) state: String,
    pub(crate) challenge: String,
    pub(crate) started: u64,
    /// Its cookie: a name and a value.
    pub(crate) cookie: (String, String),
    /// The session that the browser had at the start.
    pub(crate) before: Option<String>,
    /// The valid redirect target of the browser, if it named one.
    pub(crate) next: Option<&'static str>,
    pub(crate) popup: bool,
    pub(crate) taken: Option<Taken>,
}

/// The callback that has taken a sign-in.
pub(crate) struct Taken {
    fingerprint: Fingerprint,
    at: u64,
    /// The word of the failure; `None` is a success.
    word: Option<String>,
    /// The session that it has led to, once an answer has set it.
    pub(crate) session: Option<String>,
}

/// What two callbacks must have in common to be the same one.
type Fingerprint = [Option<String>; 2];

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) logins: Vec<Login>,
    pub(crate) now: u64,
    /// The sessions that are in force.
    pub(crate) sessions: Vec<String>,
}

/// The expected result of a callback.
pub(crate) struct Ruling {
    /// The redirect.
    pub(crate) to: String,
    /// The exchanged code, and the challenge of its sign-in.
    pub(crate) spends: Option<(String, String)>,
    /// The sign-in whose session the answer sets.
    pub(crate) signs_in: Option<usize>,
    /// The cookie that the answer removes.
    pub(crate) removes: Option<String>,
}

impl Model {
    /// Whether a browser with these cookies is signed in.
    pub(crate) fn is_signed_in(&self, jar: &Jar, cookie: &str) -> bool {
        jar.get(cookie).is_some_and(|session| self.sessions.contains(session))
    }

    /// Applies a callback, which also takes the sign-in that it answers.
    pub(crate) fn rule(&mut self, made: &Made, jar: &Jar, cookie: &str, down: bool) -> Ruling {
        let (now, signed_in) = (self.now, self.is_signed_in(jar, cookie));
        let [errors, codes, states, issuers] = ["error", "code", "state", "iss"].map(|name| made.all(name));
        let only = |values: &[&str]| (values.len() == 1).then(|| values[0].to_owned());
        let fingerprint = [only(&codes), only(&errors)];
        let word = verdict(&errors, &codes, &states);
        let unmatched = word.clone().unwrap_or_else(|| "invalid_state".to_owned());
        let index = self.logins.iter().position(|login| states == [login.state.as_str()]);
        let Some(index) = index.filter(|index| self.logins[*index].is_known(now)) else {
            return Ruling::failure(&unmatched, None);
        };
        let login = &mut self.logins[index];
        let has_cookie = jar.get(&login.cookie.0) == Some(&login.cookie.1) && now < login.started + TIME;
        let removes = Some(login.cookie.0.clone());
        if let Some(taken) = &login.taken {
            if taken.fingerprint != fingerprint {
                return Ruling::failure(&unmatched, Some(login));
            }
            let in_force = taken.session.as_ref().is_some_and(|session| self.sessions.contains(session));
            return match (&taken.word, has_cookie) {
                (Some(word), true) => Ruling { removes, ..Ruling::failure(word, Some(login)) },
                (Some(word), false) => Ruling::failure(word, Some(login)),
                (None, true) if in_force => {
                    Ruling { removes, signs_in: Some(index), ..Ruling::success(login) }
                }
                (None, true) => Ruling { removes, ..Ruling::failure("invalid_state", Some(login)) },
                (None, false) if signed_in => Ruling::success(login),
                (None, false) => Ruling::failure(&unmatched, Some(login)),
            };
        }
        if !has_cookie {
            return Ruling::failure(&unmatched, Some(login));
        }
        let (mut spends, mut word) = (None, word);
        if word.is_none() && !matches!(issuers[..], [] | [ISSUER]) {
            word = Some("invalid_issuer".to_owned());
        }
        if word.is_none() {
            spends = Some((codes[0].to_owned(), login.challenge.clone()));
            word = down.then(|| "server_error".to_owned());
        }
        login.taken = Some(Taken { fingerprint, at: now, word: word.clone(), session: None });
        match word {
            Some(word) => Ruling { spends, removes, ..Ruling::failure(&word, Some(login)) },
            None => Ruling { spends, removes, signs_in: Some(index), ..Ruling::success(login) },
        }
    }
}

impl Login {
    /// Whether the site still knows its state.
    fn is_known(&self, now: u64) -> bool {
        now < self.taken.as_ref().map_or(self.started, |taken| taken.at) + KEPT
    }
}

impl Ruling {
    fn failure(word: &str, login: Option<&Login>) -> Self {
        let popup = if login.is_some_and(|login| login.popup) { "&popup=1" } else { "" };
        let next = login.and_then(|login| login.next);
        let next = next.map_or_else(String::new, |next| format!("&next={}", crate::callback::percent(next)));
        Self { to: format!("/?error={word}{popup}{next}"), spends: None, signs_in: None, removes: None }
    }

    fn success(login: &Login) -> Self {
        let to = match (login.popup, login.next) {
            (true, _) => "/?login=success&popup=1",
            (false, Some(next)) => next,
            (false, None) => "/?login=success",
        };
        Self { to: to.to_owned(), spends: None, signs_in: None, removes: None }
    }
}

/// The word for a callback that brings no code.
fn verdict(errors: &[&str], codes: &[&str], states: &[&str]) -> Option<String> {
    let word = match errors {
        [] if codes.len() == 1 && !states.is_empty() => return None,
        [] => "missing_parameters",
        ["access_denied"] => "access_denied",
        ["invalid_scope"] => "invalid_scope",
        // The characters that RFC 6749 §4.1.2.1 allows in an error, encoded.
        ["a b&c#"] => "a%20b%26c%23",
        ["<script>"] => "%3Cscript%3E",
        _ => "server_error",
    };
    Some(word.to_owned())
}
