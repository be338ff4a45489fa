//! Failures, as the operator sees them.

use wellspring_core::TokenError;

/// Logs a failure. The error's text holds no secret, and nothing of the request is logged.
pub(crate) fn log_failure(at: &str, error: &TokenError) {
    tracing::warn!(name: "web.failed", target: "wellspring", at, kind = ?error.kind(), error = %error, "web.failed");
}
