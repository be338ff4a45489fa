//! The session store as one type, and how this crate's own records are stored in it.

use core::time::Duration;
use std::sync::Arc;

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use tower_sessions::SessionStore;
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use wellspring_core::TokenError;
use wellspring_transport::Clock;

use crate::random::hex;

/// Any store of `tower-sessions`, shared.
#[derive(Clone, Debug)]
pub(crate) struct Sessions(Arc<dyn SessionStore>);

impl Sessions {
    pub(crate) fn new(store: impl SessionStore) -> Self {
        Self(Arc::new(store))
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        self.0.create(record).await
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.0.save(record).await
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        self.0.load(id).await
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.0.delete(id).await
    }
}

/// The id of a secret's record, and the secret's hash. A reader of the store learns no secret to impersonate the
/// browser.
pub(crate) fn hashed(secret: &str) -> (Id, String) {
    let hash = Sha256::digest(secret);
    let (start, _) = hash.split_first_chunk().expect("a hash has 32 bytes");
    (Id(i128::from_le_bytes(*start)), hex(&hash))
}

/// The end of a lifetime that starts now, saturating.
pub(crate) fn expiry(clock: &Clock, lifetime: Duration) -> OffsetDateTime {
    let end = i64::try_from(clock.now().unix.plus(lifetime).as_secs()).ok();
    let end = end.and_then(|end| OffsetDateTime::from_unix_timestamp(end).ok());
    end.unwrap_or_else(|| tower_sessions::cookie::time::PrimitiveDateTime::MAX.assume_utc())
}

/// Decided by our own clock, because the store's may differ.
pub(crate) fn has_expired(record: &Record, clock: &Clock) -> bool {
    record.expiry_date.unix_timestamp().max(0).unsigned_abs() <= clock.now().unix.as_secs()
}

pub(crate) fn failed(error: Error) -> TokenError {
    TokenError::store(format!("the session store failed for a sign-in's record: {error}"), true)
}
