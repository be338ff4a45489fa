//! `Body`, which is bytes in memory and then a `Stream`. The transport adds the methods `once` and `chunk`.

/// Declares `Body` and the methods that both transports have.
#[doc(hidden)]
#[macro_export]
macro_rules! body_methods {
    ([$($async:tt)?] [$($await:tt)*]) => {
        /// The body of a call or of a response.
        #[derive(Default)]
        pub struct Body {
            /// The bytes in memory, which come first.
            ready: VecDeque<Bytes>,
            /// The bytes after them. The lock is never contended; it makes the body `Sync`.
            rest: Option<Mutex<Stream>>,
        }

        impl Body {
            /// No body.
            #[must_use]
            pub fn empty() -> Self {
                Self::default()
            }

            /// A copy, unless the body can be sent only once.
            #[must_use]
            pub fn again(&self) -> Option<Self> {
                self.rest.is_none().then(|| Self { ready: self.ready.clone(), rest: None })
            }

            /// Whether the body has no bytes.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.rest.is_none() && self.ready.iter().all(Bytes::is_empty)
            }

            /// The whole body, up to this many bytes.
            ///
            /// # Errors
            ///
            /// When the body is longer, or cannot be read to its end.
            pub $($async)? fn bytes(mut self, limit: usize) -> Result<Bytes, TokenError> {
                let mut all = Vec::new();
                while let Some(chunk) = self.chunk()$($await)*? {
                    if chunk.len() > limit - all.len() {
                        return Err(TokenError::protocol(format!("the response is longer than {limit} bytes")));
                    }
                    all.extend_from_slice(&chunk);
                }
                Ok(all.into())
            }

            /// The whole body as text, up to this many bytes.
            ///
            /// # Errors
            ///
            /// When the body is longer, is not UTF-8, or cannot be read to its end.
            pub $($async)? fn text(self, limit: usize) -> Result<String, TokenError> {
                let bytes = self.bytes(limit)$($await)*?;
                String::from_utf8(bytes.into()).map_err(|_| TokenError::protocol("the response is not UTF-8"))
            }

            /// At most this many of the first bytes, which stay in the body.
            pub(crate) $($async)? fn peek(&mut self, wanted: usize) -> Result<Vec<u8>, TokenError> {
                let (mut seen, mut start) = (VecDeque::new(), Vec::new());
                while start.len() < wanted {
                    let Some(chunk) = self.chunk()$($await)*? else { break };
                    start.extend_from_slice(&chunk[..chunk.len().min(wanted - start.len())]);
                    seen.push_back(chunk);
                }
                seen.append(&mut self.ready);
                self.ready = seen;
                Ok(start)
            }
        }

        $crate::body_methods!(from Bytes);
        $crate::body_methods!(from Vec<u8>);
        $crate::body_methods!(from String);
        $crate::body_methods!(from &'static [u8]);
        $crate::body_methods!(from &'static str);

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

        $crate::debug_fields!([] Body, |body| repeatable: body.rest.is_none());
    };
    (from $bytes:ty) => {
        impl From<$bytes> for Body {
            fn from(bytes: $bytes) -> Self {
                Self { ready: VecDeque::from([Bytes::from(bytes)]), rest: None }
            }
        }
    };
}
