//! The cookie of each pending sign-in: `<session cookie>-<hash of the state>=<time>.<secret>`.
//!
//! A browser has at most eight. The next start expires the oldest, so that cookies of sign-ins that no user finished never
//! fill the header of a request.

use http::HeaderMap;
use sha2::{Digest as _, Sha256};
use wellspring_core::UnixTime;

use crate::cookies::{self, SetCookie};
use crate::pending::LIFETIME;
use crate::random::hex;

/// The maximum number of pending sign-ins of a browser.
pub(crate) const MOST: usize = 8;

/// The names of a login's cookies of pending sign-ins.
#[derive(Clone, Debug)]
pub(crate) struct PendingCookies {
    /// The session cookie's name and a hyphen.
    start: String,
    secure: bool,
}

impl PendingCookies {
    pub(crate) fn new(session_cookie: &str, secure: bool) -> Self {
        Self { start: format!("{session_cookie}-"), secure }
    }

    /// The name of this state's cookie.
    pub(crate) fn name(&self, state: &str) -> String {
        let hash = Sha256::digest(state);
        format!("{}{}", self.start, hex(&hash[..8]))
    }

    /// The secret in this state's cookie.
    pub(crate) fn secret<'a>(&self, headers: &'a HeaderMap, state: &str) -> Option<&'a str> {
        Some(cookies::value(headers, &self.name(state))?.split_once('.')?.1)
            .filter(|secret| !secret.is_empty())
    }

    /// Sets the cookie of a sign-in that starts now, and expires the oldest of those in the request, so that eight are left.
    pub(crate) fn set(
        &self,
        request: &HeaderMap,
        response: &mut HeaderMap,
        state: &str,
        secret: &str,
        now: UnixTime,
        cross_site: bool,
    ) {
        let mut others: Vec<(u64, &str)> = self.all(request).collect();
        others.sort_unstable();
        others.dedup();
        let too_many = (others.len() + 1).saturating_sub(MOST);
        for (_, name) in &others[..too_many] {
            self.expire(response, name, false);
        }
        let value = format!("{}.{secret}", now.as_secs());
        let name = self.name(state);
        let cookie =
            SetCookie { name: &name, value: &value, max_age: LIFETIME, secure: self.secure, cross_site };
        cookie.add_to(response);
    }

    /// Expires the cookie of this state.
    pub(crate) fn remove(&self, response: &mut HeaderMap, state: &str, cross_site: bool) {
        self.expire(response, &self.name(state), cross_site);
    }

    fn expire(&self, response: &mut HeaderMap, name: &str, cross_site: bool) {
        let max_age = core::time::Duration::ZERO;
        SetCookie { name, value: "", max_age, secure: self.secure, cross_site }.add_to(response);
    }

    /// The cookies of all pending sign-ins, each with its time. One that holds no time is the oldest.
    fn all<'a>(&'a self, headers: &'a HeaderMap) -> impl Iterator<Item = (u64, &'a str)> {
        cookies::all(headers).filter_map(|(name, value)| {
            let hash = name.strip_prefix(&self.start)?;
            let ours = hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            let time = value.split('.').next().and_then(|time| time.parse().ok()).unwrap_or_default();
            ours.then_some((time, name))
        })
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::{COOKIE, SET_COOKIE};

    use super::*;

    fn request(cookie: &str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(cookie).unwrap())])
    }

    #[test]
    fn the_oldest_of_too_many_is_expired_and_no_other_cookie_is_touched() {
        let cookies = PendingCookies::new("signed-in", false);
        let pending = |n: u64| format!("signed-in-{n:016x}={}.secret", 1_000 + n);
        let foreign = "signed-in=s; signed-in-x=1.a; other-0000000000000001=1.a; session=a";
        for (others, expired) in [(0..7, 0), (0..8, 1), (0..12, 5)] {
            let line: Vec<_> = others.map(pending).chain([foreign.to_owned()]).collect();
            let mut response = HeaderMap::new();
            let request = request(&line.join("; "));
            cookies.set(&request, &mut response, "state", "new", UnixTime::from_secs(2_000), false);
            let set: Vec<_> =
                response.get_all(SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap()).collect();
            assert_eq!(set.len(), expired + 1, "{set:?}");
            for (n, cookie) in set[..expired].iter().enumerate() {
                assert!(
                    cookie.starts_with(&format!("signed-in-{n:016x}=;")) && cookie.contains("Max-Age=0"),
                    "{cookie}"
                );
            }
            assert!(
                set[expired].contains("=2000.new; HttpOnly; SameSite=Lax; Path=/; Max-Age=600"),
                "{set:?}"
            );
        }
    }

    #[test]
    fn a_secret_is_read_from_the_cookie_of_its_state_only() {
        let cookies = PendingCookies::new("a", true);
        let of = |value: &str| request(&format!("{}={value}", cookies.name("state")));
        assert_eq!(cookies.secret(&of("1.secret"), "state"), Some("secret"));
        assert_eq!(cookies.secret(&of("1.secret"), "other"), None);
        for nothing in ["", "secret", "1."] {
            assert_eq!(cookies.secret(&of(nothing), "state"), None, "{nothing}");
        }
    }
}
