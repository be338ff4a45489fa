//! The work of a callback: takes the pending sign-in, exchanges the code, asks the application, and writes the session.
//!
//! It runs in a task of its own, so that a browser that disconnects, reloads or loads the callback twice does not cancel it. If
//! no browser comes for the result within a minute, the session is deleted and its tokens are forgotten.

use core::time::Duration;
use std::sync::Arc;

use oauth2_app::{Callback, IdClaims};
use wellspring_core::{ErrorKind, Token, TokenError};
use wellspring_transport_async::TokenSource;

use crate::clock::{sleep, within};
use crate::events;
use crate::failure::Failure;
use crate::flights::{Done, Landing};
use crate::hook::{Accepted, Why};
use crate::identity::SignInAttempt;
use crate::notice;
use crate::pending::{Outcome, Pending};
use crate::provider::Provider;
use crate::random;
use crate::session::{self, Session};
use crate::tokens::{self, NewTokens};
use crate::web_login::WebLogin;

/// How long a finished sign-in waits for its browser.
const UNCLAIMED: Duration = Duration::from_secs(60);
/// How long a callback waits for a result: longer than an exchange may take.
pub(crate) const WAIT: Duration = Duration::from_secs(45);
/// The pause between two looks for the result of another process.
const LOOK: Duration = Duration::from_millis(250);

/// A callback whose browser has started the sign-in.
pub(crate) struct Job {
    pub(crate) login: WebLogin,
    pub(crate) provider: Arc<Provider>,
    pub(crate) state: String,
    pub(crate) pending: Pending,
    pub(crate) callback: Callback,
    pub(crate) fingerprint: String,
    /// The secret of the session that the sign-in leads to.
    pub(crate) secret: String,
}

impl Job {
    /// Does the work, lands its result, and ends the sign-in if no browser comes for it.
    pub(crate) async fn run(self, landing: Landing) {
        let done = self.work().await;
        let waits = done.here && done.outcome == Outcome::SignedIn;
        landing.land(done);
        let flight = landing.flight();
        let clock = self.login.clock();
        if waits && within(clock, UNCLAIMED, flight.claimed()).await.is_none() && flight.end() {
            self.end_unclaimed().await;
        }
    }

    async fn end_unclaimed(&self) {
        let name = session::name(&self.secret);
        match self.login.attempts().end(&self.state).await {
            Ok(true) => replace(&self.login, &name).await,
            // A browser has come for it to another process.
            Ok(false) => {}
            Err(error) => events::failed("session", Some(&self.provider.name), &error),
        }
    }

    async fn work(&self) -> Done {
        let here = |outcome| Done { outcome, here: true };
        let taken = self.login.attempts().take(&self.state, &self.pending.attempt, &self.fingerprint).await;
        match taken {
            Ok(true) => {}
            Ok(false) => {
                return Done {
                    outcome: result(&self.login, &self.state, &self.fingerprint).await,
                    here: false,
                };
            }
            // No code is spent without the mark that says so. The user can start again.
            Err(error) => return here(self.failed(Failure::Site(error)).await),
        }
        let outcome = match self.sign_in().await {
            Ok(()) => {
                events::signed_in(&self.provider.name);
                Outcome::SignedIn
            }
            Err(failure) => self.failed(failure).await,
        };
        let kept =
            self.login.attempts().finish(&self.state, &self.pending.attempt, &self.fingerprint, &outcome);
        if let Err(error) = kept.await {
            // Only a repetition of the callback in another process needs it.
            events::failed("session", Some(&self.provider.name), &error);
        }
        here(outcome)
    }

    async fn failed(&self, failure: Failure) -> Outcome {
        failure.report(&self.provider.name);
        let notice = match &failure {
            Failure::Refused(sentence) => notice::keep(&self.login, sentence).await,
            _ => None,
        };
        Outcome::Failed { word: failure.word().to_owned(), notice }
    }

    async fn sign_in(&self) -> Result<(), Failure> {
        let (login, provider) = (&self.login, &*self.provider);
        let pending = self.pending.login(&self.state, &provider.redirect_uri).map_err(Failure::Site)?;
        let checks = provider.app.id_token_checks(&pending);
        let grant = provider.app.finish(pending, &self.callback).map_err(Failure::Callback)?;
        let tokens = NewTokens::new(login, provider, random::id().map_err(Failure::Site)?);
        let source = provider.pool.source(tokens.user()).map_err(Failure::Site)?;
        let token = match source.sign_in(grant).await {
            Ok(token) => token,
            Err(error) => {
                // With `Busy` the exchange may still bring tokens; with `Store` it has brought some. In all other cases
                // there are none, and nothing is written for a code that an attacker may have made up.
                if !matches!(error.kind(), ErrorKind::Busy | ErrorKind::Store) {
                    tokens.keep();
                }
                return Err(Failure::Exchange(error));
            }
        };
        let claims = provider.identity.claims(&source, &token, &checks).await.map_err(Failure::IdToken)?;
        let accepted = self.ask(&source, token, claims.clone()).await?;
        let (since, until) = login.sign_ins().times();
        let session = Session {
            user: tokens.user().to_owned(),
            provider: provider.name.clone(),
            user_id: accepted.user_id,
            claims,
            since,
            until,
            asked: self.pending.attempt.asked.clone(),
            round: self.pending.attempt.round,
        };
        login.sign_ins().put(&self.secret, &session).await.map_err(Failure::Site)?;
        tokens.keep();
        Ok(())
    }

    /// Asks the application.
    async fn ask(
        &self,
        source: &TokenSource,
        token: Token,
        claims: Option<IdClaims>,
    ) -> Result<Accepted, Failure> {
        let Some(hook) = self.login.hook() else { return Ok(Accepted::new()) };
        let (name, app, clock) =
            (self.provider.name.clone(), self.provider.app.clone(), self.login.clock().clone());
        let attempt = SignInAttempt::new(name, app, source.clone(), token, claims, clock);
        hook.ask(attempt).await.map_err(|refused| match refused.why {
            Why::Sentence(sentence) => Failure::Refused(sentence),
            Why::Failed(error) => Failure::Undecided(error),
        })
    }
}

/// The result of a callback that another process works on, or has worked on.
pub(crate) async fn result(login: &WebLogin, state: &str, fingerprint: &str) -> Outcome {
    let found = within(login.clock(), WAIT, async {
        loop {
            match login.attempts().taken(state).await? {
                Some(taken) if taken.fingerprint != fingerprint => return Ok(invalid_state()),
                Some(taken) => match taken.outcome {
                    Some(outcome) => return Ok(outcome),
                    None => sleep(login.clock(), LOOK).await,
                },
                None => return Ok(invalid_state()),
            }
        }
    });
    match found.await {
        Some(Ok(outcome)) => outcome,
        Some(Err(error)) => {
            events::failed("callback", None, &error);
            server_error()
        }
        None => {
            let error = TokenError::unavailable(
                "another process works on this callback and has not finished in time",
            );
            events::failed("callback", None, &error);
            server_error()
        }
    }
}

/// Deletes a session that another one replaces, and forgets its tokens.
pub(crate) async fn replace(login: &WebLogin, name: &crate::sessions::Name) {
    let ended = async {
        let Some(session) = login.sign_ins().named(name).await? else { return Ok(None) };
        login.sign_ins().delete(name).await?;
        Ok::<_, TokenError>(Some(session))
    };
    match ended.await {
        Ok(Some(session)) => {
            if let Some(provider) = login.provider(&session.provider) {
                tokens::forget_quietly(provider, &session.user).await;
            }
        }
        Ok(None) => {}
        Err(error) => events::failed("session", None, &error),
    }
}

pub(crate) fn invalid_state() -> Outcome {
    Outcome::Failed { word: "invalid_state".to_owned(), notice: None }
}

fn server_error() -> Outcome {
    Outcome::Failed { word: "server_error".to_owned(), notice: None }
}
