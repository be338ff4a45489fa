//! The users of a storm: they sign in at its beginning, and again when their session is lost.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use oauth2_app::{Callback, Entropy};
use wellspring_transport_blocking::TokenSource;

use crate::clock;
use crate::part::Driver;
use crate::place::Place;
use crate::source::{Source, policy};
use crate::storm::certified::Certified;
use crate::storm::event::{Event, What};
use crate::storm::life::Loss;
use crate::storm::member::app;

/// How long after a sign-in a process may still say that the old session is lost: it was stopped meanwhile.
const LATE: Duration = Duration::from_secs(12);

/// A sign-in waits for the store through each stop of a process that holds its lock.
const STORE: Duration = Duration::from_secs(60);

/// How long a token may take after the storm.
const AFTERWARDS: Duration = Duration::from_secs(60);

/// How often a sign-in is tried.
const TRIES: u32 = 3;

/// The sign-ins of a storm.
#[derive(Debug)]
pub(crate) struct SignIns {
    server: Certified,
    /// When each user signed in last.
    last: BTreeMap<String, Duration>,
    losses: Vec<Loss>,
    broken: Vec<String>,
}

/// A source of this user's tokens in this store.
pub(crate) fn source(place: &Place, url: &str, user: &str) -> Result<Source, String> {
    let store = place.open().map_err(|error| error.to_string())?;
    let source = Source::new(Driver::Blocking, app(url, user)?, &store, policy(STORE, STORE));
    source.map_err(|error| error.to_string())
}

impl SignIns {
    pub(crate) const fn new(server: Certified) -> Self {
        Self { server, last: BTreeMap::new(), losses: Vec::new(), broken: Vec::new() }
    }

    /// Signs this user in with an authorization code, and saves the session in this store.
    pub(crate) fn sign_in(&mut self, place: &Place, user: &str) -> Result<(), String> {
        let mut failure = String::new();
        for _ in 0..TRIES {
            match self.try_sign_in(place, user) {
                Ok(()) => {
                    self.last.insert(user.to_owned(), clock::unix());
                    return Ok(());
                }
                Err(error) => failure = error,
            }
        }
        Err(format!("{user} cannot sign in: {failure}"))
    }

    fn try_sign_in(&mut self, place: &Place, user: &str) -> Result<(), String> {
        let app = app(self.server.url(), user)?;
        let entropy = Entropy::from_system().map_err(|error| error.to_string())?;
        let authorization = app.authorize(&entropy).map_err(|error| error.to_string())?;
        let query = self.server.callback(user, &authorization.url)?;
        let grant = app.finish(authorization.login, &Callback::read(&query));
        let store = place.open().map_err(|error| error.to_string())?;
        let builder = TokenSource::builder(app).policy(policy(STORE, STORE)).store(Arc::clone(&store));
        let source = builder.build().map_err(|error| error.to_string())?;
        let token = source.sign_in(grant.map_err(|error| error.to_string())?);
        token.map(drop).map_err(|error| error.to_string())
    }

    /// Signs each user in who is told to, until no process is left.
    pub(crate) fn serve(mut self, demands: &Receiver<Event>, places: &[Place]) -> Self {
        for Event { at, user, what } in demands {
            let since = self.last.get(&user).copied().unwrap_or_default();
            let What::Login(reason) = what else { continue };
            if at < since + LATE {
                continue;
            }
            let place = places.iter().find(|place| user.starts_with(&place.kind().to_string()));
            self.losses.push(Loss { user: user.clone(), told: at, reason, since });
            if let Some(Err(sentence)) = place.map(|place| self.sign_in(place, &user)) {
                self.broken.push(sentence);
            }
        }
        self
    }

    /// Asks for this user's token as a new process after the storm. A session that is lost by then is judged like one that
    /// was lost during the storm: after a kill near the end, or shortly after a sign-in, the user was not signed in again.
    pub(crate) fn look_at(&mut self, place: &Place, user: &str) {
        match source(place, self.server.url(), user).map(|source| What::of(&source.acquire(AFTERWARDS))) {
            Ok(What::Login(reason)) => {
                let since = self.last.get(user).copied().unwrap_or_default();
                self.losses.push(Loss { user: user.to_owned(), told: clock::unix(), reason, since });
            }
            Ok(What::Failed(why)) | Err(why) => {
                self.broken.push(format!("after the storm {user} has no token: {why}"));
            }
            Ok(_) => {}
        }
    }

    pub(crate) fn into_parts(self) -> (Certified, Vec<Loss>, Vec<String>) {
        (self.server, self.losses, self.broken)
    }
}
