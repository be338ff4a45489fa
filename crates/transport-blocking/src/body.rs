//! Bodies of API calls and of their answers.
//!
//! A body made of bytes can be sent again when its call met a 401; one that is read from somewhere cannot.

use core::fmt;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf, Bytes};
use wellspring_core::TokenError;

type Source = Box<dyn Read + Send>;

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
    pub fn once(body: impl Read + Send + 'static) -> Self {
        Self { ready: VecDeque::new(), rest: Some(Mutex::new(Box::new(body))) }
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
    pub fn chunk(&mut self) -> Result<Option<Bytes>, TokenError> {
        self.next_chunk().map_err(|error| {
            TokenError::unavailable("the body could not be read to its end").with_source(Arc::new(error))
        })
    }

    /// All of it, up to this many bytes.
    ///
    /// # Errors
    ///
    /// When it is longer, or could not be read to its end.
    pub fn bytes(mut self, limit: usize) -> Result<Bytes, TokenError> {
        let mut all = Vec::new();
        while let Some(chunk) = self.chunk()? {
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
    pub fn text(self, limit: usize) -> Result<String, TokenError> {
        let bytes = self.bytes(limit)?;
        String::from_utf8(bytes.into()).map_err(|_| TokenError::protocol("the answer is not UTF-8"))
    }

    /// Its first bytes, so many of them at most, which stay in it.
    pub(crate) fn peek(&mut self, wanted: usize) -> Result<Vec<u8>, TokenError> {
        let (mut seen, mut start) = (VecDeque::new(), Vec::new());
        while start.len() < wanted {
            let Some(chunk) = self.chunk()? else { break };
            start.extend_from_slice(&chunk[..chunk.len().min(wanted - start.len())]);
            seen.push_back(chunk);
        }
        seen.append(&mut self.ready);
        self.ready = seen;
        Ok(start)
    }

    fn next_chunk(&mut self) -> io::Result<Option<Bytes>> {
        if let Some(chunk) = self.ready.pop_front() {
            return Ok(Some(chunk));
        }
        let Some(rest) = &mut self.rest else { return Ok(None) };
        let rest = rest.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut chunk = vec![0; CHUNK];
        let length = loop {
            match rest.read(&mut chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        chunk.truncate(length);
        Ok((length > 0).then(|| chunk.into()))
    }
}

const CHUNK: usize = 16 * 1024;

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut chunk = loop {
            match self.next_chunk()? {
                None => return Ok(0),
                Some(empty) if empty.is_empty() => {}
                Some(chunk) => break chunk,
            }
        };
        let length = chunk.len().min(buffer.len());
        chunk.copy_to_slice(&mut buffer[..length]);
        if !chunk.is_empty() {
            self.ready.push_front(chunk);
        }
        Ok(length)
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
