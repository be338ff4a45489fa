//! Pending sign-ins: started, and waiting for the callback. Each tab may have its own.
//!
//! They are stored beside the sessions, each under the hash of its state, so that two sign-ins of one browser never
//! overwrite each other. A callback gets the sign-in of its state once, in time, and only in the same browser. The
//! sign-in is removed before its code is exchanged.
//!
//! Of two concurrent callbacks only one may get it. Within a process a lock ensures that. Across processes the one that
//! creates a marker record wins, because a session store's `create` never overwrites a record. If a store breaks that
//! rule, two processes may both send the code, and the authorization server refuses the second request.

use core::time::Duration;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use oauth2_app::{PendingLogin, RedirectUri};
use serde_json::Value;
use tower_sessions::SessionStore as _;
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::Record;
use wellspring_core::{CodeVerifier, TokenError};
use wellspring_transport::Clock;

use crate::next::Next;
use crate::random::same;
use crate::sessions::{Sessions, expiry, failed, has_expired, hashed};

/// How long a sign-in stays pending.
pub(crate) const LIFETIME: Duration = Duration::from_secs(600);
/// Longer than any state that this crate makes.
const MAX_STATE_LENGTH: usize = 128;

const STATE: &str = "oauth2-app.state";
const BROWSER: &str = "oauth2-app.bound-to";
const VERIFIER: &str = "oauth2-app.verifier";
const NEXT: &str = "oauth2-app.next";
const POPUP: &str = "oauth2-app.popup";

/// All pending sign-ins.
pub(crate) struct Pending {
    sessions: Sessions,
    clock: Clock,
    in_progress: Mutex<HashSet<i128>>,
}

/// Where the browser goes after the callback.
#[derive(Debug, Default)]
pub(crate) struct Afterwards {
    pub(crate) next: Option<Next>,
    /// The sign-in runs in a popup, which closes afterwards.
    pub(crate) popup: bool,
}

impl Pending {
    pub(crate) fn new(sessions: Sessions, clock: Clock) -> Self {
        Self { sessions, clock, in_progress: Mutex::default() }
    }

    /// Stores a sign-in for this browser. The verifier is the only secret in the record.
    pub(crate) async fn put(
        &self,
        login: PendingLogin,
        browser: &str,
        afterwards: &Afterwards,
    ) -> Result<(), TokenError> {
        let (state, verifier, _) = login.into_parts();
        let (id, hash) = hashed(state.expose());
        let mut data = HashMap::from([
            (STATE.to_owned(), Value::from(hash)),
            (BROWSER.to_owned(), Value::from(hashed(browser).1)),
            (POPUP.to_owned(), Value::from(afterwards.popup)),
        ]);
        if let Some(verifier) = verifier {
            data.insert(VERIFIER.to_owned(), Value::from(verifier.expose()));
        }
        if let Some(next) = &afterwards.next {
            data.insert(NEXT.to_owned(), Value::from(next.as_str()));
        }
        let record = Record { id, data, expiry_date: expiry(&self.clock, LIFETIME) };
        self.sessions.save(&record).await.map_err(failed)
    }

    /// Removes and returns the sign-in of this browser with this state.
    pub(crate) async fn take(
        &self,
        state: &str,
        browser: &str,
        redirect_uri: &RedirectUri,
    ) -> Result<Option<(PendingLogin, Afterwards)>, TokenError> {
        if state.is_empty() || state.len() > MAX_STATE_LENGTH {
            return Ok(None);
        }
        let (id, hash) = hashed(state);
        let Some(_guard) = InProgress::enter(id.0, &self.in_progress) else { return Ok(None) };
        let Some(record) = self.sessions.load(&id).await.map_err(failed)? else { return Ok(None) };
        let text = |name| record.data.get(name).and_then(Value::as_str);
        let ours = same(text(STATE).unwrap_or_default(), &hash)
            && same(text(BROWSER).unwrap_or_default(), &hashed(browser).1)
            && !has_expired(&record, &self.clock);
        if !ours {
            // It stays: the callback of the browser that started it may still come.
            return Ok(None);
        }
        if !self.mark(state, record.expiry_date).await? {
            return Ok(None);
        }
        self.sessions.delete(&id).await.map_err(failed)?;
        let afterwards = Afterwards {
            next: text(NEXT).and_then(Next::parse),
            popup: record.data.get(POPUP).and_then(Value::as_bool).unwrap_or_default(),
        };
        let verifier = text(VERIFIER).map(CodeVerifier::new);
        PendingLogin::from_parts(state, verifier, redirect_uri.clone()).map(|login| Some((login, afterwards)))
    }

    /// Marks the sign-in of this state as taken; `false` if it was marked before.
    async fn mark(&self, state: &str, expiry_date: OffsetDateTime) -> Result<bool, TokenError> {
        let marker_id = hashed(&format!("taken {state}")).0;
        let mut mark = Record { id: marker_id, data: HashMap::new(), expiry_date };
        self.sessions.create(&mut mark).await.map_err(failed)?;
        let first = mark.id == marker_id;
        if !first {
            // The marker existed, so the store gave this record another id.
            self.sessions.delete(&mark.id).await.map_err(failed)?;
        }
        Ok(first)
    }
}

/// While it lives, no other task of this process takes the same sign-in.
struct InProgress<'a> {
    id: i128,
    ids: &'a Mutex<HashSet<i128>>,
}

impl<'a> InProgress<'a> {
    fn enter(id: i128, ids: &'a Mutex<HashSet<i128>>) -> Option<Self> {
        let first = ids.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        first.then_some(Self { id, ids })
    }
}

impl Drop for InProgress<'_> {
    fn drop(&mut self) {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use tower_sessions::SessionStore;
    use tower_sessions::session::Id;
    use tower_sessions::session_store::Result;

    use super::*;
    use crate::memory_sessions::MemorySessions;

    /// Sessions as in a database: each call yields, so that calls interleave.
    #[derive(Clone, Debug)]
    struct Yielding(MemorySessions);

    #[async_trait]
    impl SessionStore for Yielding {
        async fn create(&self, record: &mut Record) -> Result<()> {
            tokio::task::yield_now().await;
            self.0.create(record).await
        }

        async fn save(&self, record: &Record) -> Result<()> {
            self.0.save(record).await
        }

        async fn load(&self, id: &Id) -> Result<Option<Record>> {
            let found = self.0.load(id).await;
            tokio::task::yield_now().await;
            found
        }

        async fn delete(&self, id: &Id) -> Result<()> {
            tokio::task::yield_now().await;
            self.0.delete(id).await
        }
    }

    #[tokio::test]
    async fn of_two_concurrent_callbacks_only_one_gets_the_sign_in_also_across_processes() {
        let (sessions, other_sessions) = (MemorySessions::default(), MemorySessions::default());
        let of = |sessions: &MemorySessions| {
            Pending::new(Sessions::new(Yielding(sessions.clone())), Clock::system())
        };
        let (here, there) = (of(&sessions), of(&sessions));
        let uri = RedirectUri::new("https://yourapp.com/oauth/callback").unwrap();
        for (n, others) in [&here, &there, &of(&other_sessions)].into_iter().enumerate() {
            let state = format!("state-{n}");
            let login = PendingLogin::from_parts(&state, None, uri.clone()).unwrap();
            here.put(login, "browser", &Afterwards::default()).await.unwrap();
            let (one, other) =
                tokio::join!(here.take(&state, "browser", &uri), others.take(&state, "browser", &uri));
            let got = [one.unwrap(), other.unwrap()];
            assert_eq!(got.iter().flatten().count(), 1);
            assert!(here.take(&state, "browser", &uri).await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn the_stored_record_contains_neither_the_state_nor_the_browsers_id() {
        let sessions = MemorySessions::default();
        let pending = Pending::new(Sessions::new(sessions.clone()), Clock::system());
        let uri = RedirectUri::new("https://yourapp.com/oauth/callback").unwrap();
        let login = PendingLogin::from_parts("canary-state", None, uri).unwrap();
        pending.put(login, "canary-browser", &Afterwards::default()).await.unwrap();
        let kept = sessions.load(&hashed("canary-state").0).await.unwrap().unwrap();
        assert!(!format!("{kept:?}").contains("canary"), "{kept:?}");
    }
}
