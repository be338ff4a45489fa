//! The sessions that sign-ins have replaced: the store keeps their refresh tokens until a logout revokes them.
//!
//! A replaced session lives on at the server. Revoking it at the sign-in is not safe: some servers then end the whole
//! grant, and a second sign-in in one browser may belong to the same grant as the first. A logout ends everything anyway.

use core::time::Duration;

use wellspring_core::{
    Epoch, Generation, Granted, Record, RefreshToken, SessionState, Store, StoreError, Swap, TokenKey,
    UnixTime,
};

/// The most replaced sessions of one profile.
const SLOTS: u64 = 16;

/// The key of a replaced session. No provider has a grant type of this name.
fn slot(key: &TokenKey, number: u64) -> TokenKey {
    key.clone().grant(&format!("replaced session {number}"))
}

/// The session that a sign-in would replace, if it can be refreshed.
pub(crate) fn held(store: &dyn Store, key: &TokenKey, within: Duration, now: UnixTime) -> Option<Granted> {
    let loaded = store.load(key, within).ok()?;
    let granted = loaded.stored?.record.granted()?.clone();
    let expires = granted.response.refresh_lifetime.map(|lifetime| granted.obtained_at.plus(lifetime));
    let lives = granted.response.refresh_token.is_some() && expires.is_none_or(|expires| expires > now);
    lives.then_some(granted)
}

/// Keeps a replaced session for the next logout. Returns whether there was room for it.
pub(crate) fn keep(
    store: &dyn Store,
    key: &TokenKey,
    replaced: &Granted,
    within: Duration,
) -> Result<bool, StoreError> {
    for number in 0..SLOTS {
        let key = slot(key, number);
        let stored = store.load(&key, within)?.stored;
        if stored.as_ref().is_some_and(|stored| stored.record.granted().is_some()) {
            continue;
        }
        let version = stored.map(|stored| stored.version);
        let record = record(SessionState::Active(replaced.clone()));
        if matches!(store.save(&key, version, &record, within)?, Swap::Done(_)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Revokes each session that was kept, and forgets it. Returns how many could not be revoked.
pub(crate) fn revoke_all(
    store: &dyn Store,
    key: &TokenKey,
    within: Duration,
    revoke: impl Fn(&RefreshToken) -> bool,
) -> Result<u64, StoreError> {
    let mut left = 0;
    for number in 0..SLOTS {
        let key = slot(key, number);
        let Some(stored) = store.load(&key, within)?.stored else { continue };
        let Some(token) = stored.record.granted().and_then(|granted| granted.response.refresh_token.as_ref())
        else {
            continue;
        };
        if revoke(token) {
            store.save(&key, Some(stored.version), &record(SessionState::LoggedOut), within)?;
        } else {
            left += 1;
        }
    }
    Ok(left)
}

fn record(state: SessionState) -> Record {
    Record::new(Epoch::new(1), Generation::new(1), state)
}
