//! The answer to a request, or how far the request came without one.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::error::Error;
use core::fmt;

use crate::error::{ErrorSubject, Fate, TokenError};
use crate::fault::Obstacle;
use crate::http::HttpResponse;

/// The answer to a request.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "there is an answer, or there is none")]
pub enum Answer {
    /// A complete answer.
    Response(HttpResponse),
    /// No answer, or an incomplete one.
    Failed(TransportError),
}

/// How far a request came without a complete answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the renewal matches on every case")]
pub enum TransportErrorKind {
    /// Nothing was sent, or the server ended the TLS handshake before it processed anything: name lookup, connection or TLS
    /// handshake failed, or there was no time left.
    NotSent,
    /// Nothing was sent, and nothing will be until the operator changes something: the server's certificate is not
    /// trusted, the URL is not allowed, or the client cannot be built.
    Refused,
    /// A byte may have left, and no answer came.
    Ambiguous,
    /// The head of an answer came, and not the whole body: the connection broke, the frame is invalid, or the deadline
    /// passed. The server has processed the request.
    Incomplete,
    /// An answer came that is not acceptable: larger than the cap, or compressed though the request forbids it. The server
    /// has processed the request.
    Unreadable,
}

/// Why a request got no complete answer. `Display` gives the sentence, `source` the error of the client.
#[derive(Clone, Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    text: Cow<'static, str>,
    /// The next answer will be as unreadable.
    lasting: bool,
    obstacle: Option<Obstacle>,
    response: Option<Box<HttpResponse>>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl TransportError {
    /// A failure of this kind; `text` is one sentence without a secret.
    #[must_use]
    pub fn new(kind: TransportErrorKind, text: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, text: text.into(), lasting: false, obstacle: None, response: None, source: None }
    }

    /// The same failure, with what kept the request from being sent. Without it every process pauses.
    #[must_use]
    pub const fn because(mut self, obstacle: Obstacle) -> Self {
        self.obstacle = Some(obstacle);
        self
    }

    /// The same failure, as one that no retry mends: the next answer will be as unreadable.
    #[must_use]
    pub const fn lasting(mut self) -> Self {
        self.lasting = true;
        self
    }

    /// The same failure, with the received part of the answer: its head, and the start of its body if the body is
    /// [incomplete](HttpResponse::incomplete). A failure of the kind [`Ambiguous`](TransportErrorKind::Ambiguous) becomes
    /// [`Incomplete`](TransportErrorKind::Incomplete).
    ///
    /// The status says whether the grant is spent, and the new refresh token may be in the bytes that came.
    #[must_use]
    pub fn with_response(mut self, response: HttpResponse) -> Self {
        if self.kind == TransportErrorKind::Ambiguous {
            self.kind = TransportErrorKind::Incomplete;
        }
        self.response = Some(Box::new(response));
        self
    }

    /// The received part of the answer, where its head could be read.
    #[must_use]
    pub fn response(&self) -> Option<&HttpResponse> {
        self.response.as_deref()
    }

    /// The same failure, with the error of the client as its source.
    #[must_use]
    pub fn with_source(mut self, source: Arc<dyn Error + Send + Sync>) -> Self {
        self.source = Some(source);
        self
    }

    /// What kept the request from being sent, where that is known.
    #[must_use]
    pub const fn obstacle(&self) -> Option<Obstacle> {
        self.obstacle
    }

    /// How far the request came.
    #[must_use]
    pub const fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// The same failure, as callers of a source see it.
    #[must_use]
    pub fn into_error(self) -> TokenError {
        // Only a successful response spends a grant. Without a status it may have been one.
        let success = self.response.as_ref().is_none_or(|response| response.head().is_success());
        let fate = if success { Fate::Answered } else { Fate::Unknown };
        let error = match self.kind {
            TransportErrorKind::NotSent => TokenError::unavailable(self.text),
            TransportErrorKind::Refused => TokenError::misconfigured(self.text),
            TransportErrorKind::Ambiguous => TokenError::unavailable(self.text).with_fate(Fate::Unknown),
            TransportErrorKind::Incomplete => TokenError::unavailable(self.text).with_fate(fate),
            TransportErrorKind::Unreadable if self.lasting => {
                TokenError::protocol(self.text).without_verdict().with_fate(fate)
            }
            TransportErrorKind::Unreadable => TokenError::from_intermediary(self.text).with_fate(fate),
        };
        let local = self.obstacle.is_some_and(Obstacle::is_local);
        let error = if local { error.as_local() } else { error };
        let error = match self.obstacle {
            Some(Obstacle::CertificateRefused) => error.about(ErrorSubject::ClientCertificate),
            _ => error,
        };
        match self.source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_transport_error_is_an_error_with_its_sentence_and_its_source() {
        let client: Arc<dyn Error + Send + Sync> = Arc::new(fmt::Error);
        let error =
            TransportError::new(TransportErrorKind::NotSent, "the port is closed").with_source(client);
        assert_eq!(error.to_string(), "the port is closed");
        assert!(Error::source(&error).is_some_and(|source| source.is::<fmt::Error>()));
    }
}
