//! `wellspring login`: a person signs in, and what that brings is kept in the store.
//!
//! The browser is sent to the authorization server and comes back to a port of this machine
//! ([RFC 8252](https://www.rfc-editor.org/rfc/rfc8252)). Whatever else comes there does not end the sign-in: only the
//! answer that carries its state does, or the deadline, or Ctrl-C. Without a browser the person signs in
//! [elsewhere](device). A profile with credentials needs nobody to sign in:
//! they are spent, which takes back a logout.

mod browser;
mod device;
mod loopback;
mod page;

use core::time::Duration;
use std::io::Write;
use std::sync::Arc;

use oauth2_app::{App, Authorization, CallbackError, CallbackErrorKind, Entropy, PendingLogin};
use wellspring_core::{AuthorizationGrant, Token};
use wellspring_profiles::{LocalStore, Profile, SignsIn};
use wellspring_transport_blocking::Clock;

use crate::arguments::Login;
use crate::exit::{Exit, Failure, say};
use crate::login::loopback::{Loopback, Visit, Waiting};
use crate::login::page::Page;
use crate::source::{Parts, Source, outliving, signs_in};
use crate::span::Span;

/// Signs in.
pub(crate) fn run(profile: &Profile, wish: &Login, out: &mut dyn Write) -> Result<(), Failure> {
    let kept = outliving(profile.store())?;
    let token = if let Some(token) = profile.refresh_token()? {
        let source = Source::over(profile, Parts::of(profile, None)?, Some(kept), wish.transport)?;
        let token = source.sign_in(AuthorizationGrant::RefreshToken(token))?;
        say(
            "wellspring: `refresh_token` is spent, and its successor is in the store: remove it from the profile",
        );
        token
    } else {
        match signs_in(profile)? {
            SignsIn::ByBrowser { redirect_uri, place } if !wish.device => {
                let loopback = Loopback::bind(redirect_uri, &place)?;
                let parts = Parts::of(profile, Some(loopback.uri()))?;
                SignIn::new(profile, parts, kept, wish)?.by_browser(loopback, out)?
            }
            SignsIn::Nobody => {
                let source = Source::over(profile, Parts::of(profile, None)?, Some(kept), wish.transport)?;
                source.sign_in(AuthorizationGrant::ClientCredentials)?
            }
            _ => SignIn::new(profile, Parts::of(profile, None)?, kept, wish)?.by_device()?,
        }
    };
    let life = token.lifetime().map_or_else(String::new, |life| format!(" for {}", Span(life)));
    say(format_args!("wellspring: signed in; {} has a token{life}", profile.name()));
    Ok(())
}

/// A sign-in by a person.
struct SignIn<'a> {
    profile: &'a Profile,
    app: App,
    source: Source,
    wish: &'a Login,
}

impl<'a> SignIn<'a> {
    fn new(
        profile: &'a Profile,
        parts: Parts,
        kept: Arc<dyn LocalStore>,
        wish: &'a Login,
    ) -> Result<Self, Failure> {
        let app = parts.app.clone().ok_or_else(|| Failure::at(profile.place(), "has no sign-in"))?;
        let source = Source::over(profile, parts, Some(kept), wish.transport)?;
        Ok(Self { profile, app, source, wish })
    }

    fn by_browser(&self, loopback: Loopback, out: &mut dyn Write) -> Result<Token, Failure> {
        let Authorization { url, login, .. } = self.app.authorize(&Entropy::from_system()?)?;
        let waiting = loopback.listen()?;
        if self.wish.no_browser {
            writeln!(out, "{url}").and_then(|()| out.flush()).map_err(Failure::output)?;
        } else {
            browser::open(&url).map_err(|error| {
                let name = self.profile.name();
                Failure::usage(format!(
                    "no browser can be started ({error}); run `wellspring login {name} --no-browser` and open the URL \
                     that it prints"
                ))
            })?;
            say("wellspring: the sign-in goes on in your browser; this waits for it");
        }
        let (code, visit) = self.answered(waiting, login)?;
        let spent = self.source.sign_in(code);
        visit.show(&match &spent {
            Ok(_) => Page::signed_in(self.profile.name()),
            Err(_) => Page::failed("The sign-in was granted, but no token came of it."),
        });
        spent
    }

    /// Waits for the one answer that carries the state; the port is closed with it.
    fn answered(
        &self,
        waiting: Waiting,
        mut login: PendingLogin,
    ) -> Result<(AuthorizationGrant, Visit), Failure> {
        let clock = Clock::system();
        let end = clock.now().instant.plus(self.wish.deadline);
        loop {
            let Some(visit) = waiting.visit(end.since(clock.now().instant)) else {
                return Err(nobody(self.wish.deadline));
            };
            match self.app.finish(login, &visit.callback) {
                Ok(code) => return Ok((code, visit)),
                Err(error) => {
                    let refusal = refused(&error);
                    match error.into_pending() {
                        Some(pending) => login = pending,
                        None => {
                            visit.show(&Page::failed("The sign-in was not granted."));
                            return Err(refusal);
                        }
                    }
                    visit.show(&Page::stray());
                }
            }
        }
    }
}

/// The person did not come.
fn nobody(deadline: Duration) -> Failure {
    Failure::new(
        Exit::TryLater,
        format!(
            "nobody has signed in within {}; run it again, with a longer --deadline if it takes longer",
            Span(deadline)
        ),
    )
}

/// What the server's no, or an answer that is none, comes to.
fn refused(error: &CallbackError) -> Failure {
    let (exit, advice) = match error.kind() {
        CallbackErrorKind::Refused { code, .. } => match code.as_str() {
            "access_denied" => (Exit::LoginRequired, "run it again to sign in after all"),
            "server_error" | "temporarily_unavailable" => (Exit::TryLater, "try again later"),
            _ => (Exit::TurnedAway, "check the profile's client id, scopes and URLs"),
        },
        _ => (Exit::TurnedAway, "check that the profile's `authorize_url` is the authorization server's"),
    };
    Failure::new(exit, format!("{error}; {advice}"))
}
