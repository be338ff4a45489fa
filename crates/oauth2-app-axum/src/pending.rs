//! Sign-ins under way, each in a place of its own: any number of tabs may have one.
//!
//! They lie beside the sessions, each under the hash of its state, so that two of one browser never write over each
//! other. Whoever brings a state finds its sign-in if it is the same browser, in time, and the first: a sign-in is taken
//! out before its code is spent. That nobody else takes it out at the same moment is seen to by a mark that is made beside
//! it: a store of sessions that makes a new one never overwrites another, so of several processes one makes the mark. A
//! store that does not keep to this leaves the last word on a code that comes twice to the authorization server; within one
//! process nobody does.

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
use crate::sessions::{Sessions, failed, hashed, is_over, until};

/// How long a browser has to come back.
pub(crate) const TIME: Duration = Duration::from_secs(600);
/// More than any state of ours.
const LONGEST_STATE: usize = 128;

const STATE: &str = "oauth2-app.state";
const BROWSER: &str = "oauth2-app.bound-to";
const VERIFIER: &str = "oauth2-app.verifier";
const NEXT: &str = "oauth2-app.next";
const POPUP: &str = "oauth2-app.popup";

/// All sign-ins under way.
pub(crate) struct Pending {
    sessions: Sessions,
    clock: Clock,
    being_taken: Mutex<HashSet<i128>>,
}

/// Where the browser goes once it is back.
#[derive(Debug, Default)]
pub(crate) struct Afterwards {
    pub(crate) next: Option<Next>,
    /// In a window of its own, which then closes.
    pub(crate) popup: bool,
}

impl Pending {
    pub(crate) fn new(sessions: Sessions, clock: Clock) -> Self {
        Self { sessions, clock, being_taken: Mutex::default() }
    }

    /// Remembers a sign-in for this browser, and no secret of it but the verifier.
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
        let record = Record { id, data, expiry_date: until(&self.clock, TIME) };
        self.sessions.save(&record).await.map_err(failed)
    }

    /// The sign-in of this browser with this state, which nobody gets again.
    pub(crate) async fn take(
        &self,
        state: &str,
        browser: &str,
        redirect_uri: &RedirectUri,
    ) -> Result<Option<(PendingLogin, Afterwards)>, TokenError> {
        if state.is_empty() || state.len() > LONGEST_STATE {
            return Ok(None);
        }
        let (id, hash) = hashed(state);
        let Some(_alone) = Alone::with(id.0, &self.being_taken) else { return Ok(None) };
        let Some(record) = self.sessions.load(&id).await.map_err(failed)? else { return Ok(None) };
        let text = |name| record.data.get(name).and_then(Value::as_str);
        let ours = same(text(STATE).unwrap_or_default(), &hash)
            && same(text(BROWSER).unwrap_or_default(), &hashed(browser).1)
            && !is_over(&record, &self.clock);
        if !ours {
            // It may be somebody else's, who is still to come back.
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

    /// Marks the sign-in of this state as taken; `false` where it is.
    async fn mark(&self, state: &str, until: OffsetDateTime) -> Result<bool, TokenError> {
        let place = hashed(&format!("taken {state}")).0;
        let mut mark = Record { id: place, data: HashMap::new(), expiry_date: until };
        self.sessions.create(&mut mark).await.map_err(failed)?;
        let first = mark.id == place;
        if !first {
            // It was given another place.
            self.sessions.delete(&mark.id).await.map_err(failed)?;
        }
        Ok(first)
    }
}

/// Nobody else in this process takes the same sign-in meanwhile.
struct Alone<'a> {
    id: i128,
    among: &'a Mutex<HashSet<i128>>,
}

impl<'a> Alone<'a> {
    fn with(id: i128, among: &'a Mutex<HashSet<i128>>) -> Option<Self> {
        let first = among.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        first.then_some(Self { id, among })
    }
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.among.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
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

    /// Sessions as in a database: whoever asks waits, and others ask meanwhile.
    #[derive(Clone, Debug)]
    struct Distant(MemorySessions);

    #[async_trait]
    impl SessionStore for Distant {
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
    async fn of_two_who_ask_for_a_sign_in_at_once_one_gets_it_in_whichever_process() {
        let (sessions, elsewhere) = (MemorySessions::default(), MemorySessions::default());
        let of = |sessions: &MemorySessions| {
            Pending::new(Sessions::new(Distant(sessions.clone())), Clock::system())
        };
        let (here, there) = (of(&sessions), of(&sessions));
        let uri = RedirectUri::new("https://yourapp.com/oauth/callback").unwrap();
        for (n, others) in [&here, &there, &of(&elsewhere)].into_iter().enumerate() {
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
    async fn what_is_kept_of_a_sign_in_does_not_answer_for_the_browser() {
        let sessions = MemorySessions::default();
        let pending = Pending::new(Sessions::new(sessions.clone()), Clock::system());
        let uri = RedirectUri::new("https://yourapp.com/oauth/callback").unwrap();
        let login = PendingLogin::from_parts("canary-state", None, uri).unwrap();
        pending.put(login, "canary-browser", &Afterwards::default()).await.unwrap();
        let kept = sessions.load(&hashed("canary-state").0).await.unwrap().unwrap();
        assert!(!format!("{kept:?}").contains("canary"), "{kept:?}");
    }
}
