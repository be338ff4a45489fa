//! Sign-in and typed calls in blocking code, on ureq.
//!
//! ```
//! use core::time::Duration;
//! use oauth2_app::blocking::discover;
//! use wellspring_transport_blocking::{UreqTransport, Tls};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let simulator = wellspring_simulator::Simulator::builder().start()?;
//! # let issuer = simulator.url();
//! let transport = UreqTransport::new(Tls::new())?;
//! let metadata = discover(&transport, &issuer, Duration::from_secs(10))?;
//! assert_eq!(metadata.issuer, issuer);
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "loopback")]
use crate::loopback::{Answer, BrowserRequest, LoopbackError, Page, SignIn};

/// Waits for the callback of a sign-in.
#[cfg(feature = "loopback")]
fn wait(sign_in: SignIn, within: Duration) -> Result<Answer, LoopbackError> {
    sign_in.wait(within)
}

/// Shows a page.
#[cfg(feature = "loopback")]
fn show(request: BrowserRequest, page: Page) {
    request.show(&page);
}

crate::calls::calls!(wellspring_transport_blocking, [], []);
