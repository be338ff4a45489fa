//! The id of a charge.

use core::fmt;

use wellspring_core::TokenError;

/// The id of a charge: 26 to 35 ASCII letters and digits, chosen by the client that creates the charge
/// ([API Pix](https://github.com/bacen/pix-api)).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Txid(String);

impl Txid {
    /// A checked id.
    ///
    /// ```
    /// use pix_bacen::Txid;
    ///
    /// assert!(Txid::new("7978c0c97ea847e78e8849634473c1f1").is_ok());
    /// assert!(Txid::new("abc123").is_err(), "the example of the published page is too short");
    /// ```
    ///
    /// # Errors
    ///
    /// Fails if the text is not 26 to 35 ASCII letters and digits.
    pub fn new(txid: impl Into<String>) -> Result<Self, TokenError> {
        let txid = txid.into();
        if (26..=35).contains(&txid.len()) && txid.bytes().all(|b| b.is_ascii_alphanumeric()) {
            Ok(Self(txid))
        } else {
            Err(TokenError::misconfigured("a txid is 26 to 35 ASCII letters and digits"))
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Txid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p4_the_published_pages_own_txid_is_rejected() {
        assert!(Txid::new("abc123").is_err());
    }

    #[test]
    fn a_txid_is_26_to_35_letters_and_digits() {
        for (length, valid) in [(25, false), (26, true), (35, true), (36, false)] {
            assert_eq!(Txid::new("a".repeat(length)).is_ok(), valid, "{length}");
        }
        for bad in
            ["7978c0c97ea847e78e884963-473", "7978c0c97ea847e78e884963/../", "7978c0c97ea847e78e884963é4"]
        {
            assert!(Txid::new(bad).is_err(), "{bad}");
        }
    }
}
