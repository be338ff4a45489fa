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

crate::calls::calls!(wellspring_transport_blocking, [], []);
