//! The server's public keys: a JWK Set ([RFC 7517 §5](https://www.rfc-editor.org/rfc/rfc7517#section-5)).

use core::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use wellspring_core::{HttpResponse, TokenError};
use wellspring_wire::{Json, Object};

use super::signature::{Algorithm, PublicKey};

/// The largest key set that is read, in bytes.
const LARGEST: usize = 256 * 1024;
/// The most keys of a set that are used. Real sets have a handful.
const MOST: usize = 64;

/// The public keys of an authorization server, for [`App::verify_id_token`](crate::App::verify_id_token).
///
/// ```
/// use oauth2_app::Jwks;
///
/// // The key of RFC 7515 appendix A.3, and one for a purpose of its own.
/// let set = br#"{"keys":[
///     {"kty":"EC","crv":"P-256","kid":"1",
///      "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
///     {"kty":"RSA","use":"enc","n":"..","e":"AQAB"}]}"#;
/// assert_eq!(Jwks::parse(set)?.len(), 1);
/// # Ok::<(), wellspring_core::TokenError>(())
/// ```
#[derive(Clone)]
pub struct Jwks {
    keys: Vec<Key>,
}

#[derive(Clone)]
pub(super) struct Key {
    id: Option<String>,
    /// The only algorithm that the server uses it with, if the set says that.
    algorithm: Option<Algorithm>,
    key: PublicKey,
}

impl Jwks {
    /// Reads a key set, at most 256 KiB of JSON. Keys that verify no signature with an algorithm known here are left out, as
    /// RFC 7517 has it; so are symmetric ones. At most 64 keys are used.
    ///
    /// # Errors
    ///
    /// Fails if the document is no JSON object with an array `keys`.
    pub fn parse(document: &[u8]) -> Result<Self, TokenError> {
        let unusable =
            || TokenError::protocol("the server's key set is not a JSON object with an array of keys");
        if document.len() > LARGEST {
            return Err(TokenError::protocol("the server's key set is larger than 256 KiB"));
        }
        let object = Object::parse(document).map_err(|_| unusable())?;
        let Ok(Some(Json::Array(keys))) = object.only("keys") else { return Err(unusable()) };
        Ok(Self { keys: keys.iter().filter_map(Json::as_object).filter_map(Key::read).take(MOST).collect() })
    }

    /// Reads the answer to [`App::jwks_request`](crate::App::jwks_request).
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse), and if the answer is not a success: `Unavailable` if a later request may succeed.
    pub fn read(response: &HttpResponse) -> Result<Self, TokenError> {
        let reason = "the server did not send its key set";
        let keys = match response.status() {
            200..=299 => Self::parse(response.expose_body()),
            429 | 500.. => Err(TokenError::unavailable(reason)),
            _ => Err(TokenError::protocol(reason)),
        };
        keys.map_err(|error| error.with_status(response.status(), None))
    }

    /// The number of keys that can verify a signature.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether no key can verify a signature.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The keys for this algorithm, of this name if there is one.
    pub(super) fn fitting<'a>(
        &'a self,
        algorithm: Algorithm,
        id: Option<&'a str>,
    ) -> impl Iterator<Item = &'a PublicKey> {
        let fits = move |key: &&Key| {
            key.key.fits(algorithm)
                && key.algorithm.is_none_or(|only| only == algorithm)
                && (id.is_none() || key.id.as_deref() == id)
        };
        self.keys.iter().filter(fits).map(|key| &key.key)
    }
}

impl Key {
    /// `None` for a key of another kind or purpose, and for one that is ambiguous.
    fn read(object: &Object) -> Option<Self> {
        let text = |name| match object.only(name) {
            Ok(None) => Some(None),
            Ok(Some(Json::Text(text))) => Some(Some(text.as_str())),
            _ => None,
        };
        let bytes = |name| URL_SAFE_NO_PAD.decode(text(name)??).ok();
        if text("use")?.is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        match object.only("key_ops").ok()? {
            None => {}
            Some(Json::Array(uses)) if uses.iter().any(|only| only.as_text() == Some("verify")) => {}
            Some(_) => return None,
        }
        let algorithm = match text("alg")? {
            None => None,
            Some(name) => Some(Algorithm::of_name(name)?),
        };
        let point = |length| {
            let (x, y) = (bytes("x")?, bytes("y")?);
            (x.len() == length && y.len() == length).then(|| [&[4][..], &x, &y].concat())
        };
        let key = match (text("kty")??, text("crv")?) {
            ("RSA", _) => PublicKey::Rsa { n: without_zeros(bytes("n")?), e: without_zeros(bytes("e")?) },
            ("EC", Some("P-256")) => PublicKey::P256(point(32)?),
            ("EC", Some("P-384")) => PublicKey::P384(point(48)?),
            ("OKP", Some("Ed25519")) => PublicKey::Ed25519(bytes("x").filter(|x| x.len() == 32)?),
            _ => return None,
        };
        Some(Self { id: text("kid")?.map(str::to_owned), algorithm, key })
    }
}

/// RFC 7518 section 6.3.1.1 forbids leading zeros, which some servers write.
fn without_zeros(mut number: Vec<u8>) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.drain(..zeros);
    number
}

impl fmt::Debug for Jwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.keys.iter().map(|key| key.id.as_deref().unwrap_or_default()).collect();
        f.debug_struct("Jwks").field("kids", &names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

    fn count(keys: &str) -> Option<usize> {
        Jwks::parse(format!(r#"{{"keys":{keys}}}"#).as_bytes()).ok().map(|set| set.len())
    }

    #[test]
    fn a_key_that_can_verify_nothing_here_is_left_out_and_the_others_stay() {
        let good = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{X}"}}"#);
        assert_eq!(count(&format!("[{good}]")), Some(1));
        for other in [
            "7".to_owned(),
            "{}".to_owned(),
            r#"{"kty":"oct","k":"AA"}"#.to_owned(),
            r#"{"kty":"RSA","n":"AQAB"}"#.to_owned(),
            r#"{"kty":"RSA","n":"=","e":"AQAB"}"#.to_owned(),
            r#"{"kty":"RSA","n":"AQ","n":"AQ","e":"AQAB"}"#.to_owned(),
            format!(r#"{{"kty":"EC","crv":"P-256","x":"{X}","y":"AQAB"}}"#),
            format!(r#"{{"kty":"EC","crv":"P-384","x":"{X}","y":"{X}"}}"#),
            format!(r#"{{"kty":"EC","crv":"secp256k1","x":"{X}","y":"{X}"}}"#),
            format!(r#"{{"kty":"OKP","crv":"X25519","x":"{X}"}}"#),
            format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{X}","use":"enc"}}"#),
            format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{X}","use":7}}"#),
            format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{X}","key_ops":"verify"}}"#),
        ] {
            assert_eq!(count(&format!("[{other},{good}]")), Some(1), "{other}");
        }
        assert_eq!(count(&format!("[{}]", vec![good; MOST + 9].join(","))), Some(MOST));
    }

    #[test]
    fn what_is_no_key_set_is_an_error_that_names_it() {
        for document in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#, "<html>"] {
            let error = Jwks::parse(document.as_bytes()).unwrap_err();
            assert!(error.to_string().contains("the server's key set"), "{error}");
        }
        let large = format!(r#"{{"keys":[],"x":"{}"}}"#, "x".repeat(LARGEST));
        assert!(Jwks::parse(large.as_bytes()).unwrap_err().to_string().contains("256 KiB"));
        assert!(Jwks::parse(br#"{"keys":[]}"#).unwrap().is_empty());
    }

    #[test]
    fn leading_zeros_of_a_modulus_do_not_count() {
        assert_eq!(without_zeros(vec![0, 0, 1, 0]), [1, 0]);
        assert!(without_zeros(vec![0]).is_empty());
    }
}
