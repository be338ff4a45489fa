//! Why a request got no complete response, in the same words for every client.

use core::error::Error;
use std::sync::Arc;

use wellspring_core::TransportError;
use wellspring_core::TransportErrorKind::{self, Ambiguous, NotSent, Refused, Unreadable};

/// Why a request got no complete response. Each adapter maps its client's errors to these.
#[derive(Clone, Copy, Debug)]
pub struct Failure(TransportErrorKind, &'static str);

impl Failure {
    /// The server's certificate is not trusted. No retry helps.
    pub const UNTRUSTED: Self = Self(
        Refused,
        "the server's certificate is not trusted: check the URL, or add the server's CA to the TLS settings",
    );
    /// The client cannot send this request.
    pub const INVALID: Self = Self(Refused, "the request cannot be sent: correct its URL and headers");
    /// Name lookup, connection or TLS handshake failed.
    pub const UNREACHABLE: Self = Self(NotSent, "the endpoint could not be reached");
    /// Name lookup, connection and TLS handshake took too long.
    pub const CONNECT_TIMEOUT: Self =
        Self(NotSent, "the endpoint could not be reached within the connect timeout");
    /// The body of the request itself cannot be read.
    pub const BODY_UNREADABLE: Self = Self(NotSent, "the request was not sent: its body cannot be read");
    /// No time was left for the request.
    pub const NO_TIME_LEFT: Self = Self(NotSent, "the token request was not sent: its deadline has passed");
    /// The lease does not last until the response is saved.
    pub const LEASE_TOO_SHORT: Self =
        Self(NotSent, "the token request was not sent: its lease would expire before the response is saved");
    /// The deadline passed, and the request may have left.
    pub const TIMED_OUT: Self = Self(Ambiguous, "the endpoint sent no complete response before the deadline");
    /// The connection broke, and the request may have left.
    pub const BROKEN: Self = Self(Ambiguous, "the connection broke before the response was complete");
    /// The response is longer than [`BODY_CAP`](crate::BODY_CAP).
    pub const TOO_LARGE: Self = Self(Unreadable, "the endpoint's response is longer than 1 MiB");
    /// The response is compressed, against the request's `Accept-Encoding: identity`.
    pub const COMPRESSED: Self = Self(
        Unreadable,
        "the endpoint compressed its response, although the request asked for no compression",
    );

    /// The failure with what the client reported.
    #[must_use]
    pub fn with_source(self, source: impl Error + Send + Sync + 'static) -> TransportError {
        TransportError::from(self).with_source(Arc::new(source))
    }
}

impl From<Failure> for TransportError {
    fn from(Failure(kind, text): Failure) -> Self {
        Self::new(kind, text)
    }
}
