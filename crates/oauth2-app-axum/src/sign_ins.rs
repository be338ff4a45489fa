//! Who is signed in, browser by browser: beside the sessions, where nothing but a sign-in and a logout ever writes.
//!
//! A session is written by every handler that keeps something in it, by one that has loaded it before a logout too, and so
//! it can come back. It holds no more than a proof; what this proves lies here, in a record for each browser, and ends at
//! the moment that was said at the sign-in. A browser's next sign-in takes the place of the one before, in whatever session
//! that was.

use core::time::Duration;
use std::collections::HashMap;

use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};
use tower_sessions::SessionStore as _;
use tower_sessions::session::Record;
use wellspring_core::TokenError;
use wellspring_transport::Clock;

use crate::random::same;
use crate::sessions::{Sessions, failed, hashed, is_over, until};

const PROOF: &str = "oauth2-app.proof";
const USER: &str = "oauth2-app.user";

/// Browsers that write at once share a lock by chance alone.
const LOCKS: usize = 64;

pub(crate) struct SignIns {
    sessions: Sessions,
    clock: Clock,
    /// Within this process a browser's sign-ins and logouts come one after the other.
    locks: [Mutex<()>; LOCKS],
}

impl SignIns {
    pub(crate) fn new(sessions: Sessions, clock: Clock) -> Self {
        Self { sessions, clock, locks: core::array::from_fn(|_| Mutex::new(())) }
    }

    /// The user who is signed in in this browser, if this proof is the right one.
    pub(crate) async fn user(&self, browser: &str, proof: &str) -> Result<Option<String>, TokenError> {
        let record = self.record(browser).await?;
        Ok(record.filter(|record| same(text(record, PROOF), &hashed(proof).1)).and_then(user_of))
    }

    /// Signs this user in for so long, and says who was.
    pub(crate) async fn put(
        &self,
        browser: &str,
        proof: &str,
        user: &str,
        lifetime: Duration,
    ) -> Result<Option<String>, TokenError> {
        let _one = self.lock(browser).await;
        let before = self.record(browser).await?.and_then(user_of);
        let data = HashMap::from([
            (PROOF.to_owned(), Value::from(hashed(proof).1)),
            (USER.to_owned(), Value::from(user)),
        ]);
        let record = Record { id: place(browser), data, expiry_date: until(&self.clock, lifetime) };
        self.sessions.save(&record).await.map_err(failed)?;
        Ok(before)
    }

    /// Signs out whoever is signed in with this proof, and says who that was.
    pub(crate) async fn end(&self, browser: &str, proof: &str) -> Result<Option<String>, TokenError> {
        let _one = self.lock(browser).await;
        let user = self.user(browser, proof).await?;
        if user.is_some() {
            self.sessions.delete(&place(browser)).await.map_err(failed)?;
        }
        Ok(user)
    }

    async fn record(&self, browser: &str) -> Result<Option<Record>, TokenError> {
        let record = self.sessions.load(&place(browser)).await.map_err(failed)?;
        Ok(record.filter(|record| !is_over(record, &self.clock)))
    }

    async fn lock(&self, browser: &str) -> MutexGuard<'_, ()> {
        let n = usize::from(place(browser).0.to_le_bytes()[0]) % LOCKS;
        self.locks[n].lock().await
    }
}

fn place(browser: &str) -> tower_sessions::session::Id {
    hashed(&format!("signed in {browser}")).0
}

fn text<'a>(record: &'a Record, name: &str) -> &'a str {
    record.data.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn user_of(record: Record) -> Option<String> {
    let user = text(&record, USER);
    (!user.is_empty()).then(|| user.to_owned())
}
