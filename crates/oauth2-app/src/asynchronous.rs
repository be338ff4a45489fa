//! Sign-in and typed calls on tokio and hyper.
//!
//! ```
//! use core::time::Duration;
//! use oauth2_app::asynchronous::discover;
//! use wellspring_transport_async::{HyperTransport, Tls};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let simulator = wellspring_simulator::Simulator::builder().start()?;
//! # let issuer = simulator.url();
//! let transport = HyperTransport::new(Tls::new())?;
//! let metadata = discover(&transport, &issuer, Duration::from_secs(10)).await?;
//! assert_eq!(metadata.issuer, issuer);
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "loopback")]
use crate::loopback::{Answer, BrowserRequest, LoopbackError, Page, SignIn, on_thread};

/// Waits for the callback of a sign-in.
#[cfg(feature = "loopback")]
async fn wait(sign_in: SignIn, within: Duration) -> Result<Answer, LoopbackError> {
    sign_in.wait_async(within).await
}

/// Shows a page. It is only for the eye, so a thread that cannot be started fails nothing.
#[cfg(feature = "loopback")]
async fn show(request: BrowserRequest, page: Page) {
    let _ = on_thread(move || request.show(&page)).await;
}

crate::calls::calls!(wellspring_transport_async, [async], [.await]);
