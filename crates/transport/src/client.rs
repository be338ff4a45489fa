//! The settings of a transport's built-in HTTP client.

use core::time::Duration;

use crate::tls::Tls;

/// The settings of a built-in client. `C` is the client's type, `B` the type of its builder.
#[expect(clippy::exhaustive_structs, reason = "the builders of the transports fill it in")]
pub struct ClientSettings<C, B> {
    /// TLS settings.
    pub tls: Tls,
    /// The program's own client, which carries calls instead of the built-in client.
    pub client: Option<C>,
    /// The program's changes to the built-in client.
    pub configure: Option<Box<dyn Fn(B) -> B + Send + Sync>>,
    /// The time for name lookup, connection and TLS handshake.
    pub connect_timeout: Duration,
}

impl<C, B> ClientSettings<C, B> {
    /// The defaults, with these TLS settings.
    #[must_use]
    pub const fn new(tls: Tls) -> Self {
        Self { tls, client: None, configure: None, connect_timeout: Duration::from_secs(10) }
    }

    /// The builder with the program's changes.
    pub fn configured(&self, builder: B) -> B {
        match &self.configure {
            Some(change) => change(builder),
            None => builder,
        }
    }
}

crate::debug_fields!([C, B] ClientSettings<C, B>, |settings| tls: settings.tls);
