//! Bodies of API calls and of their responses.
//!
//! A body of bytes can be sent again when the API refuses the token; a body that is read from a stream cannot.

use core::error::Error;
use core::pin::Pin;
use core::task::{Context, Poll};

use http_body::{Frame, SizeHint};
use wellspring_transport::body_methods;
use wellspring_transport::twins::prelude::*;

type Stream = Pin<Box<dyn http_body::Body<Data = Bytes, Error = TokenError> + Send>>;

body_methods!([async] [.await]);

impl Body {
    /// A body that can be sent only once: a call with it is not retried when the API refuses the token.
    #[must_use]
    pub fn once<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        Self { ready: VecDeque::new(), rest: Some(Mutex::new(Box::pin(ForeignBody(Box::pin(body))))) }
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    ///
    /// When the connection broke or the deadline passed.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, TokenError> {
        core::future::poll_fn(|context| self.poll_chunk(context)).await.transpose()
    }

    /// A program's body. What is ready of it at once, up to this many bytes, is kept in memory, so that a body that ends
    /// within them can be sent again. A body that waits, such as a stream of messages, is not waited for.
    #[cfg(feature = "tower")]
    pub(crate) async fn keeping<B>(body: B, limit: usize) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let mut kept = Self::once(body);
        core::future::poll_fn(|context| {
            kept.keep_ready(context, limit);
            Poll::Ready(())
        })
        .await;
        kept
    }

    #[cfg(feature = "tower")]
    fn keep_ready(&mut self, context: &mut Context<'_>, limit: usize) {
        let mut size = 0;
        while size <= limit {
            let Some(rest) = &mut self.rest else { return };
            let rest = rest.get_mut().unwrap_or_else(PoisonError::into_inner);
            match rest.as_mut().poll_frame(context).map_ok(Frame::into_data) {
                Poll::Ready(Some(Ok(Ok(chunk)))) => {
                    size += chunk.len();
                    self.ready.push_back(chunk);
                }
                Poll::Ready(Some(Ok(Err(trailers)))) => return self.end_with(Ok(trailers)),
                Poll::Ready(Some(Err(error))) => return self.end_with(Err(error)),
                Poll::Ready(None) => self.rest = None,
                Poll::Pending => return,
            }
        }
    }

    /// After the bytes in memory only this comes.
    fn end_with(&mut self, last: Result<Frame<Bytes>, TokenError>) {
        self.rest = Some(Mutex::new(Box::pin(LastFrame(Some(last)))));
    }

    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, TokenError>>> {
        match core::task::ready!(self.poll_next(context)).map(|frame| frame.map(Frame::into_data)) {
            Some(Ok(Ok(chunk))) => Poll::Ready(Some(Ok(chunk))),
            Some(Ok(Err(trailers))) => {
                // They stay in the body, which may be read as frames next.
                self.end_with(Ok(trailers));
                Poll::Ready(None)
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error))),
            None => Poll::Ready(None),
        }
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, TokenError>>> {
        if let Some(chunk) = self.ready.pop_front() {
            return Poll::Ready(Some(Ok(Frame::data(chunk))));
        }
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        rest.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut().poll_frame(context)
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = TokenError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TokenError>>> {
        self.poll_next(context)
    }

    fn size_hint(&self) -> SizeHint {
        let ready = self.ready.iter().map(Bytes::len).sum::<usize>() as u64;
        let Some(rest) = &self.rest else { return SizeHint::with_exact(ready) };
        longer_by(ready, &rest.lock().unwrap_or_else(PoisonError::into_inner).size_hint())
    }

    fn is_end_stream(&self) -> bool {
        let ended =
            |rest: &Mutex<Stream>| rest.lock().unwrap_or_else(PoisonError::into_inner).is_end_stream();
        self.ready.is_empty() && self.rest.as_ref().is_none_or(ended)
    }
}

/// The size of a body before whose rest, of this size, so many bytes are ready.
pub(crate) fn longer_by(ready: u64, rest: &SizeHint) -> SizeHint {
    let mut hint = SizeHint::new();
    hint.set_lower(rest.lower().saturating_add(ready));
    if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(ready)) {
        hint.set_upper(upper);
    }
    hint
}

/// Trailers, or the error at which a body ended.
struct LastFrame(Option<Result<Frame<Bytes>, TokenError>>);

impl http_body::Body for LastFrame {
    type Data = Bytes;
    type Error = TokenError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TokenError>>> {
        Poll::Ready(self.0.take())
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(0)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }
}

/// A program's body, whose errors become token errors.
struct ForeignBody<B>(Pin<Box<B>>);

impl<B> http_body::Body for ForeignBody<B>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = TokenError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TokenError>>> {
        self.0.as_mut().poll_frame(context).map_err(|error| {
            let source: Arc<dyn Error + Send + Sync> = error.into().into();
            TokenError::unavailable("the body cannot be read to its end").with_source(source)
        })
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }
}
