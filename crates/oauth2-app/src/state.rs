//! The `state` parameter of one sign-in.

use core::fmt;

use wellspring_core::CodeVerifier;
use wellspring_wire::code_verifier;

/// The `state` of one sign-in ([RFC 6749 §10.12](https://www.rfc-editor.org/rfc/rfc6749#section-10.12)). Only this
/// application and the user's browser know it. The comparison takes constant time.
#[derive(Clone, PartialEq, Eq)]
pub struct State(CodeVerifier);

impl State {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(CodeVerifier::new(text))
    }

    /// A state from 32 random bytes: 43 characters, in the encoding of a PKCE code verifier.
    pub(crate) fn from_entropy(entropy: [u8; 32]) -> Self {
        Self(code_verifier(entropy))
    }

    /// The state as the URL carries it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State(..)")
    }
}
