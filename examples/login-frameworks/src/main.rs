//! Sign-in with a browser in any web framework: three handlers over the types of `http`, in blocking code here.
//!
//! What a framework brings is left to it: routes, cookies, and sessions that live on the server. `Session` is what such a
//! session has to hold. The browser is played by this program, the authorization server by the simulator.
#![forbid(unsafe_code)]

use core::error::Error;
use core::time::Duration;

use http::header::LOCATION;
use http::{Response, StatusCode};
use oauth2_app::{App, Authorization, Callback, Entropy, PendingLogin};
use wellspring_core::{AuthorizationGrant, HttpRequest, Instant, Method, Revocation, TokenError};
use wellspring_simulator::{Endpoint, OauthClient, Simulator};
use wellspring_store::MemoryStore;
use wellspring_transport_blocking::{Clock, TokenPool, TokenSource};
use wellspring_wire::percent_encode;

// ANCHOR: handlers
/// How long a browser has to come back.
const TIME: Duration = Duration::from_secs(600);
/// How many tabs may be signing in at once; the oldest makes way.
const TABS: usize = 8;

/// What is kept on the server for one browser, whose cookie holds nothing but the session's name.
#[derive(Default)]
struct Session {
    pending: Vec<(PendingLogin, Instant)>,
    /// Under which the pool has the tokens of whoever is signed in. Nobody else is told.
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

    /// `GET /oauth/callback`: lock the session meanwhile, and give it another name when somebody is signed in.
    fn callback(&self, session: &mut Session, query: &str) -> Response<()> {
        let (callback, now) = (Callback::read(query), self.clock.now().instant);
        session.pending.retain(|(_, since)| now.since(*since) < TIME);
        // Taken out before its code is spent: a state is good for one callback.
        let answered = session.pending.iter().position(|(login, _)| login.answers(&callback));
        let finished = match answered.map(|at| session.pending.remove(at)) {
            Some((login, _)) => self.app.finish(login, &callback),
            None => Err(self.app.unmatched(&callback)),
        };
        let error = match finished {
            Ok(spend) => match self.sign_in(session, spend) {
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

    /// `POST /auth/logout`: refuse it where `Sec-Fetch-Site` says that another site asks.
    fn logout(&self, session: &mut Session) -> Response<()> {
        let ended = session.user.as_deref().map_or(Ok(()), |user| self.end(user));
        // The browser is signed out whatever has become of the tokens.
        *session = Session::default();
        match ended {
            Ok(()) => redirect("/"),
            Err(error) => {
                log("logout", &error);
                redirect("/?error=logout_incomplete")
            }
        }
    }

    fn sign_in(&self, session: &mut Session, spend: AuthorizationGrant) -> Result<(), TokenError> {
        let random = || getrandom::u64().map_err(|_| TokenError::unavailable("there are no random bytes"));
        let user = format!("{:016x}{:016x}", random()?, random()?);
        self.pool.source(&user)?.sign_in(spend)?;
        // The new sign-in stands, whatever becomes of the one before.
        if let Some(before) = session.user.replace(user)
            && let Err(error) = self.end(&before)
        {
            log("callback", &error);
        }
        Ok(())
    }

    /// Ends this user's tokens, here and at the server.
    fn end(&self, user: &str) -> Result<(), TokenError> {
        match self.pool.source(user)?.sign_out()? {
            // Out of use here, and perhaps still good there.
            Revocation::Failed(error) => Err(error),
            _ => Ok(()),
        }
    }
}

/// What to look into. The error's text holds no secret.
fn log(at: &str, error: &TokenError) {
    eprintln!("{at}: {error}");
}
// ANCHOR_END: handlers

fn redirect(url: &str) -> Response<()> {
    let found = Response::builder().status(StatusCode::FOUND).header(LOCATION, url).body(());
    found.expect("what is redirected to is encoded")
}

/// The site, and the server that its visitors sign in at.
fn site() -> Result<(Site, Simulator), Box<dyn Error>> {
    const CALLBACK: &str = "https://yourapp.com/oauth/callback";
    let client = OauthClient::confidential("client_of_this_example", "secret_of_this_example", CALLBACK);
    let simulator = Simulator::builder().client(client).start()?;
    let app = App::aihubmix(&simulator.url())?
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

    // Two tabs are sent off; both come back, the second one first.
    let mut session = Session::default();
    let (first, second) = (site.start(&mut session)?, site.start(&mut session)?);
    let (first, second) = (sent_back(&site, &first)?, sent_back(&site, &second)?);
    assert_eq!(location(&site.callback(&mut session, &second)), "/");
    assert_eq!(location(&site.callback(&mut session, &first)), "/");
    // A callback is good once, and only where it was asked for.
    assert_eq!(location(&site.callback(&mut session, &first)), "/?error=invalid_state");
    let mut stranger = Session::default();
    assert_eq!(location(&site.callback(&mut stranger, &second)), "/?error=invalid_state");
    assert_eq!(location(&site.callback(&mut stranger, "")), "/?error=missing_parameters");
    assert_eq!(location(&site.callback(&mut stranger, "error=a%20b")), "/?error=a%20b");
    assert!(stranger.user.is_none());

    // From now on, a call as whoever signed in.
    let user = session.user.clone().ok_or("nobody is signed in")?;
    let call = http::Request::get(format!("{}/api/oauth2/userinfo", simulator.url())).body(())?;
    assert_eq!(site.pool.source(&user)?.send(call)?.status(), 200);
    assert_eq!(location(&site.logout(&mut session)), "/");
    assert!(session.user.is_none() && site.pool.source(&user)?.token().is_err());
    // Whoever signed in before was signed out by the second sign-in.
    assert_eq!((simulator.asked(Endpoint::CodeGrant), simulator.asked(Endpoint::Revocation)), (2, 2));
    Ok(())
}

/// What a browser does: it follows the redirect to the server, and the server's back. The callback's query.
fn sent_back(site: &Site, away: &Response<()>) -> Result<String, Box<dyn Error>> {
    let request = HttpRequest::new(Method::Get, location(away));
    let answer = site.pool.source("nobody")?.exchange(&request)?;
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

    /// A site that cannot end the sign-in of this name: its pool keeps nobody apart by it.
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

    /// A browser's way to the server and back; what the callback answers.
    fn signed_in(site: &Site, session: &mut Session) -> String {
        let away = site.start(session).unwrap();
        let query = sent_back(site, &away).unwrap();
        location(&site.callback(session, &query)).to_owned()
    }

    #[test]
    fn the_example_holds_what_it_asserts() {
        main().unwrap();
    }

    #[test]
    fn whoever_signs_in_is_signed_in_though_the_sign_in_before_cannot_be_ended() {
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
    fn a_logout_that_the_server_does_not_hear_of_is_told_and_ends_the_session_all_the_same() {
        let (site, simulator) = site();
        let mut session = Session::default();
        assert_eq!(signed_in(&site, &mut session), "/");
        simulator.fault(Endpoint::Revocation, Fault::parse("status=500").unwrap());
        assert_eq!(location(&site.logout(&mut session)), "/?error=logout_incomplete");
        assert!(session.user.is_none());

        // Nor could its end be kept here.
        session.user = Some(LOST.to_owned());
        assert_eq!(location(&site.logout(&mut session)), "/?error=logout_incomplete");
        assert!(session.user.is_none());
        // Nobody was signed in.
        assert_eq!(location(&site.logout(&mut session)), "/");
    }
}
