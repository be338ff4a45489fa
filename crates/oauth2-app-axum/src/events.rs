//! Every event that the sign-in reports, by its stable name, under the target `wellspring`.
//!
//! | name | level | fields |
//! |---|---|---|
//! | `web.signed_in` | info | provider |
//! | `web.refused` | warn | provider, by, code, description |
//! | `web.failed` | warn | at, provider, kind, error |
//! | `web.signed_out` | info | provider, revocation |
//!
//! A sign-in that fails is reported once, by `web.refused` or `web.failed`. No field holds a secret, and nothing of a
//! callback is repeated unless its state proves that it belongs to a sign-in.

use tracing::{info, warn};
use wellspring_core::TokenError;

macro_rules! event {
    ($level:ident, $name:literal, $($field:tt)*) => {
        $level!(name: $name, target: "wellspring", $($field)*, $name)
    };
}

/// A user has signed in.
pub(crate) fn signed_in(provider: &str) {
    event!(info, "web.signed_in", provider);
}

/// The authorization server or the application has refused a sign-in.
pub(crate) fn refused(provider: &str, by: &'static str, code: &str, description: Option<&str>) {
    event!(warn, "web.refused", provider, by, code, description);
}

/// Something failed. The error's text holds no secret.
pub(crate) fn failed(at: &'static str, provider: Option<&str>, error: &TokenError) {
    event!(warn, "web.failed", at, provider, kind = ?error.kind(), error = %error);
}

/// A callback belongs to no sign-in of its browser, or is incomplete.
pub(crate) fn invalid(provider: Option<&str>, why: &'static str) {
    event!(warn, "web.failed", at = "callback", provider, kind = "InvalidCallback", error = why);
}

/// A user has signed out.
pub(crate) fn signed_out(provider: &str, revocation: &'static str) {
    event!(info, "web.signed_out", provider, revocation);
}
