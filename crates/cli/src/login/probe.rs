//! A write into the store before a person is sent away: a store that cannot save the session must not cost a sign-in.

use core::time::Duration;

use wellspring_core::{
    AccessToken, Epoch, Generation, Granted, Record, SessionState, Store, StoreError, Swap, TokenKey,
    TokenResponse, UnixTime,
};

/// The room that a session may take.
const ROOM: usize = 64 * 1024;
/// Two commands may probe at once.
const ATTEMPTS: usize = 5;

/// Saves a record as large as a session under a key of its own, and a small one in its place.
pub(super) fn probe(store: &dyn Store, within: Duration) -> Result<(), StoreError> {
    let key = TokenKey::new("wellspring", "a write before a sign-in");
    let filler = TokenResponse::new(AccessToken::new("-".repeat(ROOM)));
    let large = SessionState::Active(Granted::new(UnixTime::from_secs(0), filler));
    for state in [large, SessionState::Empty] {
        let record = Record::new(Epoch::new(1), Generation::new(1), state);
        for _ in 0..ATTEMPTS {
            let version = store.load(&key, within)?.stored.map(|stored| stored.version);
            if matches!(store.save(&key, version, &record, within)?, Swap::Done(_)) {
                break;
            }
        }
    }
    Ok(())
}
