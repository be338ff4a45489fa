//! The sessions that live on at the server: the store keeps their refresh tokens until a logout revokes them. Sign-ins have
//! replaced them, or a logout could not revoke them.
//!
//! A replaced session lives on at the server. Revoking it at the sign-in is not safe: some servers then end the whole
//! grant, and a second sign-in in one browser may belong to the same grant as the first. A logout ends everything anyway.

use core::time::Duration;

use wellspring_core::{
    Epoch, Generation, Granted, Loaded, Record, RefreshToken, SessionState, Store, StoreError, Stored,
    Successor, Swap, TokenKey, TokenResponse, UnixTime, Version,
};

/// The most replaced sessions of one profile.
const SLOTS: u64 = 16;

/// The key of a replaced session. No provider has a grant type of this name.
fn slot(key: &TokenKey, number: u64) -> TokenKey {
    key.clone().grant(&format!("replaced session {number}"))
}

/// The refresh token of a session that a sign-in replaces or a logout ends. A revocation needs no access token.
pub(crate) struct Replaced {
    obtained_at: UnixTime,
    refresh_token: RefreshToken,
    lifetime: Option<Duration>,
}

impl Replaced {
    fn of(granted: &Granted) -> Option<Self> {
        let Granted { obtained_at, response, .. } = granted;
        let refresh_token = response.refresh_token.clone()?;
        Some(Self { obtained_at: *obtained_at, refresh_token, lifetime: response.refresh_lifetime })
    }

    fn has_expired(&self, now: UnixTime) -> bool {
        self.lifetime.is_some_and(|lifetime| self.obtained_at.plus(lifetime) <= now)
    }

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

/// Where a session is kept.
pub(crate) struct Slot {
    key: TokenKey,
    version: Version,
}

/// What a logout did with the sessions that were kept.
#[derive(Default)]
pub(crate) struct Revoked {
    pub(crate) revoked: u64,
    pub(crate) left: u64,
}

/// The session in the store, if it can be refreshed.
pub(crate) fn held(store: &dyn Store, key: &TokenKey, within: Duration, now: UnixTime) -> Option<Replaced> {
    let Loaded { stored, spilled, .. } = store.load(key, within).ok()?;
    let (stored, spilled) = (stored.map(|stored| stored.record), spilled.map(|spilled| spilled.record));
    let newest = stored.into_iter().chain(spilled).max_by_key(Record::place)?;
    newest.granted().and_then(Replaced::of).filter(|session| !session.has_expired(now))
}

/// Keeps a session for the next logout; `None` if there is no room for it. A session is kept once.
pub(crate) fn keep(
    store: &dyn Store,
    key: &TokenKey,
    replaced: &Replaced,
    within: Duration,
) -> Result<Option<Slot>, StoreError> {
    let mut slots = Vec::new();
    for number in 0..SLOTS {
        let key = slot(key, number);
        let stored = store.load(&key, within)?.stored;
        let version = stored.as_ref().map(|stored| stored.version);
        let kept = stored.and_then(|stored| stored.record.granted().and_then(Replaced::of));
        match (kept, version) {
            (Some(kept), Some(version)) if kept.refresh_token == replaced.refresh_token => {
                return Ok(Some(Slot { key, version }));
            }
            (Some(_), _) => {}
            (None, version) => slots.push((key, version)),
        }
    }
    for (key, version) in slots {
        // Another command may have taken the slot meanwhile.
        if let Swap::Done(version) = store.save(&key, version, &replaced.record(), within)? {
            return Ok(Some(Slot { key, version }));
        }
    }
    Ok(None)
}

/// Forgets a session that lives no more.
pub(crate) fn forget(store: &dyn Store, slot: &Slot, within: Duration) -> Result<(), StoreError> {
    store.save(&slot.key, Some(slot.version), &record(SessionState::LoggedOut), within).map(drop)
}

/// Revokes each session that was kept, except the one in this slot, and forgets it. A session that cannot be revoked stays
/// until it expires.
pub(crate) fn revoke_all(
    store: &dyn Store,
    key: &TokenKey,
    except: Option<&Slot>,
    (now, within): (UnixTime, Duration),
    revoke: impl Fn(&RefreshToken) -> bool,
) -> Result<Revoked, StoreError> {
    let mut result = Revoked::default();
    for number in 0..SLOTS {
        let key = slot(key, number);
        if except.is_some_and(|except| except.key == key) {
            continue;
        }
        let Some(Stored { version, record }) = store.load(&key, within)?.stored else { continue };
        let Some(session) = record.granted().and_then(Replaced::of) else { continue };
        let revoked = revoke(&session.refresh_token);
        if revoked || session.has_expired(now) {
            forget(store, &Slot { key, version }, within)?;
            result.revoked += u64::from(revoked);
        } else {
            result.left += 1;
        }
    }
    Ok(result)
}

fn record(state: SessionState) -> Record {
    Record::new(Epoch::new(1), Generation::new(1), state)
}
