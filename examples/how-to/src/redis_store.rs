//! The page "Many hosts", with Redis.

use core::time::Duration;

use wellspring::sans_io::TokenKey;
use wellspring::store::{SealingKey, Store as _};

use crate::outcome::Outcome;

// ANCHOR: open
use wellspring::store::{Records, RedisStore, SealingKeys, StoreError};

/// The store of all hosts. Its records are sealed; no connection is made yet.
fn open(url: &str, password: &str, keys: SealingKeys) -> Result<Records<RedisStore>, StoreError> {
    RedisStore::builder(url).password(password).sealed(keys)
}
// ANCHOR_END: open

pub(crate) fn run() -> Outcome {
    // No server is on this port.
    let store = open("redis://app@127.0.0.1:1", "secret", SealingKeys::new(SealingKey::random()?))?;
    let key = TokenKey::new("provider", "https://as.example/token");
    let error = store.load(&key, Duration::from_secs(5)).expect_err("there is no server");
    assert!(!error.is_permanent(), "a server that is down may come back");
    assert!(error.to_string().starts_with("redis://127.0.0.1:1/0 cannot be reached"), "{error}");
    assert!(!error.to_string().contains("secret"));
    Ok(())
}
