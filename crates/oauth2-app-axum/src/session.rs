//! The signed-in sessions: a cookie with a secret, and a record under the secret's hash.
//!
//! A sign-in writes its record once, and only a sign-out, the next sign-in or the end of its lifetime removes it. No
//! record is ever written again, so a request that comes late cannot bring a session back or prolong it.

use core::time::Duration;

use oauth2_app::IdClaims;
use serde_json::Value;
use wellspring_core::{TokenError, UnixTime};

use crate::sessions::{Data, Name, Sessions, text};

/// All signed-in sessions.
pub(crate) struct SignIns {
    sessions: Sessions,
    lifetime: Duration,
}

/// One signed-in session.
#[derive(Clone)]
pub(crate) struct Session {
    /// The pool key of the user's tokens.
    pub(crate) user: String,
    pub(crate) provider: String,
    /// The application's own id of the user.
    pub(crate) user_id: Option<String>,
    pub(crate) claims: Option<IdClaims>,
    pub(crate) since: UnixTime,
    pub(crate) until: UnixTime,
    /// What the sign-in was asked for with.
    pub(crate) asked: String,
    /// The number of sign-ins before this one that were seconds old and did not help.
    pub(crate) round: u64,
}

impl SignIns {
    pub(crate) const fn new(sessions: Sessions, lifetime: Duration) -> Self {
        Self { sessions, lifetime }
    }

    /// When a session that begins now begins and ends.
    pub(crate) fn times(&self) -> (UnixTime, UnixTime) {
        let since = self.sessions.clock().now().unix;
        (since, since.plus(self.lifetime))
    }

    pub(crate) async fn put(&self, secret: &str, session: &Session) -> Result<(), TokenError> {
        self.sessions.insert(&name(secret), session.write(), session.until).await
    }

    /// The session of the browser with this secret.
    pub(crate) async fn find(&self, secret: &str) -> Result<Option<Session>, TokenError> {
        self.named(&name(secret)).await
    }

    pub(crate) async fn named(&self, name: &Name) -> Result<Option<Session>, TokenError> {
        let found = self.sessions.load(name).await?;
        found.as_ref().map(Session::read).transpose().map(Option::flatten)
    }

    pub(crate) async fn delete(&self, name: &Name) -> Result<(), TokenError> {
        self.sessions.delete(name).await
    }
}

/// The name of the record of the session with this secret.
pub(crate) fn name(secret: &str) -> Name {
    Name::of("session", secret)
}

impl Session {
    fn write(&self) -> Data {
        let mut data = Data::from_iter([
            ("user".to_owned(), Value::from(self.user.as_str())),
            ("provider".to_owned(), self.provider.as_str().into()),
            ("since".to_owned(), self.since.as_secs().into()),
            ("end".to_owned(), self.until.as_secs().into()),
            ("asked".to_owned(), self.asked.as_str().into()),
            ("round".to_owned(), self.round.into()),
        ]);
        if let Some(id) = &self.user_id {
            data.insert("user_id".to_owned(), id.as_str().into());
        }
        if let Some(claims) = &self.claims {
            data.insert("claims".to_owned(), claims.to_json().into());
        }
        data
    }

    /// `None` if it is no session.
    fn read(data: &Data) -> Result<Option<Self>, TokenError> {
        let number = |name| data.get(name).and_then(Value::as_u64);
        let (Some(user), Some(provider)) = (text(data, "user"), text(data, "provider")) else {
            return Ok(None);
        };
        let (Some(since), Some(until)) = (number("since"), number("end")) else { return Ok(None) };
        Ok(Some(Self {
            user: user.to_owned(),
            provider: provider.to_owned(),
            user_id: text(data, "user_id").map(str::to_owned),
            claims: text(data, "claims").map(IdClaims::from_trusted_json).transpose()?,
            since: UnixTime::from_secs(since),
            until: UnixTime::from_secs(until),
            asked: text(data, "asked").unwrap_or_default().to_owned(),
            round: number("round").unwrap_or_default(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tower_sessions_core::SessionStore as _;
    use wellspring_transport::Clock;

    use super::*;
    use crate::memory_sessions::MemorySessions;

    #[tokio::test]
    async fn a_session_is_found_by_its_secret_for_its_lifetime_and_holds_no_secret() {
        let manual = Clock::manual(1_000);
        let store = MemorySessions::default().clock(Clock::manual(1_000));
        let sessions = Sessions::new(Arc::new(store.clone()), Clock::from(&manual));
        let sign_ins = SignIns::new(sessions, Duration::from_secs(60));
        let (since, until) = sign_ins.times();
        let session = Session {
            user: "pool-key".to_owned(),
            provider: "github".to_owned(),
            user_id: Some("42".to_owned()),
            claims: None,
            since,
            until,
            asked: String::new(),
            round: 1,
        };
        sign_ins.put("canary-secret", &session).await.unwrap();
        let found = sign_ins.find("canary-secret").await.unwrap().unwrap();
        assert_eq!((found.user.as_str(), found.provider.as_str(), found.round), ("pool-key", "github", 1));
        assert_eq!((found.user_id.as_deref(), found.until.as_secs()), (Some("42"), 1_060));
        assert!(sign_ins.find("other-secret").await.unwrap().is_none());
        let Some(kept) =
            store.load(&tower_sessions_core::session::Id(name("canary-secret").id())).await.unwrap()
        else {
            panic!("it is in the store")
        };
        assert!(!format!("{kept:?}").contains("canary"), "{kept:?}");
        manual.advance(Duration::from_secs(60));
        assert!(sign_ins.find("canary-secret").await.unwrap().is_none());
    }
}
