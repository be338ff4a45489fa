//! Connections: TCP, through a proxy where the settings name one, with TLS where the URL is HTTPS.
//!
//! Every failure here is a failure before the first byte of a request.

use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::sync::Arc;

use http::Uri;
use http::uri::Scheme;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use tower_service::Service;
use wellspring_core::{TokenError, TransportError};
use wellspring_transport::{
    ClientSettings, Failure, ProxyChoice, TlsConnector, error_chain, is_of_this_process, timed_out,
    unreachable,
};

use super::lookup::{Lookup, LookupError};
use super::overheard::{Heard, ProxyAnswer, ToProxy};
use super::stream::{Socket, Stream};
use super::tls::handshake;

/// A failure before the first byte of a request.
#[derive(Debug)]
pub(super) struct Unsent(pub(super) TransportError);

impl core::fmt::Display for Unsent {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("nothing was sent")
    }
}

impl core::error::Error for Unsent {}

/// Opens connections.
#[derive(Clone)]
pub(super) struct Connector {
    tcp: HttpConnector<Lookup>,
    tls: TlsConnector,
    proxies: Option<Arc<Matcher>>,
    /// For name lookup, connection and TLS handshake.
    timeout: Duration,
}

impl Connector {
    /// # Errors
    ///
    /// When the TLS settings or the URL of the proxy are not usable.
    pub(super) fn new<C>(settings: &ClientSettings<C>) -> Result<Self, TokenError> {
        let mut tcp = HttpConnector::new_with_resolver(Lookup);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(settings.connect_timeout));
        tcp.set_keepalive(Some(KEEPALIVE));
        tcp.set_keepalive_interval(Some(KEEPALIVE));
        let proxies = match &settings.proxy {
            ProxyChoice::Environment => Some(Matcher::from_env()),
            ProxyChoice::Direct => None,
            ProxyChoice::At(url) => Some(only(url)?),
        };
        let tls = settings.tls.connector()?;
        Ok(Self { tcp, tls, proxies: proxies.map(Arc::new), timeout: settings.connect_timeout })
    }

    /// What makes the TLS connections.
    pub(super) const fn tls(&self) -> &TlsConnector {
        &self.tls
    }

    /// The same without a proxy, which would read plain HTTP.
    pub(super) fn direct(&self) -> Self {
        Self { proxies: None, ..self.clone() }
    }

    async fn open(mut self, uri: Uri) -> Result<Stream, TransportError> {
        if uri.scheme() != Some(&Scheme::HTTPS) {
            return self.tcp(uri).await;
        }
        let tls = self.tls.clone();
        let host = uri.host().unwrap_or_default().to_owned();
        let proxy = self.proxies.as_ref().and_then(|proxies| proxies.intercept(&uri));
        let stream = match proxy {
            Some(proxy) => self.through(&proxy, uri).await?,
            None => self.tcp(uri).await?,
        };
        handshake(&tls, &host, stream).await
    }

    async fn tcp(&mut self, uri: Uri) -> Result<Stream, TransportError> {
        let connected = self.tcp.call(uri).await.map_err(|error| {
            let lookup = error_chain(&error).any(|error| error.is::<LookupError>());
            let failure = match &error {
                error if timed_out(error) => Failure::CONNECT_TIMEOUT,
                error => unreachable(error, lookup),
            };
            failure.with_source(error)
        })?;
        Ok(TokioIo::new(Box::new(Socket::new(connected.into_inner()))))
    }

    /// A tunnel through this proxy.
    async fn through(self, proxy: &Intercept, uri: Uri) -> Result<Stream, TransportError> {
        if !speaks_http(proxy.uri()) {
            return Err(Failure::NOT_AN_HTTP_PROXY.into());
        }
        let heard = Heard::default();
        let mut tunnel = Tunnel::new(proxy.uri().clone(), ToProxy(self.direct(), heard.clone()));
        if let Some(credentials) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(credentials.clone());
        }
        tunnel.call(uri).await.map_err(|error| {
            let unsent = error_chain(&error).find_map(|error| error.downcast_ref::<Unsent>());
            match unsent {
                Some(Unsent(failure)) if is_of_this_process(failure.obstacle()) => failure.clone(),
                _ => match heard.status().filter(|status| *status != 200) {
                    Some(status) => Failure::PROXY.with_source(ProxyAnswer(status)),
                    None => Failure::PROXY.with_source(error),
                },
            }
        })
    }
}

/// How long a connection is silent before the system checks that the other side is there.
const KEEPALIVE: Duration = Duration::from_secs(15);

fn speaks_http(proxy: &Uri) -> bool {
    proxy.scheme() == Some(&Scheme::HTTP) || proxy.scheme() == Some(&Scheme::HTTPS)
}

/// This proxy for every HTTPS request.
fn only(url: &str) -> Result<Matcher, TokenError> {
    let matcher = Matcher::builder().https(url).build();
    let proxy = matcher.intercept(&Uri::from_static("https://any.example"));
    if !proxy.is_some_and(|proxy| speaks_http(proxy.uri())) {
        return Err(ProxyChoice::not_usable());
    }
    Ok(matcher)
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = Unsent;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, Unsent>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Unsent>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move {
            let opened = tokio::time::timeout(connector.timeout, connector.open(uri)).await;
            opened.unwrap_or_else(|_| Err(Failure::CONNECT_TIMEOUT.into())).map_err(Unsent)
        })
    }
}

/// The failure of this HTTPS request where no TLS library is enabled.
#[cfg(test)]
fn without_tls_library(url: &str) -> TransportError {
    let mut connector = Connector::new(&ClientSettings::<()>::new(wellspring_transport::Tls::new())).unwrap();
    connector.tls = TlsConnector::without_library();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let Err(Unsent(failure)) = runtime.block_on(connector.call(url.parse().unwrap())) else {
        panic!("there is no TLS")
    };
    failure
}

#[cfg(test)]
#[path = "../../../transport/tests/twins/without_tls.rs"]
mod tests;
