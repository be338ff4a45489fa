//! Client authentication in the `Authorization` field
//! ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).

use alloc::string::String;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use wellspring_core::ClientSecret;
use zeroize::Zeroizing;

use crate::form::encode_into;

/// How client id and secret are encoded before they are joined by a colon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BasicEncoding {
    /// Form-encoded, as the standard requires.
    #[default]
    Form,
    /// Not encoded. Many servers deviate from the standard and expect this. The two encodings differ only for ids and
    /// secrets with other characters than letters, digits and `*-._`.
    Verbatim,
}

/// The value of the `Authorization` field that authenticates this client. The value contains the secret.
#[must_use]
pub fn basic_authorization(client_id: &str, secret: &ClientSecret, encoding: BasicEncoding) -> String {
    let secret = secret.expose();
    let mut pair = Zeroizing::new(String::with_capacity(3 * (client_id.len() + secret.len()) + 1));
    match encoding {
        BasicEncoding::Form => {
            encode_into(&mut pair, client_id);
            pair.push(':');
            encode_into(&mut pair, secret);
        }
        BasicEncoding::Verbatim => {
            pair.push_str(client_id);
            pair.push(':');
            pair.push_str(secret);
        }
    }
    let mut value = String::with_capacity(6 + pair.len().div_ceil(3) * 4);
    value.push_str("Basic ");
    STANDARD.encode_string(pair.as_bytes(), &mut value);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_6749_is_encoded() {
        let secret = ClientSecret::new("7Fjfp0ZBr1KtDRbnfVdmIw");
        for encoding in [BasicEncoding::Form, BasicEncoding::Verbatim] {
            assert_eq!(
                basic_authorization("s6BhdRkqt3", &secret, encoding),
                "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"
            );
        }
    }

    #[test]
    fn id_and_secret_are_form_encoded_before_they_are_joined() {
        let decoded = |encoding| {
            let value = basic_authorization("a:b", &ClientSecret::new("c d+é"), encoding);
            String::from_utf8(STANDARD.decode(value.strip_prefix("Basic ").unwrap()).unwrap()).unwrap()
        };
        assert_eq!(decoded(BasicEncoding::Form), "a%3Ab:c+d%2B%C3%A9");
        assert_eq!(decoded(BasicEncoding::Verbatim), "a:b:c d+é");
    }
}
