//! The answer to a request, or how far the request came without one.

use alloc::borrow::Cow;
use alloc::sync::Arc;
use core::error::Error;

use crate::error::{Fate, TokenError};
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
    /// A byte may have left, and no complete answer came.
    Ambiguous,
    /// An answer came that is not acceptable: larger than the cap, or compressed though the request forbids it.
    Unreadable,
}

/// Why a request got no complete answer.
#[derive(Clone, Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    text: Cow<'static, str>,
    obstacle: Option<Obstacle>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

impl TransportError {
    /// A failure of this kind; `text` is one sentence without a secret.
    #[must_use]
    pub fn new(kind: TransportErrorKind, text: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, text: text.into(), obstacle: None, source: None }
    }

    /// The same failure, with what kept the request from being sent. Without it every process pauses.
    #[must_use]
    pub const fn because(mut self, obstacle: Obstacle) -> Self {
        self.obstacle = Some(obstacle);
        self
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
        let error = match self.kind {
            TransportErrorKind::NotSent => TokenError::unavailable(self.text),
            TransportErrorKind::Refused => TokenError::misconfigured(self.text),
            TransportErrorKind::Ambiguous => TokenError::unavailable(self.text).with_fate(Fate::Unknown),
            TransportErrorKind::Unreadable => {
                TokenError::from_intermediary(self.text).with_fate(Fate::Unknown)
            }
        };
        let local = self.obstacle.is_some_and(Obstacle::is_local);
        let error = if local { error.as_local() } else { error };
        match self.source {
            Some(source) => error.with_source(source),
            None => error,
        }
    }
}
