//! The sessions that sign-ins have replaced: the store keeps their refresh tokens until a logout revokes them.
//!
//! A replaced session lives on at the server. Revoking it at the sign-in is not safe: some servers then end the whole
//! grant, and a second sign-in in one browser may belong to the same grant as the first. A logout ends everything anyway.

use core::time::Duration;

use wellspring_core::{
    Epoch, Generation, Granted, Record, RefreshToken, SessionState, Store, StoreError, Successor, Swap,
    TokenKey, TokenResponse, UnixTime,
};

/// The most replaced sessions of one profile.
const SLOTS: u64 = 16;

/// The key of a replaced session. No provider has a grant type of this name.
fn slot(key: &TokenKey, number: u64) -> TokenKey {
    key.clone().grant(&format!("replaced session {number}"))
}

/// The refresh token of a session that a sign-in replaces. A revocation needs no access token.
pub(crate) struct Replaced {
    obtained_at: UnixTime,
    refresh_token: RefreshToken,
    lifetime: Option<Duration>,
}

impl Replaced {
    pub(crate) fn refresh_token(&self) -> &RefreshToken {
        &self.refresh_token
    }

    fn record(&self) -> Record {
        let mut successor = Successor::new(self.refresh_token.clone());
        successor.lifetime = self.lifetime;
        let response = TokenResponse::without_access_token(successor);
        record(SessionState::Active(Granted::new(self.obtained_at, response)))
    }
}

/// The session in the store, if it can be refreshed.
pub(crate) fn held(store: &dyn Store, key: &TokenKey, within: Duration, now: UnixTime) -> Option<Replaced> {
    let loaded = store.load(key, within).ok()?;
    let Granted { obtained_at, response, .. } = loaded.stored?.record.granted()?.clone();
    let expires = response.refresh_lifetime.map(|lifetime| obtained_at.plus(lifetime));
    let refresh_token = response.refresh_token.filter(|_| expires.is_none_or(|expires| expires > now))?;
    Some(Replaced { obtained_at, refresh_token, lifetime: response.refresh_lifetime })
}

/// Keeps a replaced session for the next logout. Returns whether there was room for it.
pub(crate) fn keep(
    store: &dyn Store,
    key: &TokenKey,
    replaced: &Replaced,
    within: Duration,
) -> Result<bool, StoreError> {
    for number in 0..SLOTS {
        let key = slot(key, number);
        let stored = store.load(&key, within)?.stored;
        if stored.as_ref().is_some_and(|stored| stored.record.granted().is_some()) {
            continue;
        }
        let version = stored.map(|stored| stored.version);
        if matches!(store.save(&key, version, &replaced.record(), within)?, Swap::Done(_)) {
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
