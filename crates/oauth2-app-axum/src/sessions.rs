//! The session store: records that this crate writes, each under the hash of a secret.
//!
//! The store may be shared with the application's own sessions. A record is ours only if it holds the whole hash of the
//! secret that it was found by, and it ends when its own data say so: another writer of the store can neither make a
//! record nor prolong one.

use core::time::Duration;
use std::sync::Arc;

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use tower_sessions_core::SessionStore;
use tower_sessions_core::session::{Id, Record};
use tower_sessions_core::session_store::Error;
use wellspring_core::{TokenError, UnixTime};
use wellspring_transport::Clock;

use crate::random::{self, hex, same};

/// All data of a record stand in one member, so that the application's members are never taken for it.
const DATA: &str = "oauth2-app";
const HASH: &str = "hash";
const UNTIL: &str = "until";
/// Tells the process that has created a record that it was the one.
const WRITER: &str = "writer";

/// Any store of `tower-sessions`, shared, and the clock by which its records end.
#[derive(Clone)]
pub(crate) struct Sessions {
    store: Arc<dyn SessionStore>,
    clock: Clock,
}

/// The name of a record: the hash of a secret. A reader of the store learns no secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Name {
    id: i128,
    hash: String,
}

impl Name {
    /// The name of this secret's record of this kind.
    pub(crate) fn of(kind: &str, secret: &str) -> Self {
        Self::from_hash(hex(&Sha256::digest(format!("{kind} {secret}"))))
    }

    fn from_hash(hash: String) -> Self {
        let id = i128::from_str_radix(hash.get(..31).unwrap_or_default(), 16).unwrap_or_default();
        Self { id, hash }
    }

    /// A name that [`to_text`](Self::to_text) gave.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let hexadecimal = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        hexadecimal.then(|| Self::from_hash(text.to_owned()))
    }

    #[cfg(test)]
    pub(crate) const fn id(&self) -> i128 {
        self.id
    }

    pub(crate) fn to_text(&self) -> String {
        self.hash.clone()
    }
}

/// What a record says.
pub(crate) type Data = Map<String, Value>;

impl Sessions {
    pub(crate) fn new(store: Arc<dyn SessionStore>, clock: Clock) -> Self {
        Self { store, clock }
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The record of this name, unless it has ended.
    pub(crate) async fn load(&self, name: &Name) -> Result<Option<Data>, TokenError> {
        let found = self.store.load(&Id(name.id)).await.map_err(failed)?;
        Ok(found.and_then(|mut record| self.ours(name, record.data.remove(DATA)?)))
    }

    fn ours(&self, name: &Name, data: Value) -> Option<Data> {
        let Value::Object(data) = data else { return None };
        let until = data.get(UNTIL).and_then(Value::as_u64).unwrap_or_default();
        let ours = same(text(&data, HASH).unwrap_or_default(), &name.hash);
        (ours && self.clock.now().unix.as_secs() < until).then_some(data)
    }

    /// Writes the record of a new secret.
    ///
    /// A store may keep `save` for records that exist: that for Redis does.
    pub(crate) async fn insert(&self, name: &Name, data: Data, until: UnixTime) -> Result<(), TokenError> {
        if self.create(name, data, until).await? {
            return Ok(());
        }
        Err(TokenError::store("the session store has a record of a secret that is new", true))
    }

    /// Writes a record in the place of the one of this name.
    pub(crate) async fn update(&self, name: &Name, data: Data, until: UnixTime) -> Result<(), TokenError> {
        self.store.save(&record(name, data, until)).await.map_err(failed)
    }

    /// Writes a record if there is none of this name; `false` if there is one. Of two processes one gets `true`, because a
    /// session store's `create` never overwrites a record.
    pub(crate) async fn create(
        &self,
        name: &Name,
        mut data: Data,
        until: UnixTime,
    ) -> Result<bool, TokenError> {
        let writer = random::id()?;
        data.insert(WRITER.to_owned(), writer.as_str().into());
        let mut record = record(name, data, until);
        let Err(error) = self.store.create(&mut record).await else {
            let first = record.id == Id(name.id);
            if !first {
                // The store gave this record another id, because one of this id existed.
                self.store.delete(&record.id).await.map_err(failed)?;
            }
            return Ok(first);
        };
        // Some stores fail if there is one, and the answer to a success may be lost.
        match self.load(name).await? {
            Some(found) => Ok(text(&found, WRITER) == Some(&writer)),
            None => Err(failed(error)),
        }
    }

    pub(crate) async fn delete(&self, name: &Name) -> Result<(), TokenError> {
        self.store.delete(&Id(name.id)).await.map_err(failed)
    }

    /// The end of a lifetime that starts now.
    pub(crate) fn end_of(&self, lifetime: Duration) -> UnixTime {
        self.clock.now().unix.plus(lifetime)
    }
}

fn record(name: &Name, mut data: Data, until: UnixTime) -> Record {
    data.insert(HASH.to_owned(), name.hash.as_str().into());
    data.insert(UNTIL.to_owned(), until.as_secs().into());
    let end =
        i64::try_from(until.as_secs()).ok().and_then(|end| OffsetDateTime::from_unix_timestamp(end).ok());
    let expiry_date = end.unwrap_or_else(|| time::PrimitiveDateTime::MAX.assume_utc());
    Record { id: Id(name.id), data: [(DATA.to_owned(), Value::Object(data))].into(), expiry_date }
}

/// A member that is a non-empty text.
pub(crate) fn text<'a>(data: &'a Data, name: &str) -> Option<&'a str> {
    data.get(name)?.as_str().filter(|text| !text.is_empty())
}

fn failed(error: Error) -> TokenError {
    TokenError::store(format!("the session store failed for a sign-in's record: {error}"), true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory_sessions::MemorySessions;

    fn of(store: &MemorySessions, clock: &Clock) -> Sessions {
        Sessions::new(Arc::new(store.clone()), clock.clone())
    }

    fn data(value: &str) -> Data {
        Data::from_iter([("a".to_owned(), Value::from(value))])
    }

    #[tokio::test]
    async fn a_record_is_found_by_its_secret_and_ends_by_this_clock() {
        let manual = Clock::manual(1_000);
        let store = MemorySessions::default().clock(Clock::manual(1_000));
        let sessions = of(&store, &Clock::from(&manual));
        let name = Name::of("kind", "canary-secret");
        sessions.insert(&name, data("x"), UnixTime::from_secs(1_600)).await.unwrap();
        assert_eq!(text(&sessions.load(&name).await.unwrap().unwrap(), "a"), Some("x"));
        assert!(sessions.load(&Name::of("other", "canary-secret")).await.unwrap().is_none());
        let kept = store.load(&Id(name.id)).await.unwrap().unwrap();
        assert!(!format!("{kept:?}").contains("canary"), "{kept:?}");
        manual.advance(Duration::from_secs(600));
        assert!(sessions.load(&name).await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_record_that_another_writer_has_put_there_or_prolonged_is_not_ours() {
        let manual = Clock::manual(1_000);
        let store = MemorySessions::default().clock(Clock::manual(1_000));
        let sessions = of(&store, &Clock::from(&manual));
        let name = Name::of("kind", "secret");
        let forged = Data::from_iter([("until".to_owned(), Value::from(9_999))]);
        let expiry_date = OffsetDateTime::from_unix_timestamp(9_999).unwrap();
        let foreign =
            Record { id: Id(name.id), data: [(DATA.to_owned(), Value::Object(forged))].into(), expiry_date };
        store.save(&foreign).await.unwrap();
        assert!(sessions.load(&name).await.unwrap().is_none(), "it does not hold the hash");

        sessions.update(&name, data("x"), UnixTime::from_secs(1_600)).await.unwrap();
        let mut prolonged = store.load(&Id(name.id)).await.unwrap().unwrap();
        prolonged.expiry_date = expiry_date;
        store.save(&prolonged).await.unwrap();
        manual.advance(Duration::from_secs(600));
        assert!(sessions.load(&name).await.unwrap().is_none(), "its own data say when it ends");
    }

    /// A store that saves only what exists and fails to create what exists, as one for Redis does.
    #[derive(Clone, Debug, Default)]
    struct Strict {
        records: MemorySessions,
        loses_answers: bool,
    }

    #[async_trait::async_trait]
    impl SessionStore for Strict {
        async fn create(&self, record: &mut Record) -> Result<(), Error> {
            let known = self.records.load(&record.id).await?.is_some();
            if !known {
                self.records.create(record).await?;
            }
            let fails = known || self.loses_answers;
            if fails { Err(Error::Backend("nil".to_owned())) } else { Ok(()) }
        }

        async fn save(&self, record: &Record) -> Result<(), Error> {
            match self.records.load(&record.id).await? {
                Some(_) => self.records.save(record).await,
                None => Err(Error::Backend("nil".to_owned())),
            }
        }

        async fn load(&self, id: &Id) -> Result<Option<Record>, Error> {
            self.records.load(id).await
        }

        async fn delete(&self, id: &Id) -> Result<(), Error> {
            self.records.delete(id).await
        }
    }

    #[tokio::test]
    async fn a_store_that_saves_only_what_exists_and_creates_only_what_does_not_is_enough() {
        for loses_answers in [false, true] {
            let store = Strict { loses_answers, ..Strict::default() };
            let sessions = Sessions::new(Arc::new(store), Clock::system());
            let end = sessions.end_of(Duration::from_secs(9));
            let (name, other) = (Name::of("kind", "secret"), Name::of("kind", "other"));
            sessions.insert(&name, data("x"), end).await.unwrap();
            sessions.update(&name, data("y"), end).await.unwrap();
            assert_eq!(text(&sessions.load(&name).await.unwrap().unwrap(), "a"), Some("y"));
            assert!(sessions.create(&other, data("x"), end).await.unwrap());
            assert!(!sessions.create(&other, data("y"), end).await.unwrap());
            assert_eq!(text(&sessions.load(&other).await.unwrap().unwrap(), "a"), Some("x"));
        }
    }

    #[tokio::test]
    async fn of_two_who_create_a_record_the_first_has_created_it() {
        let store = MemorySessions::default();
        let sessions = of(&store, &Clock::system());
        let (name, end) = (Name::of("kind", "secret"), sessions.end_of(Duration::from_secs(9)));
        assert!(sessions.create(&name, data("x"), end).await.unwrap());
        assert!(!sessions.create(&name, data("y"), end).await.unwrap());
        assert_eq!(text(&sessions.load(&name).await.unwrap().unwrap(), "a"), Some("x"));
        assert_eq!(Name::parse(&name.to_text()), Some(name));
        assert_eq!(Name::parse("x"), None);
    }
}
