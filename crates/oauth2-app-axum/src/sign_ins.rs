//! The signed-in user of each browser, in records beside the sessions. Only a sign-in and a logout write them.
//!
//! A session is not enough: a handler that has loaded it before a logout may save it afterwards, and so bring it back.
//! The session therefore holds only a proof, and the record here says what it proves. The record expires at the time
//! set by the sign-in. A browser has one record, so its next sign-in replaces the one before, in whatever session that
//! was.

use core::time::Duration;
use std::collections::HashMap;

use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};
use tower_sessions::SessionStore as _;
use tower_sessions::session::Record;
use wellspring_core::TokenError;
use wellspring_transport::Clock;

use crate::random::same;
use crate::sessions::{Sessions, expiry, failed, has_expired, hashed};

const PROOF: &str = "oauth2-app.proof";
const USER: &str = "oauth2-app.user";

/// The number of locks. Two browsers share one only by chance.
const LOCKS: usize = 64;

/// The signed-in user of each browser.
pub(crate) struct SignIns {
    sessions: Sessions,
    clock: Clock,
    /// Serialises the sign-ins and logouts of a browser within this process.
    locks: [Mutex<()>; LOCKS],
}

impl SignIns {
    pub(crate) fn new(sessions: Sessions, clock: Clock) -> Self {
        Self { sessions, clock, locks: core::array::from_fn(|_| Mutex::new(())) }
    }

    /// The user who is signed in to this browser, if the proof is valid.
    pub(crate) async fn user(&self, browser: &str, proof: &str) -> Result<Option<String>, TokenError> {
        let record = self.record(browser).await?;
        Ok(record.filter(|record| same(text(record, PROOF), &hashed(proof).1)).and_then(user_of))
    }

    /// Signs this user in and returns the user before.
    pub(crate) async fn put(
        &self,
        browser: &str,
        proof: &str,
        user: &str,
        lifetime: Duration,
    ) -> Result<Option<String>, TokenError> {
        let _guard = self.lock(browser).await;
        let before = self.record(browser).await?.and_then(user_of);
        let data = HashMap::from([
            (PROOF.to_owned(), Value::from(hashed(proof).1)),
            (USER.to_owned(), Value::from(user)),
        ]);
        let record = Record { id: record_id(browser), data, expiry_date: expiry(&self.clock, lifetime) };
        self.sessions.save(&record).await.map_err(failed)?;
        Ok(before)
    }

    /// Signs out the user of this proof and returns the user.
    pub(crate) async fn end(&self, browser: &str, proof: &str) -> Result<Option<String>, TokenError> {
        let _guard = self.lock(browser).await;
        let user = self.user(browser, proof).await?;
        if user.is_some() {
            self.sessions.delete(&record_id(browser)).await.map_err(failed)?;
        }
        Ok(user)
    }

    async fn record(&self, browser: &str) -> Result<Option<Record>, TokenError> {
        let record = self.sessions.load(&record_id(browser)).await.map_err(failed)?;
        Ok(record.filter(|record| !has_expired(record, &self.clock)))
    }

    async fn lock(&self, browser: &str) -> MutexGuard<'_, ()> {
        let n = usize::from(record_id(browser).0.to_le_bytes()[0]) % LOCKS;
        self.locks[n].lock().await
    }
}

fn record_id(browser: &str) -> tower_sessions::session::Id {
    hashed(&format!("signed in {browser}")).0
}

fn text<'a>(record: &'a Record, name: &str) -> &'a str {
    record.data.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn user_of(record: Record) -> Option<String> {
    let user = text(&record, USER);
    (!user.is_empty()).then(|| user.to_owned())
}
