//! Bodies of API calls and of their answers.
//!
//! A body made of bytes can be sent again when its call met a 401; one that is read from somewhere cannot.

use core::error::Error;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use wellspring_core::TokenError;

type Source = Pin<Box<dyn http_body::Body<Data = Bytes, Error = TokenError> + Send>>;

/// The body of a call or of its answer.
#[derive(Default)]
pub struct Body {
    /// What is here already, to be read first.
    ready: VecDeque<Bytes>,
    /// What is still to come. A lock that is never contended, for `Sync`.
    rest: Option<Mutex<Source>>,
}

impl Body {
    /// No body at all.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// A body that can be sent once only: a call that carries it is not repeated after a 401.
    #[must_use]
    pub fn once<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        Self { ready: VecDeque::new(), rest: Some(Mutex::new(Box::pin(Foreign(Box::pin(body))))) }
    }

    /// The same body once more, unless it can be sent once only.
    #[must_use]
    pub fn again(&self) -> Option<Self> {
        self.rest.is_none().then(|| Self { ready: self.ready.clone(), rest: None })
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rest.is_none() && self.ready.iter().all(Bytes::is_empty)
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    ///
    /// When the connection broke or its time was over.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, TokenError> {
        core::future::poll_fn(|context| self.poll_chunk(context)).await.transpose()
    }

    /// All of it, up to this many bytes.
    ///
    /// # Errors
    ///
    /// When it is longer, or could not be read to its end.
    pub async fn bytes(mut self, limit: usize) -> Result<Bytes, TokenError> {
        let mut all = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if chunk.len() > limit - all.len() {
                return Err(TokenError::protocol(format!("the answer is longer than {limit} bytes")));
            }
            all.extend_from_slice(&chunk);
        }
        Ok(all.into())
    }

    /// All of it as text, up to this many bytes.
    ///
    /// # Errors
    ///
    /// When it is longer, is not UTF-8, or could not be read to its end.
    pub async fn text(self, limit: usize) -> Result<String, TokenError> {
        let bytes = self.bytes(limit).await?;
        String::from_utf8(bytes.into()).map_err(|_| TokenError::protocol("the answer is not UTF-8"))
    }

    /// Its first bytes, so many of them at most, which stay in it.
    pub(crate) async fn peek(&mut self, wanted: usize) -> Result<Vec<u8>, TokenError> {
        let (mut seen, mut start) = (VecDeque::new(), Vec::new());
        while start.len() < wanted {
            let Some(chunk) = self.chunk().await? else { break };
            start.extend_from_slice(&chunk[..chunk.len().min(wanted - start.len())]);
            seen.push_back(chunk);
        }
        seen.append(&mut self.ready);
        self.ready = seen;
        Ok(start)
    }

    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, TokenError>>> {
        loop {
            let frame = core::task::ready!(self.poll_next(context));
            match frame.map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(chunk))) => return Poll::Ready(Some(Ok(chunk))),
                Some(Ok(Err(_trailers))) => {}
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
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
        let rest = rest.lock().unwrap_or_else(PoisonError::into_inner).size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(ready));
        if let Some(upper) = rest.upper().and_then(|upper| upper.checked_add(ready)) {
            hint.set_upper(upper);
        }
        hint
    }

    fn is_end_stream(&self) -> bool {
        let over = |rest: &Mutex<Source>| rest.lock().unwrap_or_else(PoisonError::into_inner).is_end_stream();
        self.ready.is_empty() && self.rest.as_ref().is_none_or(over)
    }
}

/// Somebody else's body, with its errors as ours.
struct Foreign<B>(Pin<Box<B>>);

impl<B> http_body::Body for Foreign<B>
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
        self.0.as_mut().poll_frame(context).map(|frame| {
            frame.map(|frame| {
                frame.map_err(|error| {
                    let source: std::sync::Arc<dyn Error + Send + Sync> = error.into().into();
                    TokenError::unavailable("the body could not be read to its end").with_source(source)
                })
            })
        })
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }
}

macro_rules! from_bytes {
    ($($bytes:ty)*) => {$(
        impl From<$bytes> for Body {
            fn from(bytes: $bytes) -> Self {
                Self { ready: VecDeque::from([Bytes::from(bytes)]), rest: None }
            }
        }
    )*};
}

from_bytes!(Bytes Vec<u8> String &'static [u8] &'static str);

impl From<()> for Body {
    fn from((): ()) -> Self {
        Self::empty()
    }
}

impl<B: Into<Self>> From<Option<B>> for Body {
    fn from(body: Option<B>) -> Self {
        body.map(Into::into).unwrap_or_default()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("repeatable", &self.rest.is_none()).finish_non_exhaustive()
    }
}
