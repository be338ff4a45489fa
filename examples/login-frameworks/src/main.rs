//! Sign-in with a browser in any web framework: three handlers over the types of `http`, in blocking code here.
//!
//! The framework provides routes, cookies, and a place for records on the server. `Cookies` is what the browser keeps.
//! This program plays the browser, and the simulator plays the authorization server.
#![forbid(unsafe_code)]

use core::error::Error;

use wellspring::http;
use wellspring::oauth2::aihubmix;
use wellspring::sans_io::{HttpRequest, Method};
use wellspring::store::MemoryStore;
use wellspring_simulator::{Endpoint, OauthClient, Simulator};
// ANCHOR: names
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use wellspring::blocking::{Clock, TokenPool, TokenSource};
use wellspring::http::{Response, StatusCode, header::LOCATION};
use wellspring::oauth2::{App, Authorization, Callback, Entropy, PendingLogin, percent_encode};
use wellspring::sans_io::{Instant, Revocation};
use wellspring::{AuthorizationGrant, TokenError};
// ANCHOR_END: names

// ANCHOR: handlers
/// How long a sign-in stays pending.
const LIFETIME: Duration = Duration::from_secs(600);
/// The maximum number of pending sign-ins of a browser; the oldest is dropped.
const TABS: usize = 8;

/// The cookies of one browser.
#[derive(Default)]
struct Cookies {
    /// The state of each pending sign-in, each in a cookie of its own: tabs without a cookie must not overwrite each other's.
    pending: Vec<String>,
    /// The secret name of the session.
    session: Option<String>,
}

struct Site {
    app: App,
    pool: TokenPool,
    clock: Clock,
    /// The pending sign-ins by their state.
    pending: Mutex<HashMap<String, (PendingLogin, Instant)>>,
    /// The pool key of each session's tokens. The browser never sees it.
    sessions: Mutex<HashMap<String, String>>,
}

impl Site {
    /// `GET /auth/oauth/start`
    fn start(&self, cookies: &mut Cookies) -> Result<Response<()>, TokenError> {
        let Authorization { url, login, .. } = self.app.authorize(&Entropy::from_system()?)?;
        let (state, now) = (login.state().expose().to_owned(), self.clock.now().instant);
        let mut pending = lock(&self.pending);
        pending.retain(|_, (_, since)| now.since(*since) < LIFETIME);
        pending.insert(state.clone(), (login, now));
        if cookies.pending.len() == TABS {
            cookies.pending.remove(0);
        }
        cookies.pending.push(state);
        Ok(redirect(&url))
    }

    /// `GET /oauth/callback`
    fn callback(&self, cookies: &mut Cookies, query: &str) -> Response<()> {
        let (callback, now) = (Callback::read(query), self.clock.now().instant);
        // Removed before its code is exchanged: a state is valid for one callback, in the browser that has its cookie.
        let mut pending = lock(&self.pending);
        let answers = |state: &String| pending.get(state).is_some_and(|(login, _)| login.answers(&callback));
        let found = cookies.pending.iter().position(answers).map(|index| cookies.pending.remove(index));
        let found = found.and_then(|state| pending.remove(&state));
        drop(pending);
        let finished = match found.filter(|(_, since)| now.since(*since) < LIFETIME) {
            Some((login, _)) => self.app.finish(login, &callback),
            None => Err(self.app.unmatched(&callback)),
        };
        let error = match finished {
            Ok(grant) => match self.sign_in(cookies, grant) {
                Ok(()) => return redirect("/"),
                Err(error) => {
                    log("callback", &error);
                    "server_error".to_owned()
                }
            },
            Err(error) => error.code().to_owned(),
        };
        redirect(&format!("/?error={}", percent_encode(&error)))
    }

    /// `POST /auth/logout`: refuse it if `Sec-Fetch-Site` names another site.
    fn logout(&self, cookies: &mut Cookies) -> Response<()> {
        // The browser is signed out even if its tokens cannot be revoked.
        let user = cookies.session.take().and_then(|session| lock(&self.sessions).remove(&session));
        match user.map_or(Ok(()), |user| self.end(&user)) {
            Ok(()) => redirect("/"),
            Err(error) => {
                log("logout", &error);
                redirect("/?error=logout_incomplete")
            }
        }
    }

    fn sign_in(&self, cookies: &mut Cookies, grant: AuthorizationGrant) -> Result<(), TokenError> {
        let (user, session) = (Entropy::random_name()?, Entropy::random_name()?);
        self.pool.source(&user)?.sign_in(grant)?;
        let mut sessions = lock(&self.sessions);
        sessions.insert(session.clone(), user);
        let before = cookies.session.replace(session).and_then(|before| sessions.remove(&before));
        drop(sessions);
        // Forgotten and not revoked: at many servers the new tokens share a grant with the old ones. The new sign-in stays even if
        // that fails.
        if let Some(before) = before {
            if let Err(error) = self.pool.source(&before).and_then(|source| source.forget()) {
                log("callback", &error);
            }
        }
        Ok(())
    }

    /// Who is signed in: the pool key of the session's tokens.
    fn user(&self, cookies: &Cookies) -> Option<String> {
        lock(&self.sessions).get(cookies.session.as_ref()?).cloned()
    }

    /// Ends this user's tokens, here and at the server.
    fn end(&self, user: &str) -> Result<(), TokenError> {
        match self.pool.source(user)?.sign_out()? {
            // Ended here, but perhaps still valid at the server.
            Revocation::Failed(error) => Err(error),
            _ => Ok(()),
        }
    }
}

fn lock<T>(records: &Mutex<T>) -> MutexGuard<'_, T> {
    records.lock().unwrap_or_else(PoisonError::into_inner)
}

/// For the operator. The error's text contains no secret.
fn log(at: &str, error: &TokenError) {
    eprintln!("{at}: {error}");
}
fn redirect(url: &str) -> Response<()> {
    let found = Response::builder().status(StatusCode::FOUND).header(LOCATION, url).body(());
    found.expect("what is redirected to is encoded")
}
// ANCHOR_END: handlers

/// The site, and the authorization server of its users.
fn site() -> Result<(Site, Simulator), Box<dyn Error>> {
    const CALLBACK: &str = "https://yourapp.com/oauth/callback";
    let client = OauthClient::confidential("client_of_this_example", "secret_of_this_example", CALLBACK);
    let simulator = Simulator::builder().client(client).start()?;
    let app = aihubmix::app(simulator.url())?
        .client_id("client_of_this_example")
        .client_secret("secret_of_this_example")
        .redirect_uri(CALLBACK)
        .revocation_url(format!("{}/api/oauth2/revoke", simulator.url()))
        .build()?;
    let users = app.clone();
    let pool = TokenSource::builder(app.clone())
        .store(MemoryStore::open())
        .pool(move |user| users.for_user(user))?;
    let (pending, sessions) = Default::default();
    Ok((Site { app, pool, clock: Clock::system(), pending, sessions }, simulator))
}

fn main() -> Result<(), Box<dyn Error>> {
    let (site, simulator) = site()?;

    // Two tabs start a sign-in; both callbacks arrive, the second one first.
    let mut cookies = Cookies::default();
    let (first, second) = (site.start(&mut cookies)?, site.start(&mut cookies)?);
    let (first, second) = (callback_query(&site, &first)?, callback_query(&site, &second)?);
    assert_eq!(location(&site.callback(&mut cookies, &second)), "/");
    assert_eq!(location(&site.callback(&mut cookies, &first)), "/");
    // A callback is valid once, and only in the browser that started the sign-in.
    assert_eq!(location(&site.callback(&mut cookies, &first)), "/?error=invalid_state");
    let mut other_browser = Cookies::default();
    assert_eq!(location(&site.callback(&mut other_browser, &second)), "/?error=invalid_state");
    assert_eq!(location(&site.callback(&mut other_browser, "")), "/?error=missing_parameters");
    assert_eq!(location(&site.callback(&mut other_browser, "error=a%20b")), "/?error=a%20b");
    assert!(site.user(&other_browser).is_none());

    // Calls of the signed-in user.
    let user = site.user(&cookies).ok_or("no user is signed in")?;
    let call = http::Request::get(format!("{}/api/oauth2/userinfo", simulator.url())).body(())?;
    assert_eq!(site.pool.source(&user)?.send(call)?.status(), 200);
    assert_eq!(location(&site.logout(&mut cookies)), "/");
    assert!(site.user(&cookies).is_none() && site.pool.source(&user)?.token().is_err());
    // The second sign-in has replaced the first, and only the sign-out has revoked tokens.
    assert_eq!((simulator.asked(Endpoint::CodeGrant), simulator.asked(Endpoint::Revocation)), (2, 1));
    Ok(())
}

/// Plays the browser: follows the redirect to the server, and returns the query of the callback.
fn callback_query(site: &Site, start: &Response<()>) -> Result<String, Box<dyn Error>> {
    let request = HttpRequest::new(Method::Get, location(start));
    let answer = site.pool.source("no-user")?.exchange(&request)?;
    let back = answer.head().first("location").ok_or("the server did not redirect")?;
    Ok(back.split_once('?').ok_or("a callback without a query")?.1.to_owned())
}

fn location(response: &Response<()>) -> &str {
    response.headers().get(LOCATION).and_then(|url| url.to_str().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use wellspring_simulator::Fault;

    /// A user whose sign-in cannot be ended, because the pool has no source for it.
    const LOST: &str = "lost";

    fn site() -> (Site, Simulator) {
        let (site, simulator) = super::site().unwrap();
        let users = site.app.clone();
        let pool = TokenSource::builder(site.app.clone())
            .store(MemoryStore::open())
            .pool(move |user| if user == LOST { users.clone() } else { users.for_user(user) })
            .unwrap();
        assert!(pool.source(LOST).is_err());
        (Site { pool, ..site }, simulator)
    }

    /// Signs in, and returns where the callback redirects to.
    fn signed_in(site: &Site, cookies: &mut Cookies) -> String {
        let start = site.start(cookies).unwrap();
        let query = callback_query(site, &start).unwrap();
        location(&site.callback(cookies, &query)).to_owned()
    }

    /// Makes the session one whose tokens cannot be ended.
    fn lose(site: &Site, cookies: &mut Cookies) {
        lock(&site.sessions).insert("lost-session".to_owned(), LOST.to_owned());
        cookies.session = Some("lost-session".to_owned());
    }

    #[test]
    fn the_example_holds_what_it_asserts() {
        main().unwrap();
    }

    #[test]
    fn tabs_that_open_at_once_without_a_cookie_all_sign_in() {
        let (site, simulator) = site();
        // Each answer sets the cookie of its own sign-in, and the browser keeps all of them.
        let mut tabs: Vec<Cookies> = (0..4).map(|_| Cookies::default()).collect();
        let starts: Vec<_> = tabs.iter_mut().map(|tab| site.start(tab).unwrap()).collect();
        let pending = tabs.into_iter().flat_map(|tab| tab.pending).collect();
        let mut browser = Cookies { pending, session: None };
        for start in &starts {
            let query = callback_query(&site, start).unwrap();
            assert_eq!(location(&site.callback(&mut browser, &query)), "/");
        }
        assert!(browser.pending.is_empty() && site.user(&browser).is_some());
        assert_eq!((simulator.asked(Endpoint::CodeGrant), simulator.asked(Endpoint::Revocation)), (4, 0));
    }

    #[test]
    fn a_sign_in_succeeds_if_the_previous_one_cannot_be_forgotten() {
        let (site, _simulator) = site();
        let mut cookies = Cookies::default();
        assert_eq!(signed_in(&site, &mut cookies), "/");
        let first = site.user(&cookies);
        lose(&site, &mut cookies);
        assert_eq!(signed_in(&site, &mut cookies), "/");
        let user = site.user(&cookies).unwrap();
        assert!(site.pool.source(&user).unwrap().token().is_ok());
        assert_ne!(Some(user), first);
    }

    #[test]
    fn a_logout_ends_the_session_and_reports_that_the_server_was_not_reached() {
        let (site, simulator) = site();
        let mut cookies = Cookies::default();
        assert_eq!(signed_in(&site, &mut cookies), "/");
        simulator.fault(Endpoint::Revocation, Fault::parse("status=500").unwrap());
        assert_eq!(location(&site.logout(&mut cookies)), "/?error=logout_incomplete");
        assert!(site.user(&cookies).is_none());

        // The logout cannot be stored either.
        lose(&site, &mut cookies);
        assert_eq!(location(&site.logout(&mut cookies)), "/?error=logout_incomplete");
        assert!(site.user(&cookies).is_none());
        // No user was signed in.
        assert_eq!(location(&site.logout(&mut cookies)), "/");
    }
}
