//! The client certificate, as a header carries it and as a token is bound to it.
//!
//! Certificates are public; the private key stays with the transport's TLS settings and must not come near here.

use wellspring_core::TokenError;
use wellspring_wire::percent_encode;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The first certificate of a PEM file, with plain line ends.
#[derive(Clone, Debug)]
pub(crate) struct Certificate(String);

impl Certificate {
    /// Finds the first certificate; whatever stands around it, a chain included, is left out.
    pub(crate) fn of_pem(pem: &str) -> Result<Self, TokenError> {
        if pem.contains("PRIVATE KEY-----") {
            return Err(TokenError::misconfigured(
                "the client certificate's PEM holds a private key, which belongs in the TLS settings alone",
            ));
        }
        let inside =
            pem.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END)).map(|(inside, _)| inside);
        let lines: Vec<&str> = inside.unwrap_or_default().split_whitespace().collect();
        let base64 = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
        if lines.is_empty() || !lines.iter().all(|line| line.bytes().all(base64)) {
            return Err(TokenError::misconfigured("the client certificate is not a certificate in PEM"));
        }
        Ok(Self(format!("{BEGIN}\n{}\n{END}\n", lines.join("\n"))))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The PEM as a header value: a space is `%20` and a line end `%0A`. Never `+`, which percent-decoding
    /// leaves as it is, so that the server would read `BEGIN+CERTIFICATE`.
    pub(crate) fn header_value(&self) -> String {
        percent_encode(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = "Bag Attributes\r\n-----BEGIN CERTIFICATE-----\r\nMIIB+/==\r\n-----END CERTIFICATE-----\r\n\
                       -----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

    #[test]
    fn a_space_is_percent_20_and_a_line_end_percent_0a_and_the_leaf_goes_alone() {
        assert_eq!(
            Certificate::of_pem(PEM).unwrap().header_value(),
            "-----BEGIN%20CERTIFICATE-----%0AMIIB%2B%2F%3D%3D%0A-----END%20CERTIFICATE-----%0A"
        );
    }

    #[test]
    fn line_ends_do_not_make_another_certificate() {
        let unix = PEM.replace('\r', "");
        assert_eq!(
            Certificate::of_pem(PEM).unwrap().as_bytes(),
            Certificate::of_pem(&unix).unwrap().as_bytes()
        );
    }

    #[test]
    fn a_private_key_is_turned_away_and_so_is_what_is_no_certificate() {
        for bad in [
            "",
            "-----BEGIN CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----\nMI\u{0}IB\n-----END CERTIFICATE-----",
            "-----END CERTIFICATE-----MIIB-----BEGIN CERTIFICATE-----",
        ] {
            assert!(Certificate::of_pem(bad).is_err(), "{bad}");
        }
        let with_key = format!("{PEM}-----BEGIN EC PRIVATE KEY-----\ncanary\n-----END EC PRIVATE KEY-----\n");
        let error = Certificate::of_pem(&with_key).unwrap_err();
        assert!(error.to_string().contains("private key") && !format!("{error:?}").contains("canary"));
    }
}
