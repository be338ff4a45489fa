//! A connection to a proxy, of which the status of the proxy's answer is kept: the tunnel says only that there is none.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tower_service::Service;

use super::stream::{Io, Stream};

/// The bytes of `HTTP/1.1 403`.
const LENGTH: usize = 12;

/// The first bytes that a proxy has sent.
#[derive(Clone, Default)]
pub(super) struct Heard(Arc<Mutex<Vec<u8>>>);

impl Heard {
    /// The status of the answer, if there was one.
    pub(super) fn status(&self) -> Option<u16> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let status = bytes.strip_prefix(b"HTTP/1.")?.get(2..LENGTH - 7)?;
        core::str::from_utf8(status).ok()?.parse().ok()
    }

    fn add(&self, bytes: &[u8]) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = LENGTH.saturating_sub(heard.len()).min(bytes.len());
        heard.extend_from_slice(&bytes[..missing]);
    }
}

/// The answer of a proxy that makes no connection.
#[derive(Debug)]
pub(super) struct ProxyAnswer(pub(super) u16);

impl fmt::Display for ProxyAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy answers {}", self.0)
    }
}

impl core::error::Error for ProxyAnswer {}

/// Connects to a proxy.
#[derive(Clone)]
pub(super) struct ToProxy<S>(pub(super) S, pub(super) Heard);

impl<S> Service<Uri> for ToProxy<S>
where
    S: Service<Uri, Response = Stream, Future: Send + 'static>,
{
    type Response = Stream;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (connecting, heard) = (self.0.call(uri), self.1.clone());
        Box::pin(async move {
            let overheard = Overheard { stream: connecting.await?.into_inner(), heard };
            Ok(TokioIo::new(Box::new(overheard) as Box<dyn Io>))
        })
    }
}

struct Overheard {
    stream: Box<dyn Io>,
    heard: Heard,
}

impl AsyncRead for Overheard {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.heard.add(&buffer.filled()[before..]);
        read
    }
}

impl AsyncWrite for Overheard {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_read_out_of_the_first_bytes_however_they_are_cut() {
        for (answer, status) in [
            ("HTTP/1.1 403 Forbidden\r\n\r\n", Some(403)),
            ("HTTP/1.0 502\r\n\r\n", Some(502)),
            ("SSH-2.0-OpenSSH_9.2p1\r\n", None),
            ("HTTP/1.1", None),
            ("", None),
        ] {
            for size in [1, 5, 100] {
                let heard = Heard::default();
                answer.as_bytes().chunks(size).for_each(|part| heard.add(part));
                assert_eq!(heard.status(), status, "{answer:?} by {size}");
            }
        }
    }
}
