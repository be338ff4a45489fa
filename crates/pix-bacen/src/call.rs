//! Calls of the gateway's API, ready but for the token.
//!
//! A [`Call`] is sent by whatever attaches tokens; the answer's status and body come back to the reader of the
//! same name. Requests here are never token requests and never carry a secret.

use core::fmt;

use wellspring_core::TokenError;

/// An API call without its `Authorization` header.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    method: &'static str,
    url: String,
    json: Option<String>,
}

impl Call {
    pub(crate) const fn new(method: &'static str, url: String, json: Option<String>) -> Self {
        Self { method, url, json }
    }

    /// The method.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        self.method
    }

    /// The absolute URL, on the gateway's own origin.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The body, which is JSON and wants `Content-Type: application/json`; `None` for a call without one.
    #[must_use]
    pub fn json(&self) -> Option<&str> {
        self.json.as_deref()
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A charge names its payer.
        f.debug_struct("Call").field("method", &self.method).field("url", &self.url).finish_non_exhaustive()
    }
}

/// The id of a charge: 26 to 35 letters and digits, chosen by whoever makes the charge
/// ([API Pix](https://github.com/bacen/pix-api)).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Txid(String);

impl Txid {
    /// Checks the id.
    ///
    /// ```
    /// use pix_bacen::Txid;
    ///
    /// assert!(Txid::new("7978c0c97ea847e78e8849634473c1f1").is_ok());
    /// assert!(Txid::new("abc123").is_err(), "the published page's own example is too short");
    /// ```
    ///
    /// # Errors
    ///
    /// When it is not 26 to 35 ASCII letters and digits.
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
    fn p4_the_pages_own_txid_is_turned_away() {
        assert!(Txid::new("abc123").is_err());
    }

    #[test]
    fn a_txid_is_26_to_35_letters_and_digits() {
        for (length, fine) in [(25, false), (26, true), (35, true), (36, false)] {
            assert_eq!(Txid::new("a".repeat(length)).is_ok(), fine, "{length}");
        }
        for bad in
            ["7978c0c97ea847e78e884963-473", "7978c0c97ea847e78e884963/../", "7978c0c97ea847e78e884963é4"]
        {
            assert!(Txid::new(bad).is_err(), "{bad}");
        }
    }
}
