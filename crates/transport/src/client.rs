//! The settings of a transport's built-in HTTP client.

use core::time::Duration;

use wellspring_core::TokenError;

use crate::tls::Tls;
use crate::user_agent::UserAgent;

/// The settings of a built-in client. `C` is the type of a program's own client.
#[expect(clippy::exhaustive_structs, reason = "the builders of the transports fill it in")]
pub struct ClientSettings<C> {
    /// TLS settings.
    pub tls: Tls,
    /// The program's own client, which carries calls instead of the built-in client.
    pub client: Option<C>,
    /// The proxy of HTTPS requests to other machines.
    pub proxy: ProxyChoice,
    /// The time for name lookup, connection and TLS handshake.
    pub connect_timeout: Duration,
    /// The `User-Agent` of requests that have none; `None` is the library's own.
    pub user_agent: Option<UserAgent>,
}

/// The proxy of HTTPS requests to other machines. A URL may hold a password.
#[derive(Clone, Default)]
#[expect(clippy::exhaustive_enums, reason = "the builders of the transports fill it in")]
pub enum ProxyChoice {
    /// That of the environment, if it names one.
    #[default]
    Environment,
    /// None.
    Direct,
    /// The proxy at this URL.
    At(String),
}

impl ProxyChoice {
    /// The error for a URL that names no HTTP proxy. It does not show the URL.
    #[must_use]
    pub fn not_usable() -> TokenError {
        TokenError::misconfigured(
            "the proxy's URL is not valid: it must begin with http:// or https:// and name a host; SOCKS proxies are not \
             supported",
        )
    }
}

impl<C> ClientSettings<C> {
    /// The defaults, with these TLS settings.
    #[must_use]
    pub const fn new(tls: Tls) -> Self {
        Self {
            tls,
            client: None,
            proxy: ProxyChoice::Environment,
            connect_timeout: Duration::from_secs(10),
            user_agent: None,
        }
    }
}

crate::debug_fields!([C] ClientSettings<C>, |settings| tls: settings.tls);
crate::debug_fields!([] ProxyChoice, |_|);
