//! Secret randomness, handed in as bytes: nothing here draws a random number.

use core::fmt;

use zeroize::Zeroizing;

/// Random bytes for one sign-in, good for nothing after it: half of them make the `state`, the other half the
/// PKCE verifier, 256 bits each.
///
/// They must come from the operating system or another cryptographic source: whoever can guess the state can
/// sign a user in to somebody else's account
/// ([RFC 6749 §10.12](https://www.rfc-editor.org/rfc/rfc6749#section-10.12)).
pub struct Entropy(Zeroizing<[u8; 64]>);

impl Entropy {
    /// Takes these bytes over.
    #[must_use]
    pub fn new(bytes: [u8; 64]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Bytes from the operating system.
    ///
    /// # Errors
    ///
    /// When the operating system has none to give.
    #[cfg(feature = "getrandom")]
    pub fn from_system() -> Result<Self, wellspring_core::TokenError> {
        let mut bytes = Zeroizing::new([0; 64]);
        getrandom::fill(&mut *bytes).map_err(|error| {
            wellspring_core::TokenError::unavailable(format!(
                "the operating system gave no random bytes: {error}"
            ))
        })?;
        Ok(Self(bytes))
    }

    pub(crate) fn state(&self) -> [u8; 32] {
        half(&self.0[..32])
    }

    pub(crate) fn verifier(&self) -> [u8; 32] {
        half(&self.0[32..])
    }
}

fn half(bytes: &[u8]) -> [u8; 32] {
    bytes.try_into().expect("64 bytes have two halves of 32")
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy(..)")
    }
}
