//! An answer, and what becomes of it on the way.

use core::fmt;
use core::time::Duration;

/// What the client would receive if nothing went wrong on the way, and what does go wrong.
///
/// [`Debug`] shows no values: they are secrets as often as not.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Header fields in their order. `Content-Length`, `Transfer-Encoding` and `Connection` are not among
    /// them: whoever delivers the answer writes what fits the [`Delivery`].
    pub headers: Vec<(String, String)>,
    /// The body, compressed already if `Content-Encoding` says so.
    pub body: Vec<u8>,
    /// How it is delivered.
    pub delivery: Delivery,
}

/// How an answer is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// At once, as a whole, with its length.
    Whole,
    /// As a whole, but only after so long.
    Late {
        /// How long the client waits for the first byte.
        after: Duration,
    },
    /// The head at once, the body one byte at a time.
    Dripped {
        /// The pause before each byte.
        every: Duration,
    },
    /// The length of the whole is declared, but the connection ends after so many bytes of the body.
    Truncated {
        /// Bytes of the body that arrive.
        sent: usize,
    },
    /// In chunks, without a length.
    Chunked,
    /// Without a length: the body ends with the connection.
    UntilClose,
    /// As a whole; then the connection is closed although nothing announced that.
    ThenClosed,
    /// Not at all: the connection is reset before the first byte of the answer.
    Reset,
    /// Not at all: the connection stays open and silent.
    Never,
}

impl Answer {
    /// The first header field of this name, whatever its case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text; what is not UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("headers", &names)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .field("delivery", &self.delivery)
            .finish()
    }
}
