//! Sign-in and typed calls on tokio and reqwest.
//!
//! ```
//! use core::time::Duration;
//! use oauth2_app::asynchronous::discover;
//! use wellspring_transport_async::{ReqwestTransport, Tls};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let simulator = wellspring_simulator::Simulator::builder().start()?;
//! # let issuer = simulator.url();
//! let transport = ReqwestTransport::new(Tls::new())?;
//! let metadata = discover(&transport, &issuer, Duration::from_secs(10)).await?;
//! assert_eq!(metadata.issuer, issuer);
//! # Ok(())
//! # }
//! ```

crate::calls::calls!(wellspring_transport_async, [async], [.await]);
