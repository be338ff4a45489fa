//! Every event that a source reports, by its stable name, under the target `wellspring`.
//!
//! | name | level | fields |
//! |---|---|---|
//! | `renewal.started` | debug | provider |
//! | `renewal.renewed` | info | provider, generation, lifetime |
//! | `renewal.failed` | warn | provider, kind, error |
//! | `renewal.still_failed` | debug | provider, kind, error |
//! | `token.adopted` | info | provider, generation, lifetime |
//! | `token.rejected` | info | provider, generation, answer |
//! | `token.spilled` | warn | provider |
//! | `token.stored` | info | provider |
//! | `signed.out` | info | provider |
//! | `store.failed` | warn | provider, operation, error |
//! | `store.weak` | warn | provider, lacking |
//! | `send.retried` | info | provider, generation |
//! | `deviation` | warn | provider, overlooked |
//!
//! No field ever holds a secret: tokens are named by their generation, errors by their own text.

use tracing::{debug, info, warn};
use wellspring_core::{Deviation, Generation, Rejected, StoreError, Token, TokenError};

macro_rules! event {
    ($level:ident, $name:literal, $($field:tt)*) => {
        $level!(name: $name, target: "wellspring", $($field)*, $name)
    };
}

/// A renewal has started.
pub fn renewal_started(provider: &str) {
    event!(debug, "renewal.started", provider);
}

/// A renewal has brought a token.
pub fn renewal_renewed(provider: &str, token: &Token) {
    let generation = token.generation().value();
    let lifetime = token.lifetime().map(|lifetime| lifetime.as_secs());
    event!(info, "renewal.renewed", provider, generation, lifetime);
}

/// A renewal has failed.
pub fn renewal_failed(provider: &str, error: &TokenError) {
    event!(warn, "renewal.failed", provider, kind = ?error.kind(), error = %error);
}

/// The store says what it said the last time, and nothing was sent.
pub fn renewal_still_failed(provider: &str, error: &TokenError) {
    event!(debug, "renewal.still_failed", provider, kind = ?error.kind(), error = %error);
}

/// Another process has obtained a token, and it is used here too.
pub fn token_adopted(provider: &str, token: &Token) {
    let generation = token.generation().value();
    let lifetime = token.lifetime().map(|lifetime| lifetime.as_secs());
    event!(info, "token.adopted", provider, generation, lifetime);
}

/// A token that the store would not take lies where the next load finds it.
pub fn token_spilled(provider: &str) {
    event!(warn, "token.spilled", provider);
}

/// What the store would not take at first is settled.
pub fn token_stored(provider: &str) {
    event!(info, "token.stored", provider);
}

/// Somebody has logged out through this source.
pub fn signed_out(provider: &str) {
    event!(info, "signed.out", provider);
}

/// The store has failed.
pub fn store_failed(provider: &str, operation: &str, error: &StoreError) {
    event!(warn, "store.failed", provider, operation, error = %error);
}

/// A single-use grant is kept in a store that may lose it.
pub fn store_weak(provider: &str, lacking: &str) {
    event!(warn, "store.weak", provider, lacking);
}

/// An API has refused a token.
pub fn token_rejected(provider: &str, generation: Generation, answer: &Rejected) {
    let answer = match answer {
        Rejected::Replaced(_) => "a newer one is there",
        Rejected::Renew => "it will be renewed",
        Rejected::KeepResponse => "the refusal stands",
    };
    event!(info, "token.rejected", provider, generation = generation.value(), answer);
}

/// A call is made again, with another token.
pub fn send_retried(provider: &str, generation: Generation) {
    event!(info, "send.retried", provider, generation = generation.value());
}

/// Something harmless in an answer was overlooked.
pub fn deviation(provider: &str, overlooked: Deviation) {
    event!(warn, "deviation", provider, overlooked = ?overlooked);
}
