//! Sign-in with a browser in any web framework: three handlers over the types of `http`, in blocking code here.
//!
//! The framework provides routes, cookies, and sessions on the server. `Session` is what such a session has to hold.
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

/// What the server keeps for one browser. The browser's cookie holds only the session's id.
#[derive(Default)]
struct Session {
    pending: Vec<(PendingLogin, Instant)>,
    /// The pool key of the signed-in user's tokens. The browser never sees it.
    user: Option<String>,
}

struct Site {
    app: App,
    pool: TokenPool,
    clock: Clock,
}

impl Site {
    /// `GET /auth/oauth/start`
    fn start(&self, session: &mut Session) -> Result<Response<()>, TokenError> {
        let Authorization { url, login, .. } = self.app.authorize(&Entropy::from_system()?)?;
        if session.pending.len() == TABS {
            session.pending.remove(0);
        }
        session.pending.push((login, self.clock.now().instant));
        Ok(redirect(&url))
    }

    /// `GET /oauth/callback`: lock the session meanwhile, and give it a new id after a sign-in.
    fn callback(&self, session: &mut Session, query: &str) -> Response<()> {
        let (callback, now) = (Callback::read(query), self.clock.now().instant);
        session.pending.retain(|(_, since)| now.since(*since) < LIFETIME);
        // Removed before its code is exchanged: a state is valid for one callback.
        let index = session.pending.iter().position(|(login, _)| login.answers(&callback));
        let finished = match index.map(|index| session.pending.remove(index)) {
            Some((login, _)) => self.app.finish(login, &callback),
            None => Err(self.app.unmatched(&callback)),
        };
        let error = match finished {
            Ok(grant) => match self.sign_in(session, grant) {
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
    fn logout(&self, session: &mut Session) -> Response<()> {
        let ended = session.user.as_deref().map_or(Ok(()), |user| self.end(user));
        // The browser is signed out even if its tokens cannot be revoked.
        *session = Session::default();
        match ended {
            Ok(()) => redirect("/"),
            Err(error) => {
                log("logout", &error);
                redirect("/?error=logout_incomplete")
            }
        }
    }

    fn sign_in(&self, session: &mut Session, grant: AuthorizationGrant) -> Result<(), TokenError> {
        let user = Entropy::random_name()?;
        self.pool.source(&user)?.sign_in(grant)?;
        // The new sign-in stays even if the previous one cannot be ended.
        if let Some(before) = session.user.replace(user) {
            if let Err(error) = self.end(&before) {
                log("callback", &error);
            }
        }
        Ok(())
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
    Ok((Site { app, pool, clock: Clock::system() }, simulator))
}

fn main() -> Result<(), Box<dyn Error>> {
    let (site, simulator) = site()?;

    // Two tabs start a sign-in; both callbacks arrive, the second one first.
    let mut session = Session::default();
    let (first, second) = (site.start(&mut session)?, site.start(&mut session)?);
    let (first, second) = (callback_query(&site, &first)?, callback_query(&site, &second)?);
    assert_eq!(location(&site.callback(&mut session, &second)), "/");
    assert_eq!(location(&site.callback(&mut session, &first)), "/");
    // A callback is valid once, and only in the browser that started the sign-in.
    assert_eq!(location(&site.callback(&mut session, &first)), "/?error=invalid_state");
    let mut other_browser = Session::default();
    assert_eq!(location(&site.callback(&mut other_browser, &second)), "/?error=invalid_state");
    assert_eq!(location(&site.callback(&mut other_browser, "")), "/?error=missing_parameters");
    assert_eq!(location(&site.callback(&mut other_browser, "error=a%20b")), "/?error=a%20b");
    assert!(other_browser.user.is_none());

    // Calls of the signed-in user.
    let user = session.user.clone().ok_or("no user is signed in")?;
    let call = http::Request::get(format!("{}/api/oauth2/userinfo", simulator.url())).body(())?;
    assert_eq!(site.pool.source(&user)?.send(call)?.status(), 200);
    assert_eq!(location(&site.logout(&mut session)), "/");
    assert!(session.user.is_none() && site.pool.source(&user)?.token().is_err());
    // The second sign-in has ended the first.
    assert_eq!((simulator.asked(Endpoint::CodeGrant), simulator.asked(Endpoint::Revocation)), (2, 2));
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
    fn signed_in(site: &Site, session: &mut Session) -> String {
        let start = site.start(session).unwrap();
        let query = callback_query(site, &start).unwrap();
        location(&site.callback(session, &query)).to_owned()
    }

    #[test]
    fn the_example_holds_what_it_asserts() {
        main().unwrap();
    }

    #[test]
    fn a_sign_in_succeeds_if_the_previous_one_cannot_be_ended() {
        let (site, simulator) = site();
        let mut session = Session::default();
        assert_eq!(signed_in(&site, &mut session), "/");
        let first = session.user.clone();
        session.user = Some(LOST.to_owned());
        assert_eq!(signed_in(&site, &mut session), "/");
        assert!(site.pool.source(session.user.as_deref().unwrap()).unwrap().token().is_ok());
        assert_ne!(session.user, first);

        simulator.fault(Endpoint::Revocation, Fault::parse("status=500").unwrap());
        assert_eq!(signed_in(&site, &mut session), "/");
    }

    #[test]
    fn a_logout_ends_the_session_and_reports_that_the_server_was_not_reached() {
        let (site, simulator) = site();
        let mut session = Session::default();
        assert_eq!(signed_in(&site, &mut session), "/");
        simulator.fault(Endpoint::Revocation, Fault::parse("status=500").unwrap());
        assert_eq!(location(&site.logout(&mut session)), "/?error=logout_incomplete");
        assert!(session.user.is_none());

        // The logout cannot be stored either.
        session.user = Some(LOST.to_owned());
        assert_eq!(location(&site.logout(&mut session)), "/?error=logout_incomplete");
        assert!(session.user.is_none());
        // No user was signed in.
        assert_eq!(location(&site.logout(&mut session)), "/");
    }
}
