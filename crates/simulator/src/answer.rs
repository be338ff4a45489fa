//! An answer, and how it is delivered.

use core::fmt;
use core::time::Duration;

/// The response as the provider sends it, and how it reaches the client.
///
/// [`Debug`] shows no values, because many are secrets.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Header fields in their order, without `Content-Length`, `Transfer-Encoding` and `Connection`: the server
    /// adds those that fit the [`Delivery`].
    pub headers: Vec<(String, String)>,
    /// The body, already compressed if `Content-Encoding` says so.
    pub body: Vec<u8>,
    /// How it is delivered.
    pub delivery: Delivery,
}

/// How an answer is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// Immediately and completely, with its length.
    Whole,
    /// Completely, but late.
    Late {
        /// How long the client waits for the first byte.
        after: Duration,
    },
    /// The head immediately, the body one byte at a time.
    Dripped {
        /// The pause before each byte.
        every: Duration,
    },
    /// The full length is declared, but the connection ends within the body.
    Truncated {
        /// Bytes of the body that are sent.
        sent: usize,
    },
    /// In chunks, without a length.
    Chunked,
    /// Without a length: the body ends with the connection.
    UntilClose,
    /// Completely; then the connection is closed without `Connection: close`.
    ThenClosed,
    /// Nothing: the connection is reset before the first byte.
    Reset,
    /// Nothing: the connection stays open.
    Never,
}

impl Answer {
    /// The first header field of this name; case does not matter.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text; invalid UTF-8 is replaced.
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
