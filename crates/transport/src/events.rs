//! Every event that a source reports, by its stable name, under the target `wellspring`.
//!
//! | name | level | fields |
//! |---|---|---|
//! | `renewal.started` | debug | provider |
//! | `renewal.renewed` | info | provider, generation, lifetime |
//! | `renewal.failed` | warn | provider, kind, error |
//! | `token.rejected` | info | provider, generation, answer |
//! | `send.retried` | info | provider, generation |
//! | `leniency` | warn | provider, overlooked |
//!
//! No field ever holds a secret: tokens are named by their generation, errors by their own text.

use tracing::{debug, info, warn};
use wellspring_core::{Generation, Leniency, Rejected, Token, TokenError};

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

/// An API has refused a token.
pub fn token_rejected(provider: &str, generation: Generation, answer: &Rejected) {
    let answer = match answer {
        Rejected::Replaced(_) => "a newer one is there",
        Rejected::Renew => "it will be renewed",
        Rejected::Stands => "the refusal stands",
    };
    event!(info, "token.rejected", provider, generation = generation.value(), answer);
}

/// A call is made again, with another token.
pub fn send_retried(provider: &str, generation: Generation) {
    event!(info, "send.retried", provider, generation = generation.value());
}

/// Something harmless in an answer was overlooked.
pub fn leniency(provider: &str, overlooked: Leniency) {
    event!(warn, "leniency", provider, overlooked = ?overlooked);
}
