//! The random bytes of a sign-in. The caller supplies them; without the feature `getrandom` this crate draws none.

use core::fmt;

use zeroize::Zeroizing;

#[cfg(feature = "getrandom")]
use crate::state::State;

/// Random bytes for one sign-in: 256 bits for the `state` and 256 bits for the PKCE verifier. Do not reuse them.
///
/// The bytes must come from the operating system or another cryptographic source. An attacker who guesses the state can
/// sign a user in to the attacker's account
/// ([RFC 6749 §10.12](https://www.rfc-editor.org/rfc/rfc6749#section-10.12)).
pub struct Entropy(Zeroizing<[u8; 64]>);

impl Entropy {
    /// Takes 64 random bytes and wipes them when dropped.
    #[must_use]
    pub fn new(bytes: [u8; 64]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Random bytes from the operating system.
    ///
    /// # Errors
    ///
    /// Fails if the operating system provides no random bytes.
    #[cfg(feature = "getrandom")]
    pub fn from_system() -> Result<Self, wellspring_core::TokenError> {
        let mut bytes = Zeroizing::new([0; 64]);
        getrandom::fill(&mut *bytes).map_err(|error| {
            wellspring_core::TokenError::unavailable(format!(
                "the operating system provided no random bytes: {error}"
            ))
        })?;
        Ok(Self(bytes))
    }

    /// A random name from the operating system, such as the id of a session or the [pool](crate::App::for_user) key of a sign-in:
    /// 43 characters of base64url, 256 bits.
    ///
    /// ```
    /// use oauth2_app::Entropy;
    ///
    /// let name = Entropy::random_name()?;
    /// assert_eq!(name.len(), 43);
    /// assert_ne!(name, Entropy::random_name()?);
    /// # Ok::<(), wellspring_core::TokenError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Fails if the operating system provides no random bytes.
    #[cfg(feature = "getrandom")]
    pub fn random_name() -> Result<String, wellspring_core::TokenError> {
        Ok(State::from_entropy(Self::from_system()?.state()).expose().to_owned())
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
