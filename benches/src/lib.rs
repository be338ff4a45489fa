//! Shared parts of the benches: a token response and a gateway.
//!
//! Each bench measures a pair in one run, the subject and its reference; `cargo xtask bench` prints their ratios beside the
//! bars. No test measures time.
#![forbid(unsafe_code)]

pub mod stored;

use core::time::Duration;

use pix_bacen::Gateway;
use wellspring_core::{AccessToken, TokenError, TokenResponse};
use wellspring_simulator::Simulator;

/// A one-hour token, as long as the JWTs of real endpoints.
#[must_use]
pub fn granted() -> TokenResponse {
    let text = "eyJhbGciOiJIUzI1NiJ9.".repeat(12);
    TokenResponse::new(AccessToken::new(text)).with_lifetime(Duration::from_secs(3_600))
}

/// A gateway of this simulator, with the simulator's default credentials.
///
/// # Errors
///
/// If the gateway cannot be built.
pub fn gateway(simulator: &Simulator) -> Result<Gateway, TokenError> {
    Gateway::base_url(simulator.url())?.credentials("your-client-id", "your-client-secret")
}
