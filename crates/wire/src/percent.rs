//! Percent-encoding ([RFC 3986 §2.1](https://www.rfc-editor.org/rfc/rfc3986#section-2.1)), where a plus sign stands for itself.

use alloc::string::String;

/// The text with everything but unreserved characters percent-encoded: a space becomes `%20`, a line feed `%0A`.
///
/// Every percent-decoder can decode the result, unlike the value of a [`Form`](crate::Form). So it also suits header
/// values, such as a certificate in PEM.
#[must_use]
pub fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(3 * text.len());
    for byte in text.bytes() {
        match byte {
            b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => out.push(char::from(byte)),
            _ => push_encoded(&mut out, byte),
        }
    }
    out
}

pub(crate) fn push_encoded(out: &mut String, byte: u8) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    out.push('%');
    out.push(char::from(HEX[usize::from(byte >> 4)]));
    out.push(char::from(HEX[usize::from(byte & 15)]));
}

/// Decodes the two hexadecimal digits at the start.
pub(crate) fn decode_escape(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*digits.get(at)?).to_digit(16);
    u8::try_from(digit(0)? << 4 | digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_in_pem_survives_percent_decoding() {
        assert_eq!(
            percent_encode("-----BEGIN CERTIFICATE-----\nMII+/=\r\n"),
            "-----BEGIN%20CERTIFICATE-----%0AMII%2B%2F%3D%0D%0A"
        );
    }

    #[test]
    fn unreserved_characters_stay_and_utf_8_is_encoded_byte_by_byte() {
        assert_eq!(percent_encode("aZ09-._~"), "aZ09-._~");
        assert_eq!(percent_encode("é€"), "%C3%A9%E2%82%AC");
    }
}
