//! Token sources for this provider, with each transport's own client and defaults.

use wellspring_core::TokenError;

use crate::hive::HiveAuth;

impl HiveAuth {
    /// A token source on tokio and hyper. For other settings use
    /// [`TokenSource::builder`](wellspring_transport_async::TokenSource::builder).
    ///
    /// # Errors
    ///
    /// Fails if the HTTP client cannot be built.
    #[cfg(feature = "async")]
    pub fn async_source(self) -> Result<wellspring_transport_async::TokenSource, TokenError> {
        wellspring_transport_async::TokenSource::builder(self).build()
    }

    /// A token source in blocking code, on ureq. For other settings use
    /// [`TokenSource::builder`](wellspring_transport_blocking::TokenSource::builder).
    ///
    /// # Errors
    ///
    /// Fails if the HTTP client cannot be built.
    #[cfg(feature = "blocking")]
    pub fn blocking_source(self) -> Result<wellspring_transport_blocking::TokenSource, TokenError> {
        wellspring_transport_blocking::TokenSource::builder(self).build()
    }
}
