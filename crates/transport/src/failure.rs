//! Why a request got no complete response, in the same words for every client.

use core::error::Error;
use std::sync::Arc;

use wellspring_core::{TransportError, TransportErrorKind};

/// Why a request got no complete response. Each adapter maps its client's errors to these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "only the transports use it")]
pub enum Failure {
    /// The server's certificate is not trusted. No retry helps.
    Untrusted,
    /// The client cannot send this request.
    Invalid,
    /// Name lookup, connection or TLS handshake failed.
    Unreachable,
    /// Name lookup, connection and TLS handshake took too long.
    ConnectTimeout,
    /// The request's own body failed before anything was sent.
    BodyUnreadable,
    /// The deadline passed after the request may have left.
    TimedOut,
    /// The connection broke after the request may have left.
    Broken,
    /// The response is longer than [`BODY_CAP`](crate::BODY_CAP).
    TooLarge,
    /// The response is compressed, against `Accept-Encoding: identity`.
    Compressed,
}

impl Failure {
    const fn kind_and_text(self) -> (TransportErrorKind, &'static str) {
        use TransportErrorKind::{Ambiguous, NotSent, Refused, Unreadable};
        match self {
            Self::Untrusted => (
                Refused,
                "the server's certificate is not trusted: check the URL, or add the CA to the TLS settings",
            ),
            Self::Invalid => (Refused, "the request cannot be sent: correct its URL and headers"),
            Self::Unreachable => (NotSent, "the endpoint could not be reached"),
            Self::ConnectTimeout => (NotSent, "the endpoint could not be reached before the connect timeout"),
            Self::BodyUnreadable => (NotSent, "the request was not sent: its body could not be read"),
            Self::TimedOut => (Ambiguous, "the endpoint sent no complete response before the deadline"),
            Self::Broken => (Ambiguous, "the connection broke before the response was complete"),
            Self::TooLarge => (Unreadable, "the endpoint's response is longer than 1 MiB"),
            Self::Compressed => (
                Unreadable,
                "the endpoint compressed its response, although the request asked for no compression",
            ),
        }
    }

    /// The failure with what the client reported.
    #[must_use]
    pub fn with_source(self, source: impl Error + Send + Sync + 'static) -> TransportError {
        TransportError::from(self).with_source(Arc::new(source))
    }
}

impl From<Failure> for TransportError {
    fn from(failure: Failure) -> Self {
        let (kind, text) = failure.kind_and_text();
        Self::new(kind, text)
    }
}
