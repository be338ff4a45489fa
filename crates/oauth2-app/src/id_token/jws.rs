//! A JWS in its compact form ([RFC 7515 §7.1](https://www.rfc-editor.org/rfc/rfc7515#section-7.1)) and its header.
//!
//! The algorithm of the header only selects among the asymmetric ones. A key is used only with an algorithm of its own kind,
//! so a public key never serves as the secret of an HMAC, and `none` is no algorithm here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use wellspring_wire::{Json, Object};

use super::error::{IdTokenError, IdTokenErrorKind as Kind};
use super::jwks::Jwks;
use super::signature::Algorithm;

/// The longest token that is read, in bytes.
const LONGEST: usize = 64 * 1024;

/// The payload of the token, if a key of the key set has signed it.
pub(super) fn verify(token: &str, keys: &Jwks) -> Result<Vec<u8>, IdTokenError> {
    let malformed = |reason| IdTokenError::new(Kind::Malformed, reason);
    if token.len() > LONGEST {
        return Err(malformed("it is longer than 64 KiB"));
    }
    let (header, payload, signature) = match token.split('.').collect::<Vec<_>>()[..] {
        [header, payload, signature] => (header, payload, signature),
        [_, _, _, _, _] => return Err(malformed("it is encrypted, and this client has no key for that")),
        _ => return Err(malformed("it is not a signed JWT")),
    };
    let signed = &token[..header.len() + 1 + payload.len()];
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part);
    let header = decode(header).map_err(|_| malformed("its header is not base64url"))?;
    let header = Header::read(&header)?;
    let payload = decode(payload).map_err(|_| malformed("its payload is not base64url"))?;
    let signature = decode(signature).map_err(|_| malformed("its signature is not base64url"))?;
    let (mut fits, mut named) = (false, false);
    for key in keys.fitting(header.algorithm, header.key_id.as_deref()) {
        fits = true;
        named |= header.key_id.is_some();
        if key.verifies(header.algorithm, signed.as_bytes(), &signature) {
            return Ok(payload);
        }
    }
    Err(match (fits, named) {
        (true, true) => IdTokenError::new(Kind::Signature, "the server's key did not sign it"),
        // Without a name any new key may be the one.
        (true, false) => {
            IdTokenError::new(Kind::UnknownKey, "it names no key, and no key of the server signed it")
        }
        (false, _) => IdTokenError::new(Kind::UnknownKey, "the server's key set has no key for it"),
    })
}

/// The parts of the header that count.
struct Header {
    algorithm: Algorithm,
    key_id: Option<String>,
}

impl Header {
    fn read(json: &[u8]) -> Result<Self, IdTokenError> {
        let malformed = |reason| IdTokenError::new(Kind::Malformed, reason);
        let object = Object::parse(json).map_err(|_| malformed("its header is not a JSON object"))?;
        let text = |name| match object.only(name) {
            Ok(None) => Ok(None),
            Ok(Some(Json::Text(text))) => Ok(Some(text.to_string())),
            _ => Err(malformed("a member of its header occurs twice or is not a string")),
        };
        // RFC 7515 §4.1.11: an extension that the header calls critical must be understood.
        if !matches!(object.only("crit"), Ok(None)) {
            return Err(malformed("its header needs an extension"));
        }
        // RFC 8725 §3.11: an access token or a logout token is no ID token.
        let kind = text("typ")?.map(|kind| kind.to_ascii_lowercase());
        let other =
            |kind: &str| kind.ends_with("+jwt") && kind.trim_start_matches("application/") != "id_token+jwt";
        if kind.as_deref().is_some_and(other) {
            return Err(malformed("its header says that it is another kind of token"));
        }
        let algorithm = text("alg")?.as_deref().and_then(Algorithm::of_name);
        let Some(algorithm) = algorithm else {
            let reason = "its algorithm is not an asymmetric one that this client knows";
            return Err(IdTokenError::new(Kind::Algorithm, reason));
        };
        Ok(Self { algorithm, key_id: text("kid")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The payload of the examples in [RFC 7515 appendix A](https://www.rfc-editor.org/rfc/rfc7515#appendix-A).
    const PAYLOAD: &str =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

    /// RFC 7515 appendix A.2: the RSA key and the signature with RS256.
    const RSA: &str = r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#;
    const RS256: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

    /// RFC 7515 appendix A.3: the key on P-256 and the signature with ES256.
    const P256: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
    const ES256: &str =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    /// RFC 8037 appendix A.2 and A.4: the key on Ed25519 and the signature.
    const ED25519: &str =
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    const EDDSA: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

    fn keys(keys: &[&str]) -> Jwks {
        Jwks::parse(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes()).expect("it is a key set")
    }

    fn token(header: &str, signature: &str) -> String {
        format!("{}.{PAYLOAD}.{signature}", URL_SAFE_NO_PAD.encode(header))
    }

    fn kind(token: &str, keys: &Jwks) -> Option<Kind> {
        verify(token, keys).err().map(|error| error.kind())
    }

    #[test]
    fn the_examples_of_rfc_7515_and_rfc_8037_verify_and_no_changed_byte_does() {
        let all = keys(&[P256, ED25519, RSA]);
        let rs256 = token(r#"{"alg":"RS256"}"#, RS256);
        let es256 = token(r#"{"alg":"ES256"}"#, ES256);
        for valid in [rs256.as_str(), es256.as_str(), EDDSA] {
            assert!(verify(valid, &all).is_ok(), "{valid}");
            for at in [valid.len() - 10, valid.find('.').expect("a dot") + 5] {
                let mut changed = valid.to_owned();
                let other = if valid[at..].starts_with('A') { "B" } else { "A" };
                changed.replace_range(at..=at, other);
                assert_eq!(kind(&changed, &all), Some(Kind::UnknownKey), "{changed}");
            }
        }
        assert_eq!(verify(EDDSA, &all).expect("valid"), b"Example of Ed25519 signing");
    }

    #[test]
    fn no_signature_and_a_symmetric_one_are_refused_also_with_a_public_key_as_the_secret() {
        // RFC 7515 appendix A.5, and A.1 with HS256 over the same payload.
        let unsecured = format!("eyJhbGciOiJub25lIn0.{PAYLOAD}.");
        let hs256 = format!(
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{PAYLOAD}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        );
        let symmetric = r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;
        for set in [keys(&[RSA]), keys(&[symmetric]), keys(&[])] {
            assert_eq!(kind(&unsecured, &set), Some(Kind::Algorithm));
            assert_eq!(kind(&hs256, &set), Some(Kind::Algorithm));
            for name in ["None", "NONE", "nOnE", "HS512", "ES512", "ES256K", "", "RSA1_5", "rs256"] {
                assert_eq!(
                    kind(&token(&format!(r#"{{"alg":"{name}"}}"#), ""), &set),
                    Some(Kind::Algorithm),
                    "{name}"
                );
            }
        }
        // An algorithm of another kind than the key finds no key.
        assert_eq!(kind(&token(r#"{"alg":"RS256"}"#, ES256), &keys(&[P256])), Some(Kind::UnknownKey));
        assert_eq!(kind(&token(r#"{"alg":"ES384"}"#, ES256), &keys(&[P256])), Some(Kind::UnknownKey));
        assert_eq!(kind(&token(r#"{"alg":"PS256"}"#, RS256), &keys(&[RSA])), Some(Kind::UnknownKey));
    }

    #[test]
    fn a_named_key_is_used_and_no_other() {
        let named = |key: &str, members: &str| key.replacen('{', &format!("{{{members},"), 1);
        // Its header is not what the example signed, so the right key says `Signature`.
        let token = token(r#"{"alg":"RS256","kid":"one"}"#, RS256);
        let of = |members: &str| kind(&token, &keys(&[&named(RSA, members)]));
        assert_eq!(of(r#""kid":"one""#), Some(Kind::Signature));
        assert_eq!(
            of(r#""kid":"one","use":"sig","alg":"RS256","key_ops":["verify"]"#),
            Some(Kind::Signature)
        );
        for unfit in [
            r#""kid":"two""#,
            r#""kid":7"#,
            r#""x":"no name""#,
            r#""kid":"one","use":"enc""#,
            r#""kid":"one","alg":"RS512""#,
            r#""kid":"one","alg":"RSA-OAEP""#,
            r#""kid":"one","key_ops":["encrypt"]"#,
        ] {
            assert_eq!(of(unfit), Some(Kind::UnknownKey), "{unfit}");
        }
        // Of two keys with one name each is tried.
        let both = keys(&[&named(P256, r#""kid":"one""#), &named(RSA, r#""kid":"one""#)]);
        assert_eq!(kind(&token, &both), Some(Kind::Signature));
    }

    #[test]
    fn what_is_no_signed_jwt_is_malformed() {
        let set = keys(&[RSA]);
        let header = |header: &str| token(header, RS256);
        let padded = format!("eyJhbGciOiJSUzI1NiJ9=.{PAYLOAD}.{RS256}");
        for token in [
            "",
            "a.b",
            "a.b.c.d",
            "a.b.c.d.e",
            "!.b.c",
            "bm90IGpzb24.b.c",
            &padded,
            &header(r#"{"alg":"RS256","alg":"RS256"}"#),
            &header(r#"{"alg":7}"#),
            &header(r#"{"alg":"RS256","kid":7}"#),
            &header(r#"{"alg":"RS256","crit":["b64"],"b64":false}"#),
            &header(r#"{"alg":"RS256","typ":"at+jwt"}"#),
            &header(r#"{"alg":"RS256","typ":"application/logout+jwt"}"#),
            &"a".repeat(LONGEST + 1),
        ] {
            assert_eq!(kind(token, &set), Some(Kind::Malformed), "{token}");
        }
        assert_eq!(kind(&header(r#"{"alg":"RS256","typ":"JWT"}"#), &set), Some(Kind::UnknownKey));
        assert_eq!(kind(&header(r#"{}"#), &set), Some(Kind::Algorithm));
    }
}
