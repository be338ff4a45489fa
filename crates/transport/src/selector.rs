//! Which source's token a call of the program's own client carries.

use http::Extensions;
use wellspring_core::TokenError;

/// Which source's token a call carries.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "made by the layers of the transports only")]
pub enum SourceSelector<S> {
    /// The token of this source, on every call.
    Always(S),
    /// The token of the source among the call's extensions.
    OfEachCall,
}

impl<S: Clone + Send + Sync + 'static> SourceSelector<S> {
    /// The source for a call with these extensions. It stays among the extensions, for a retry.
    ///
    /// # Errors
    ///
    /// `Misconfigured` when the call's extensions hold no source.
    pub fn source(&self, extensions: &Extensions) -> Result<S, TokenError> {
        match self {
            Self::Always(source) => Ok(source.clone()),
            Self::OfEachCall => extensions.get::<S>().cloned().ok_or_else(|| {
                TokenError::misconfigured(
                    "the call was not sent: put a `TokenSource` among its extensions, or attach the tokens of one source \
                     to all calls",
                )
            }),
        }
    }
}
