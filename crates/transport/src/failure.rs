//! Why a request got no complete response, in the same words for every client.

use core::error::Error;
use std::sync::Arc;

use wellspring_core::Obstacle;
use wellspring_core::TransportError;
use wellspring_core::TransportErrorKind::{self, Ambiguous, NotSent, Refused, Unreadable};

use crate::call_limits::CallLimits;

/// Why a request got no complete response. Each adapter maps its client's errors to these.
#[derive(Clone, Copy, Debug)]
pub struct Failure(TransportErrorKind, Option<Obstacle>, &'static str);

impl Failure {
    /// The server's certificate is not trusted. No retry helps.
    pub const UNTRUSTED: Self = Self(
        Refused,
        Some(Obstacle::UntrustedServer),
        "the server's certificate is not trusted: check the URL and this host's clock; where the certificate has expired, its \
         operator renews it; where its issuer is unknown, add the server's CA to the TLS settings",
    );
    /// The server's certificate has expired, by this host's clock.
    pub const SERVER_EXPIRED: Self = Self(
        Refused,
        Some(Obstacle::UntrustedServer),
        "the server's certificate is not trusted: it has expired; check this host's clock, otherwise the server's operator has to \
         renew it",
    );
    /// The server's certificate is not valid yet, by this host's clock.
    pub const SERVER_NOT_YET_VALID: Self = Self(
        Refused,
        Some(Obstacle::UntrustedServer),
        "the server's certificate is not trusted: it is not valid yet; check this host's clock",
    );
    /// The server's certificate is that of another host.
    pub const SERVER_OF_ANOTHER_NAME: Self = Self(
        Refused,
        Some(Obstacle::UntrustedServer),
        "the server's certificate is not trusted: it is that of another host; check the host in the URL",
    );
    /// The server's certificate is of an authority that is not trusted here.
    pub const SERVER_OF_UNKNOWN_ISSUER: Self = Self(
        Refused,
        Some(Obstacle::UntrustedServer),
        "the server's certificate is not trusted: its issuer is unknown here; check the URL, and add the server's CA to the TLS \
         settings (`ca_certificate`) or trust those of the operating system (`roots = \"system\"`)",
    );
    /// No version or cipher of TLS is common to this process and the server.
    pub const NO_COMMON_PROTOCOL: Self = Self(
        Refused,
        Some(Obstacle::HandshakeRefused),
        "the server shares no version or cipher of TLS with this program, which speaks TLS 1.2 and 1.3: check the URL, or ask \
         the server's operator",
    );
    /// The client cannot send this request.
    pub const INVALID: Self =
        Self(Refused, Some(Obstacle::Settings), "the request cannot be sent: correct its URL and headers");
    /// The request needs TLS, and no TLS library is enabled.
    pub const NO_TLS: Self = Self(
        Refused,
        Some(Obstacle::Settings),
        "the request cannot be sent: this program was built without TLS; enable the feature `rustls-ring`, `rustls-aws-lc-rs` or `native-tls`",
    );
    /// The connection or the TLS handshake broke.
    pub const UNREACHABLE: Self =
        Self(NotSent, Some(Obstacle::ConnectionBroken), "the endpoint could not be reached");
    /// The server has closed the connection before the TLS handshake was complete.
    pub const CLOSED: Self = Self(
        NotSent,
        Some(Obstacle::ConnectionBroken),
        "the endpoint could not be reached: it closed the connection at once; check host and port of the URL, and whether the \
         server admits this host's address",
    );
    /// What answers at the port of an HTTPS URL does not speak TLS.
    pub const NOT_TLS: Self = Self(
        NotSent,
        Some(Obstacle::ConnectionBroken),
        "the endpoint could not be reached: what answers there does not speak TLS; check the scheme and the port of the URL",
    );
    /// The port is closed.
    pub const REFUSED: Self = Self(
        NotSent,
        Some(Obstacle::ConnectionRefused),
        "the endpoint could not be reached: it refuses the connection",
    );
    /// Name lookup failed.
    pub const NAME_LOOKUP: Self = Self(
        NotSent,
        Some(Obstacle::NameLookup),
        "the endpoint could not be reached: its name cannot be looked up; check the URL and this host's network",
    );
    /// The proxy makes no connection.
    pub const PROXY: Self = Self(
        NotSent,
        Some(Obstacle::Proxy),
        "the endpoint could not be reached through the proxy: check the proxy that this process uses, and its settings (`HTTPS_PROXY`, `NO_PROXY`)",
    );
    /// The environment names a proxy of another kind, such as SOCKS.
    pub const NOT_AN_HTTP_PROXY: Self = Self(
        Refused,
        Some(Obstacle::Settings),
        "the request was not sent: the proxy that the environment names is no HTTP proxy, and others, such as SOCKS, are not \
         supported; name an http:// or https:// proxy in `HTTPS_PROXY`, except the host in `NO_PROXY`, or build the source with \
         `no_proxy`",
    );
    /// No route to the endpoint.
    pub const NO_NETWORK: Self = Self(
        NotSent,
        Some(Obstacle::NoNetwork),
        "the endpoint could not be reached: this process has no route to it; check this host's network",
    );
    /// The system forbids the connection.
    pub const NOT_PERMITTED: Self = Self(
        NotSent,
        Some(Obstacle::NotPermitted),
        "the endpoint could not be reached: the system forbids this process the connection; check its firewall and sandbox",
    );
    /// No free file descriptor.
    pub const NO_DESCRIPTOR: Self = Self(
        NotSent,
        Some(Obstacle::NoDescriptor),
        "the endpoint could not be reached: no file descriptor is free; close files, or raise the limit (`ulimit -n`)",
    );
    /// No memory for a connection.
    pub const NO_MEMORY: Self = Self(
        NotSent,
        Some(Obstacle::NoMemory),
        "the endpoint could not be reached: the system has no memory for the connection",
    );
    /// No thread can be started.
    pub const NO_THREAD: Self = Self(
        NotSent,
        Some(Obstacle::NoThread),
        "the endpoint could not be reached: the system starts no further thread; raise the limit (`ulimit -u`)",
    );
    /// Name lookup, connection and TLS handshake took too long.
    pub const CONNECT_TIMEOUT: Self = Self(
        NotSent,
        Some(Obstacle::ConnectTimeout),
        "the endpoint could not be reached within the connect timeout",
    );
    /// The body of the request itself cannot be read.
    pub const BODY_UNREADABLE: Self =
        Self(NotSent, Some(Obstacle::Settings), "the request was not sent: its body cannot be read");
    /// No time was left for the request.
    pub const NO_TIME_LEFT: Self =
        Self(NotSent, Some(Obstacle::TooLate), "the token request was not sent: its deadline has passed");
    /// The lease does not last until the response is saved.
    pub const LEASE_TOO_SHORT: Self = Self(
        NotSent,
        Some(Obstacle::TooLate),
        "the token request was not sent: its lease would expire before the response is saved",
    );
    /// The deadline passed, and the request may have left.
    pub const TIMED_OUT: Self =
        Self(Ambiguous, None, "the endpoint sent no complete response before the deadline");
    /// A call was silent for longer than its idle timeout, and the request may have left.
    pub const SILENT: Self = Self(Ambiguous, None, CallLimits::SILENT);
    /// The connection broke, and the request may have left.
    pub const BROKEN: Self = Self(Ambiguous, None, "the connection broke before the response was complete");
    /// The response is longer than [`BODY_CAP`](crate::BODY_CAP).
    pub const TOO_LARGE: Self = Self(Unreadable, None, "the endpoint's response is longer than 1 MiB");
    /// The head of the response is larger than [`HEAD_CAP`](crate::HEAD_CAP) or [`FIELDS_CAP`](crate::FIELDS_CAP).
    pub const HEAD_TOO_LARGE: Self = Self(
        Unreadable,
        None,
        "the head of the endpoint's response is larger than 256 KiB or has more than 128 fields",
    );
    /// The response is compressed, and its compressed body is not valid or breaks off.
    pub const COMPRESSED: Self = Self(
        Unreadable,
        None,
        "the server compresses its response, although the request asks for no compression, and the compressed body is not valid: \
         have the server or the proxy before it send token responses uncompressed",
    );
}

impl Failure {
    /// The failure with what the client reported.
    #[must_use]
    pub fn with_source(self, source: impl Error + Send + Sync + 'static) -> TransportError {
        TransportError::from(self).with_source(Arc::new(source))
    }
}

impl Failure {
    /// The same failure, met on the way to a proxy.
    #[must_use]
    pub(crate) const fn at_the_proxy(self) -> Self {
        if is_of_this_process(self.1) { self } else { Self::PROXY }
    }
}

/// Whether this process itself lacks something, also where the connection was to lead to a proxy.
#[must_use]
pub const fn is_of_this_process(obstacle: Option<Obstacle>) -> bool {
    matches!(
        obstacle,
        Some(Obstacle::NoDescriptor | Obstacle::NoMemory | Obstacle::NoThread | Obstacle::NotPermitted)
    )
}

impl From<Failure> for TransportError {
    fn from(Failure(kind, obstacle, text): Failure) -> Self {
        let error = Self::new(kind, text);
        match obstacle {
            Some(obstacle) => error.because(obstacle),
            None => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_is_not_trusted_is_told_with_its_reason_and_what_to_do() {
        for (failure, words) in [
            (Failure::UNTRUSTED, ["check the URL", "add the server's CA"]),
            (Failure::SERVER_EXPIRED, ["check this host's clock", "has to renew it"]),
            (Failure::SERVER_NOT_YET_VALID, ["not valid yet", "check this host's clock"]),
            (Failure::SERVER_OF_ANOTHER_NAME, ["of another host", "check the host in the URL"]),
            (Failure::SERVER_OF_UNKNOWN_ISSUER, ["`ca_certificate`", "`roots = \"system\"`"]),
        ] {
            let error = TransportError::from(failure);
            assert_eq!(error.obstacle(), Some(Obstacle::UntrustedServer));
            let said = error.into_error().to_string();
            for word in words.into_iter().chain(["the server's certificate is not trusted: "]) {
                assert!(said.contains(word), "{said}");
            }
        }
    }
}
