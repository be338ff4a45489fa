//! The client certificate: part of the credential, part of the key of the tokens bound to it, and the value of a request
//! header.
//!
//! A certificate is public. The private key belongs only in the transport's TLS settings, so a PEM with one is rejected.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use wellspring_core::TokenError;

use crate::percent::percent_encode;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The first certificate of a PEM file, with `\n` as line ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate(String);

impl ClientCertificate {
    /// Takes the first certificate. The text around it is dropped, the rest of a chain included.
    ///
    /// # Errors
    ///
    /// Fails if the PEM holds no certificate, or holds a private key.
    pub fn of_pem(pem: &str) -> Result<Self, TokenError> {
        if pem.contains("PRIVATE KEY-----") {
            return Err(TokenError::misconfigured(
                "the client certificate's PEM holds a private key, which belongs only in the TLS settings",
            ));
        }
        let inside =
            pem.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END)).map(|(inside, _)| inside);
        // An environment variable often carries a line end as two characters.
        let inside = inside.unwrap_or_default().replace("\\r", " ").replace("\\n", " ");
        let lines: Vec<&str> = inside.split_whitespace().collect();
        let is_base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
        if lines.is_empty() || !lines.iter().all(|line| line.bytes().all(is_base64)) {
            return Err(TokenError::misconfigured("the client certificate is not a PEM certificate"));
        }
        Ok(Self(format!("{BEGIN}\n{}\n{END}\n", lines.join("\n"))))
    }

    /// The PEM as bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The PEM as a header value: a space is `%20` and a line end `%0A`. A space is never `+`: percent-decoding keeps
    /// `+`, so the server would read `BEGIN+CERTIFICATE`.
    #[must_use]
    pub fn header_value(&self) -> String {
        percent_encode(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    const PEM: &str = "Bag Attributes\r\n-----BEGIN CERTIFICATE-----\r\nMIIB+/==\r\n-----END CERTIFICATE-----\r\n\
                       -----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

    #[test]
    fn a_space_is_percent_20_a_line_end_is_percent_0a_and_only_the_leaf_is_sent() {
        assert_eq!(
            ClientCertificate::of_pem(PEM).unwrap().header_value(),
            "-----BEGIN%20CERTIFICATE-----%0AMIIB%2B%2F%3D%3D%0A-----END%20CERTIFICATE-----%0A"
        );
    }

    #[test]
    fn a_certificate_is_the_same_with_either_line_end() {
        let unix = PEM.replace('\r', "");
        assert_eq!(
            ClientCertificate::of_pem(PEM).unwrap().as_bytes(),
            ClientCertificate::of_pem(&unix).unwrap().as_bytes()
        );
        for copied in [unix.replace('\n', "\\n"), unix.replace('\n', "\n  "), format!("\u{feff}{unix}")] {
            assert_eq!(
                ClientCertificate::of_pem(&copied).unwrap().as_bytes(),
                ClientCertificate::of_pem(&unix).unwrap().as_bytes(),
                "{copied}"
            );
        }
    }

    #[test]
    fn a_private_key_and_a_text_without_a_certificate_are_rejected() {
        for bad in [
            "",
            "-----BEGIN CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----\nMI\u{0}IB\n-----END CERTIFICATE-----",
            "-----END CERTIFICATE-----MIIB-----BEGIN CERTIFICATE-----",
        ] {
            assert!(ClientCertificate::of_pem(bad).is_err(), "{bad}");
        }
        let with_key = format!("{PEM}-----BEGIN EC PRIVATE KEY-----\ncanary\n-----END EC PRIVATE KEY-----\n");
        let error = ClientCertificate::of_pem(&with_key).unwrap_err();
        assert!(error.to_string().contains("private key") && !format!("{error:?}").contains("canary"));
    }
}
