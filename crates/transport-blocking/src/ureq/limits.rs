//! What the limits of a call say, and the body of a request that the server has answered early.

use core::cell::Cell;
use std::io::{self, Read};

use ureq::Timeout;
use wellspring_transport::{CallLimits, Failure};

/// The failure of a request whose time is up.
pub(super) const fn timed_out(limit: Timeout) -> Failure {
    match limit {
        Timeout::PerRead | Timeout::PerWrite | Timeout::RecvResponse => Failure::SILENT,
        _ => Failure::TIMED_OUT,
    }
}

/// The body of a response, whose errors say which limit of the call was reached.
pub(super) struct Download(pub(super) ureq::BodyReader<'static>);

impl Read for Download {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| {
            let of_ureq = error.get_ref().and_then(|inner| inner.downcast_ref());
            let text = match of_ureq {
                Some(ureq::Error::Timeout(Timeout::PerRead)) => CallLimits::SILENT,
                Some(ureq::Error::Timeout(_)) => CallLimits::OVERDUE,
                _ => return error,
            };
            io::Error::new(io::ErrorKind::TimedOut, text)
        })
    }
}

thread_local! {
    static IS_ANSWERED: Cell<bool> = const { Cell::new(false) };
}

/// The server answers the request that this thread sends, and takes no more of it.
pub(super) fn answered() {
    IS_ANSWERED.set(true);
}

/// The body of a request. Once the server has answered, the rest of it is not read: ureq gets zeros for it, which no
/// connection sends.
pub(super) struct Upload<R> {
    body: R,
    /// What is left of the length that the head of the request names.
    left: Option<u64>,
}

impl<R> Upload<R> {
    pub(super) fn new(body: R, head: &http::request::Parts) -> Self {
        IS_ANSWERED.set(false);
        let length = head.headers.get(http::header::CONTENT_LENGTH);
        Self { body, left: length.and_then(|length| length.to_str().ok()?.parse().ok()) }
    }
}

impl<R: Read> Read for Upload<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = if IS_ANSWERED.get() {
            let left = usize::try_from(self.left.unwrap_or(0)).unwrap_or(usize::MAX);
            let filled = left.min(buffer.len());
            buffer[..filled].fill(0);
            filled
        } else {
            self.body.read(buffer)?
        };
        self.left = self.left.map(|left| left.saturating_sub(read as u64));
        Ok(read)
    }
}
