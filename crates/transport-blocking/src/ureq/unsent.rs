//! Failures before the first byte of a request, and what is checked before it.

use core::error::Error;
use std::sync::Arc;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::transport::NextTimeout;
use ureq::unversioned::transport::time::Duration;
use ureq::{ProxyProtocol, Timeout};
use wellspring_core::TransportError;
use wellspring_transport::{
    Failure, shares_no_protocol, timed_out, unreachable, unreachable_by_proxy, untrusted,
};

/// A failure before the first byte of a request.
#[derive(Debug, thiserror::Error)]
#[error("nothing was sent: {error}")]
pub(super) struct Unsent {
    error: ureq::Error,
    stage: Stage,
    /// What an alert of the server means.
    alert: Option<TransportError>,
}

/// The URL is HTTPS, and no TLS library is enabled.
#[derive(Debug, thiserror::Error)]
#[error("this program was built without TLS")]
pub(super) struct NoTls;

/// The proxy that the environment names is no HTTP proxy.
#[derive(Debug, thiserror::Error)]
#[error("the scheme of the proxy's URL is not http or https")]
struct NotAnHttpProxy;

/// How far the connection came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The name of the endpoint was being looked up.
    Lookup,
    /// The proxy was asked for a connection.
    Proxy,
    /// The connection was being made, up to the end of the handshake.
    Connect,
}

impl Unsent {
    pub(super) fn mark(error: ureq::Error) -> ureq::Error {
        Self::of(error, Stage::Connect)
    }

    pub(super) fn of(error: ureq::Error, stage: Stage) -> ureq::Error {
        match error {
            // Through a proxy this connector runs twice.
            ureq::Error::Other(mut other) if other.is::<Self>() => {
                if let (Some(inner), Stage::Proxy) = (other.downcast_mut::<Self>(), stage) {
                    inner.stage = stage;
                }
                ureq::Error::Other(other)
            }
            error => ureq::Error::Other(Box::new(Self { error, stage, alert: None })),
        }
    }

    /// A failure that an alert of the server explains, if there is one.
    pub(super) fn explained(error: ureq::Error, alert: Option<TransportError>) -> ureq::Error {
        ureq::Error::Other(Box::new(Self { error, stage: Stage::Connect, alert }))
    }

    /// What went wrong, without what this crate and ureq have wrapped around it.
    pub(super) fn into_cause(self) -> Arc<dyn Error + Send + Sync> {
        match self.error {
            ureq::Error::Io(io) => Arc::new(io),
            ureq::Error::Other(other) => Arc::from(other),
            error => Arc::new(error),
        }
    }

    /// The failure that an alert of the server means.
    pub(super) fn alert(&self) -> Option<TransportError> {
        self.alert.clone().filter(|_| self.stage == Stage::Connect)
    }

    pub(super) fn failure(&self) -> Failure {
        let lookup = self.stage == Stage::Lookup;
        match &self.error {
            ureq::Error::Timeout(_) => Failure::CONNECT_TIMEOUT,
            ureq::Error::Other(other) if other.is::<NotAnHttpProxy>() => Failure::NOT_AN_HTTP_PROXY,
            ureq::Error::Io(io) if self.stage == Stage::Proxy => unreachable_by_proxy(io),
            error if self.stage == Stage::Proxy => unreachable_by_proxy(error),
            ureq::Error::Other(other) if other.is::<NoTls>() => Failure::NO_TLS,
            ureq::Error::Io(io) if shares_no_protocol(io) => Failure::NO_COMMON_PROTOCOL,
            ureq::Error::Io(io) if timed_out(io) => Failure::CONNECT_TIMEOUT,
            ureq::Error::BadUri(_) | ureq::Error::Tls(_) => Failure::INVALID,
            ureq::Error::Io(io) => untrusted(io).unwrap_or_else(|| unreachable(io, lookup)),
            error => unreachable(error, lookup || matches!(error, ureq::Error::HostNotFound)),
        }
    }
}

/// Whether a request to this URL uses no proxy or one that speaks HTTP: ureq passes by any other in silence.
pub(super) fn check_proxy(config: &Config, uri: &Uri) -> Result<(), ureq::Error> {
    match config.proxy() {
        Some(proxy)
            if !matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https)
                && !proxy.is_no_proxy(uri) =>
        {
            Err(Unsent::of(ureq::Error::Other(Box::new(NotAnHttpProxy)), Stage::Proxy))
        }
        _ => Ok(()),
    }
}

/// The time that the request has, of the time that ureq has.
pub(super) fn own(mut timeout: NextTimeout, slack: core::time::Duration) -> NextTimeout {
    if let (Timeout::Global, Duration::Exact(after)) = (timeout.reason, timeout.after) {
        timeout.after = Duration::Exact(after.saturating_sub(slack));
    }
    timeout
}

/// Fails if the time of the request is up. What was to be sent is missing, so the server never has the whole request.
pub(super) fn check_unsent(timeout: NextTimeout) -> Result<(), ureq::Error> {
    if timeout.after.is_zero() { Err(Unsent::mark(ureq::Error::Timeout(timeout.reason))) } else { Ok(()) }
}
