//! Whose token goes on a call that a client of the program's own carries.

use http::Extensions;
use wellspring_core::TokenError;

use crate::TokenSource;

/// Whose token goes on a call.
#[derive(Clone, Debug)]
pub(crate) enum SourceSelector {
    /// The same source's, whatever the call.
    Always(TokenSource),
    /// That of the source among the call's extensions.
    OfEachCall,
}

impl SourceSelector {
    /// The source for a call with these extensions.
    pub(crate) fn source(&self, extensions: &Extensions) -> Result<TokenSource, TokenError> {
        match self {
            Self::Always(source) => Ok(source.clone()),
            // It stays there: whoever sends the call again will need it.
            Self::OfEachCall => extensions.get::<TokenSource>().cloned().ok_or_else(|| {
                TokenError::misconfigured(
                    "the call was not sent: put a `TokenSource` among its extensions, or attach with one for all calls",
                )
            }),
        }
    }
}
