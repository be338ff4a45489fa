//! JSON Web Tokens as the providers issue them ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519)).
//!
//! Claims keep their order. HS256 tokens have a valid signature. RS256 tokens have random bytes of the right length,
//! because no client of these providers has a key to check them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::document::Document;
use crate::mint::Mint;

const HS256: &str = r#"{"alg":"HS256","typ":"JWT"}"#;
const RS256: &str = r#"{"alg":"RS256","typ":"JWT"}"#;

pub(crate) fn hs256(claims: &Document, key: &[u8]) -> String {
    let signed = signing_input(HS256, &claims.render());
    let signature = hmac_sha256(key, signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

pub(crate) fn rs256_lookalike(claims: &Document, mint: &mut Mint) -> String {
    let noise: Vec<u8> = (0..8).flat_map(|_| mint.bytes()).collect();
    format!("{}.{}", signing_input(RS256, &claims.render()), URL_SAFE_NO_PAD.encode(noise))
}

/// The same token with changed claims; its signature becomes invalid.
pub(crate) fn with_claims(
    token: &str,
    edit: impl FnOnce(&mut serde_json::Map<String, serde_json::Value>),
) -> String {
    let mut parts = token.split('.');
    let (header, payload, signature) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    let bytes = URL_SAFE_NO_PAD.decode(payload).unwrap_or_default();
    let mut claims: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&bytes).unwrap_or_default();
    edit(&mut claims);
    let claims = serde_json::Value::Object(claims).to_string();
    format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims))
}

fn signing_input(header: &str, claims: &str) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
}

/// [RFC 2104](https://www.rfc-editor.org/rfc/rfc2104); a key longer than a block is hashed first.
fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    const BLOCK: usize = 64;
    let mut block = [0_u8; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new_with_prefix(block.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Sha256::new_with_prefix(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_rfc_4231() {
        let hex = |bytes: [u8; 32]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        assert_eq!(
            hex(hmac_sha256(b"Jefe", b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            hex(hmac_sha256(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
    }
}
