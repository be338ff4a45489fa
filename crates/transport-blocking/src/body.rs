//! Bodies of API calls and of their responses.
//!
//! A body of bytes can be sent again when the API refuses the token; a body that is read from a stream cannot.

use std::io::{self, Read};

use bytes::Buf as _;
use wellspring_transport::body_methods;
use wellspring_transport::twins::prelude::*;

type Stream = Box<dyn Read + Send>;

body_methods!([] []);

impl Body {
    /// A body that can be sent only once: a call with it is not retried when the API refuses the token.
    #[must_use]
    pub fn once(body: impl Read + Send + 'static) -> Self {
        Self { ready: VecDeque::new(), rest: Some(Mutex::new(Box::new(body))) }
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    ///
    /// When the connection broke or the deadline passed.
    pub fn chunk(&mut self) -> Result<Option<Bytes>, TokenError> {
        self.next_chunk().map_err(|error| {
            TokenError::unavailable("the body cannot be read to its end").with_source(Arc::new(error))
        })
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
