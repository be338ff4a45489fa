//! The gateways known by name.
//!
//! One white-label platform under five brands. Two of them have published pages, which differ in the host alone;
//! the page calls itself identical to the "standard" API, and is not: see [`Endpoint::standard`].

use core::time::Duration;

use wellspring_core::TokenError;

use crate::{Endpoint, Gateway, TokenRequestSpec};

impl Gateway {
    /// GoForge.
    #[must_use]
    pub fn goforge() -> Endpoint {
        known("https://api.gateway.goforge.com.br", TokenRequestSpec::pix_bacen())
    }

    /// Fire Banking.
    #[must_use]
    pub fn fire_banking() -> Endpoint {
        known("https://api.public.firebanking.com.br", TokenRequestSpec::pix_bacen())
    }

    /// Avista, whose platform it is.
    #[must_use]
    pub fn avista() -> Endpoint {
        known("https://api.avista.global", TokenRequestSpec::pix_bacen())
    }

    /// NTX Pay, whose tokens live ten minutes.
    #[must_use]
    pub fn ntx_pay() -> Endpoint {
        let spec = TokenRequestSpec::pix_bacen().default_lifetime(Duration::from_secs(600));
        known("https://api.ntxpay.com", spec)
    }

    /// Safira Pay.
    #[must_use]
    pub fn safira_pay() -> Endpoint {
        known("https://api.safirapay.com", TokenRequestSpec::pix_bacen())
    }

    /// Any other gateway of the family, or a simulator of one, by its base URL.
    ///
    /// # Errors
    ///
    /// When the URL is neither HTTPS nor plain HTTP to loopback, or carries a query.
    pub fn base_url(url: &str) -> Result<Endpoint, TokenError> {
        Endpoint::new(url, TokenRequestSpec::pix_bacen())
    }

    /// Any token endpoint that client credentials open, by its base URL and its [`TokenRequestSpec`].
    ///
    /// # Errors
    ///
    /// As [`base_url`](Self::base_url), and when the spec contradicts itself: a secret in the query, a header
    /// that cannot be sent, a header or parameter that is set twice.
    pub fn custom(base_url: &str, spec: TokenRequestSpec) -> Result<Endpoint, TokenError> {
        Endpoint::new(base_url, spec)
    }

    /// The gateway of this name: `goforge`, `fire-banking`, `avista`, `ntx-pay` or `safira-pay`.
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

fn known(base_url: &str, spec: TokenRequestSpec) -> Endpoint {
    Endpoint::new(base_url, spec).expect("the URLs and specs above are fine, as a test shows")
}
