//! What the benches share: what to grant, and whom to ask.
//!
//! Each bench measures a pair, the thing and what it is compared with, in one run; `cargo xtask bench` prints their
//! ratios beside the bars that they must stay under. No test measures time.
#![forbid(unsafe_code)]

use core::time::Duration;

use pix_bacen::Gateway;
use wellspring_core::{AccessToken, TokenError, TokenResponse};
use wellspring_simulator::Simulator;

/// A one-hour token, as long as the JWTs that real endpoints grant.
#[must_use]
pub fn granted() -> TokenResponse {
    let text = "eyJhbGciOiJIUzI1NiJ9.".repeat(12);
    TokenResponse::new(AccessToken::new(text)).with_lifetime(Duration::from_secs(3_600))
}

/// A gateway of this simulator, with the credentials that it knows from the start.
///
/// # Errors
///
/// When the gateway cannot be built.
pub fn gateway(simulator: &Simulator) -> Result<Gateway, TokenError> {
    Gateway::base_url(&simulator.url())?.credentials("your-client-id", "your-client-secret")
}
