//! The gateways with a preset.
//!
//! Five brands run one white-label platform. Two of them have published pages, which differ only in the host. The
//! published page calls its API identical to the "standard" API, which is wrong: see [`Endpoint::standard`].

use core::fmt;
use core::time::Duration;

use wellspring_core::TokenError;
use wellspring_token_endpoint::TokenRequestSpec;

use crate::endpoint::Endpoint;
use crate::gateway::Gateway;
use crate::specs::pix_bacen;

impl Gateway {
    /// GoForge.
    #[must_use]
    pub fn goforge() -> Endpoint {
        endpoint("https://api.gateway.goforge.com.br", pix_bacen())
    }

    /// Fire Banking.
    #[must_use]
    pub fn fire_banking() -> Endpoint {
        endpoint("https://api.public.firebanking.com.br", pix_bacen())
    }

    /// Avista, the vendor of the platform.
    #[must_use]
    pub fn avista() -> Endpoint {
        endpoint("https://api.avista.global", pix_bacen())
    }

    /// NTX Pay. Its tokens live ten minutes.
    #[must_use]
    pub fn ntx_pay() -> Endpoint {
        let spec = pix_bacen().default_lifetime(Duration::from_secs(600));
        endpoint("https://api.ntxpay.com", spec)
    }

    /// Safira Pay.
    #[must_use]
    pub fn safira_pay() -> Endpoint {
        endpoint("https://api.safirapay.com", pix_bacen())
    }

    /// Another gateway of this platform, or a simulator, by its base URL.
    ///
    /// # Errors
    ///
    /// Fails if the URL is neither HTTPS nor plain HTTP to loopback, or carries a query.
    pub fn base_url(url: impl fmt::Display) -> Result<Endpoint, TokenError> {
        Endpoint::new(url, pix_bacen())
    }

    /// Any token endpoint that takes client credentials, by its base URL and its [`TokenRequestSpec`].
    ///
    /// # Errors
    ///
    /// Fails for the reasons of [`base_url`](Self::base_url), and if the spec contradicts itself: it puts a secret in the
    /// query, has a header that cannot be sent, or sets a header or parameter twice.
    pub fn custom(base_url: impl fmt::Display, spec: TokenRequestSpec) -> Result<Endpoint, TokenError> {
        Endpoint::new(base_url, spec)
    }

    /// The gateway with this name: `goforge`, `fire-banking`, `avista`, `ntx-pay` or `safira-pay`.
    #[must_use]
    pub fn named(name: &str) -> Option<Endpoint> {
        Some(match name {
            "goforge" => Self::goforge(),
            "fire-banking" => Self::fire_banking(),
            "avista" => Self::avista(),
            "ntx-pay" => Self::ntx_pay(),
            "safira-pay" => Self::safira_pay(),
            _ => return None,
        })
    }
}

fn endpoint(base_url: &str, spec: TokenRequestSpec) -> Endpoint {
    Endpoint::new(base_url, spec).expect("the URLs and specs above are valid, as a test shows")
}
