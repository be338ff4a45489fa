//! The limits of a call: how long it may be silent, and how long it may last.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::Instant;
use wellspring_core::{TokenError, TransportError};
use wellspring_transport::{CallLimits, Failure};

use crate::body::{Body, longer_by};
use crate::clock::timer_now;

type Response<B> = Result<http::Response<B>, TransportError>;

/// Sends this request by this client under these limits, which also bind the body of the response.
pub(crate) async fn limited<B>(
    request: http::Request<Body>,
    limits: CallLimits,
    send: impl AsyncFnOnce(http::Request<Body>) -> Response<B>,
) -> Response<Body>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn core::error::Error + Send + Sync>>,
{
    let taken = Taken::default();
    let mut limit = Limit::new(limits, taken.clone());
    let request = request.map(|body| match body.is_empty() {
        true => Body::empty(),
        false => Body::once(Upload { body, rest: Bytes::new(), taken }),
    });
    let mut sending = core::pin::pin!(send(request));
    let response = core::future::poll_fn(|context| match sending.as_mut().poll(context) {
        Poll::Ready(response) => Poll::Ready(response),
        Poll::Pending => limit.poll(context).map(|ended| Err(ended.failure().into())),
    });
    let response = response.await?;
    limit.is_waiting = false;
    Ok(response.map(|body| Body::once(Download { body: Box::pin(body), limit })))
}

/// When the client took bytes of the request's body last.
#[derive(Clone, Default)]
struct Taken(Arc<Mutex<Option<Instant>>>);

impl Taken {
    fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(timer_now());
    }

    fn last(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone, Copy)]
enum Reached {
    IdleTimeout,
    Deadline,
}

impl Reached {
    fn failure(self) -> Failure {
        match self {
            Self::IdleTimeout => Failure::SILENT,
            Self::Deadline => Failure::TIMED_OUT,
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::IdleTimeout => CallLimits::SILENT,
            Self::Deadline => CallLimits::OVERDUE,
        }
    }
}

/// A timer that begins anew with each byte.
struct Limit {
    idle: Duration,
    end: Option<Instant>,
    taken: Taken,
    timer: Pin<Box<tokio::time::Sleep>>,
    /// Whether the timer runs: a caller that does something else between two reads is not silent.
    is_waiting: bool,
}

impl Limit {
    fn new(limits: CallLimits, taken: Taken) -> Self {
        let end = limits.deadline.map(|deadline| after(timer_now(), deadline));
        let timer = Box::pin(tokio::time::sleep(Duration::ZERO));
        Self { idle: limits.idle_timeout, end, taken, timer, is_waiting: false }
    }

    /// Which limit was reached, once one is.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Reached> {
        if !self.is_waiting {
            self.is_waiting = true;
            self.restart(timer_now());
        }
        loop {
            ready!(self.timer.as_mut().poll(context));
            let now = timer_now();
            if self.end.is_some_and(|end| end <= now) {
                return Poll::Ready(Reached::Deadline);
            }
            match self.taken.last() {
                Some(last) if after(last, self.idle) > now => self.restart(last),
                _ => return Poll::Ready(Reached::IdleTimeout),
            }
        }
    }

    fn restart(&mut self, from: Instant) {
        let idle = after(from, self.idle);
        self.timer.as_mut().reset(self.end.map_or(idle, |end| end.min(idle)));
    }
}

fn after(start: Instant, time: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(86_400 * 365);
    start.checked_add(time).unwrap_or_else(|| start + FAR)
}

/// The body of a request. The client takes it in pieces, which show that the server takes it too.
struct Upload {
    body: Body,
    rest: Bytes,
    taken: Taken,
}

/// The longest piece.
const PIECE: usize = 64 * 1024;

impl http_body::Body for Upload {
    type Data = Bytes;
    type Error = TokenError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, TokenError>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context))
                .map(|frame| frame.map(Frame::into_data))
            {
                Some(Ok(Ok(data))) => self.rest = data,
                Some(Ok(Err(other))) => return Poll::Ready(Some(Ok(other))),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
        self.taken.note();
        let piece = self.rest.len().min(PIECE);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(piece)))))
    }

    fn size_hint(&self) -> SizeHint {
        longer_by(self.rest.len() as u64, &self.body.size_hint())
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }
}

/// The body of a response.
struct Download<B> {
    body: Pin<Box<B>>,
    limit: Limit,
}

impl<B> http_body::Body for Download<B>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn core::error::Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = Box<dyn core::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = self.body.as_mut().poll_frame(context) {
            self.limit.is_waiting = false;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let why = ready!(self.limit.poll(context)).text();
        Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::TimedOut, why).into())))
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }
}
