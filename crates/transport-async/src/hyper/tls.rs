//! The TLS handshake, by the TLS library of the settings.

#[cfg(any(feature = "rustls-no-provider", feature = "native-tls"))]
use hyper_util::rt::TokioIo;
use wellspring_core::TransportError;
#[cfg(any(feature = "rustls-no-provider", feature = "native-tls"))]
use wellspring_transport::TlsLibrary;
use wellspring_transport::{Failure, TlsConnector};
#[cfg(any(feature = "rustls-no-provider", feature = "native-tls"))]
use wellspring_transport::{handshake_ended, shares_no_protocol, timed_out, unreachable, untrusted};

use super::last_word::LastWord;
use super::stream::Stream;

/// The same connection with TLS, after the handshake.
pub(super) async fn handshake(
    tls: &TlsConnector,
    host: &str,
    stream: Stream,
) -> Result<Stream, TransportError> {
    // The address in a URL has brackets around it, the name in a certificate has none.
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let stream = LastWord::new(stream.into_inner());
    match tls.library() {
        #[cfg(feature = "rustls-no-provider")]
        TlsLibrary::Rustls(config) => {
            use tokio_rustls::rustls::pki_types::ServerName;
            let name = ServerName::try_from(host.to_owned());
            let name = name.map_err(|error| Failure::INVALID.with_source(error))?;
            let connector = tokio_rustls::TlsConnector::from(config);
            let connected = connector.connect(name, stream).await.map_err(|error| failed(error, tls))?;
            Ok(TokioIo::new(Box::new(connected)))
        }
        #[cfg(feature = "native-tls")]
        TlsLibrary::NativeTls(connector) => {
            let connector = tokio_native_tls::TlsConnector::from(connector);
            let connected = connector.connect(host, stream).await.map_err(|error| failed(error, tls))?;
            Ok(TokioIo::new(Box::new(connected)))
        }
        _ => {
            let _ = (host, stream);
            Err(Failure::NO_TLS.into())
        }
    }
}

#[cfg(any(feature = "rustls-no-provider", feature = "native-tls"))]
fn failed(error: impl core::error::Error + Send + Sync + 'static, tls: &TlsConnector) -> TransportError {
    if let Some(alert) = handshake_ended(&error, tls.shown().as_ref()) {
        return alert.with_source(std::sync::Arc::new(error));
    }
    let failure = untrusted(&error).unwrap_or_else(|| match &error {
        error if shares_no_protocol(error) => Failure::NO_COMMON_PROTOCOL,
        error if timed_out(error) => Failure::CONNECT_TIMEOUT,
        error => unreachable(error, false),
    });
    failure.with_source(error)
}
