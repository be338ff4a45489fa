//! Proof Key for Code Exchange ([RFC 7636](https://www.rfc-editor.org/rfc/rfc7636)), only with the method `S256`.

use alloc::string::String;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use wellspring_core::CodeVerifier;
use zeroize::Zeroizing;

/// A verifier of 43 characters from 32 random bytes of the operating system, as
/// [RFC 7636 §4.1](https://www.rfc-editor.org/rfc/rfc7636#section-4.1) recommends.
#[must_use]
pub fn code_verifier(entropy: [u8; 32]) -> CodeVerifier {
    let entropy = Zeroizing::new(entropy);
    CodeVerifier::new(URL_SAFE_NO_PAD.encode(entropy.as_slice()))
}

/// The `code_challenge` of this verifier for `code_challenge_method=S256`.
#[must_use]
pub fn code_challenge(verifier: &CodeVerifier) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.expose().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7636_is_encoded() {
        // RFC 7636 appendix B.
        let verifier = code_verifier([
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105,
            214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
        ]);
        assert_eq!(verifier.expose(), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(code_challenge(&verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
