//! The provider of a scenario, set up against its server.

use std::sync::Arc;

use pix_bacen::Gateway;
use wellspring_core::{Policy, Provider, Spend};

use crate::scenario::{Flavour, Policy as PolicySettings, Provider as Settings};
use crate::span::Span;

/// A provider, and what only some of them can do.
#[derive(Debug)]
pub struct Cast {
    /// The provider itself.
    pub provider: Arc<dyn Provider>,
}

/// A certificate that nobody has signed and nobody looks into.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END CERTIFICATE-----\n";

impl Cast {
    /// The provider of these settings at this address.
    ///
    /// # Errors
    ///
    /// When they contradict each other.
    pub fn new(settings: &Settings, base: &str) -> Result<Self, String> {
        let provider: Arc<dyn Provider> = match settings {
            Settings::PixBacen { flavour, secret } => Arc::new(pix(*flavour, secret.as_deref(), base)?),
            _ => return Err("later".into()),
        };
        Ok(Self { provider })
    }

    /// Where to send the user's browser, and what to remember meanwhile.
    pub fn authorize(&self, _n: u8) -> Result<(String, ()), String> {
        Err("later".into())
    }

    /// What came back through the browser: a code to spend, or one word for what is wrong.
    pub fn finish(&self, _login: (), _location: &str) -> Result<Spend, String> {
        Err("later".into())
    }
}

fn pix(flavour: Flavour, secret: Option<&str>, base: &str) -> Result<Gateway, String> {
    let endpoint = Gateway::base_url(base).map_err(|error| error.to_string())?;
    let standard = flavour == Flavour::Standard;
    let endpoint = if standard { endpoint.standard() } else { endpoint };
    let gateway = endpoint.credentials("your-client-id", secret.unwrap_or("your-client-secret"));
    let gateway = if standard { gateway.and_then(|it| it.client_certificate(CERTIFICATE)) } else { gateway };
    gateway.map_err(|error| error.to_string())
}

/// The policy of these settings.
#[must_use]
pub fn policy(settings: &PolicySettings) -> Policy {
    let mut policy = Policy::default();
    let set = |place: &mut core::time::Duration, span: Option<Span>| {
        if let Some(Span(span)) = span {
            *place = span;
        }
    };
    set(&mut policy.margin, settings.margin);
    set(&mut policy.jitter, settings.jitter);
    set(&mut policy.deadline, settings.deadline);
    set(&mut policy.min_age, settings.min_age);
    policy.assumed_lifetime = settings.assumed_lifetime.map(|span| span.0);
    policy
}
