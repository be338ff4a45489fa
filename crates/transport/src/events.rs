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
//! | `session.forgotten` | info | provider |
//! | `store.failed` | warn | provider, operation, error |
//! | `store.weak` | warn | provider, lacking |
//! | `send.retried` | info | provider, generation |
//! | `deviation` | warn | provider, overlooked |
//! | `certificate.expiring` | warn | certificate, days, until |
//! | `certificate.expired` | warn | certificate, until |
//! | `certificate.not_yet_valid` | warn | certificate, from |
//! | `certificate.replaced` | info | certificate, until |
//! | `certificate.unusable` | warn | certificate, error |
//! | `authorities.replaced` | info | files |
//! | `authorities.unusable` | warn | error |
//!
//! No field holds a secret: a token is named by its generation, an error by its text.

use tracing::{debug, info, warn};
#[cfg(feature = "client")]
use wellspring_core::UnixTime;
use wellspring_core::{Deviation, Generation, Rejected, StoreError, Token, TokenError};

#[cfg(feature = "client")]
use crate::tls::{CertificateInfo, TlsFault, Validity};

macro_rules! event {
    ($level:ident, $name:literal, $($field:tt)*) => {
        $level!(name: $name, target: "wellspring", $($field)*, $name)
    };
}

/// A renewal has started.
pub fn renewal_started(provider: &str) {
    event!(debug, "renewal.started", provider);
}

/// A renewal or a sign-in has obtained a token.
pub fn renewal_renewed(provider: &str, token: &Token) {
    let (generation, lifetime) = facts(token);
    event!(info, "renewal.renewed", provider, generation, lifetime);
}

/// Another process has obtained a token, and this process uses it too.
pub fn token_adopted(provider: &str, token: &Token) {
    let (generation, lifetime) = facts(token);
    event!(info, "token.adopted", provider, generation, lifetime);
}

fn facts(token: &Token) -> (u64, Option<u64>) {
    (token.generation().value(), token.lifetime().map(|lifetime| lifetime.as_secs()))
}

/// A renewal or a sign-in has failed.
pub fn renewal_failed(provider: &str, error: &TokenError) {
    event!(warn, "renewal.failed", provider, kind = ?error.kind(), error = %error);
}

/// Nothing was sent and the renewal has failed as before, or a user has not granted the polled sign-in yet.
pub fn renewal_still_failed(provider: &str, error: &TokenError) {
    event!(debug, "renewal.still_failed", provider, kind = ?error.kind(), error = %error);
}

/// The store did not save a token. The token was written where the next load finds it.
pub fn token_spilled(provider: &str) {
    event!(warn, "token.spilled", provider);
}

/// The store has saved a token that it did not save at first, or holds a newer one.
pub fn token_stored(provider: &str) {
    event!(info, "token.stored", provider);
}

/// The user has logged out through this source.
pub fn signed_out(provider: &str) {
    event!(info, "signed.out", provider);
}

/// The session was forgotten through this source: nothing was revoked.
pub fn session_forgotten(provider: &str) {
    event!(info, "session.forgotten", provider);
}

/// An operation on the store has failed.
pub fn store_failed(provider: &str, operation: &str, error: &StoreError) {
    event!(warn, "store.failed", provider, operation, error = %error);
}

/// The store may lose a single-use refresh token.
pub fn store_weak(provider: &str, lacking: &str) {
    event!(warn, "store.weak", provider, lacking);
}

/// An API has refused a token.
pub fn token_rejected(provider: &str, generation: Generation, answer: &Rejected) {
    let answer = match answer {
        Rejected::Replaced(_) => "a newer token is available",
        Rejected::Renew => "the token will be renewed",
        Rejected::KeepResponse => "no other token is available",
    };
    event!(info, "token.rejected", provider, generation = generation.value(), answer);
}

/// A call is retried with another token.
pub fn send_retried(provider: &str, generation: Generation) {
    event!(info, "send.retried", provider, generation = generation.value());
}

/// A response deviates harmlessly from the standard.
pub fn deviation(provider: &str, overlooked: Deviation) {
    event!(warn, "deviation", provider, overlooked = ?overlooked);
}

/// The client certificate expires soon, has expired or is not valid yet. The field `until` or `from` counts seconds since 1970.
#[cfg(feature = "client")]
pub fn certificate_validity(certificate: &CertificateInfo, now: UnixTime) {
    let (days, until, from) =
        (certificate.days_left(now), certificate.valid_until.as_secs(), certificate.valid_from.as_secs());
    let validity = certificate.validity(now);
    let certificate = certificate.subject.as_str();
    match validity {
        Validity::NotYet => event!(warn, "certificate.not_yet_valid", certificate, from),
        Validity::Expired => event!(warn, "certificate.expired", certificate, until),
        Validity::Valid(_) => event!(warn, "certificate.expiring", certificate, days, until),
    }
}

/// The file of the client certificate has changed, and its new certificate is in use.
#[cfg(feature = "client")]
pub fn certificate_replaced(certificate: &CertificateInfo) {
    let until = certificate.valid_until.as_secs();
    event!(info, "certificate.replaced", certificate = certificate.subject.as_str(), until);
}

/// The file of the client certificate has changed, and cannot be used. This one stays in use.
#[cfg(feature = "client")]
pub fn certificate_unusable(certificate: &CertificateInfo, fault: &TlsFault) {
    event!(warn, "certificate.unusable", certificate = certificate.subject.as_str(), error = %fault);
}

/// A file of certificate authorities has changed, and the new authorities are trusted from the next connection on.
#[cfg(feature = "client")]
pub fn authorities_replaced(files: usize) {
    event!(info, "authorities.replaced", files);
}

/// A file of certificate authorities has changed, and cannot be used. Those of before stay trusted.
#[cfg(feature = "client")]
pub fn authorities_unusable(fault: &TlsFault) {
    event!(warn, "authorities.unusable", error = %fault);
}
