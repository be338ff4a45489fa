//! ID tokens and key sets: no bytes make a token valid that the key has not signed, and the claims of one that it has signed
//! are judged as a second reader judges them.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use oauth2_app::{App, IdTokenChecks, IdTokenErrorKind, Jwks};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use wellspring_fuzz::{NOW, SECRET, check_error, lines};

const ISSUER: &str = "https://as.example";

fuzz_target!(|input: &[u8]| {
    let Some(([header, claims, token], set)) = lines(input) else { return };
    let app = app();
    let checks = IdTokenChecks::default();
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a seed has 32 bytes");
    let x = URL_SAFE_NO_PAD.encode(pair.public_key());
    let ours = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}]}}"#);
    let ours = Jwks::parse(ours.as_bytes()).expect("it is a key set");

    // Nothing that the input says is signed by our key.
    let error = app.verify_id_token(token, &ours, &checks, NOW).expect_err("the key has not signed it");
    check_error(&error);

    // A key set of the input, and a token with a signature of no key.
    match Jwks::parse(set) {
        Ok(keys) => {
            let _ = (format!("{keys:?}"), keys.len());
            if let Err(error) = app.verify_id_token(token, &keys, &checks, NOW) {
                check_error(&error);
            }
        }
        Err(error) => check_error(&error),
    }

    // Header and claims of the input, signed.
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(pair.sign(signed.as_bytes()));
    match app.verify_id_token(&format!("{signed}.{signature}"), &ours, &checks, NOW) {
        Ok(verified) => {
            assert_eq!((verified.issuer(), verified.subject().is_empty()), (ISSUER, false), "{claims}");
            assert!(claims.contains("client-1") && verified.text("nonce").is_none(), "{claims}");
            assert!(verified.expires_at().is_some_and(|end| end.as_secs() + 60 > NOW.as_secs()), "{claims}");
            assert_eq!(format!("{verified:?}"), "IdClaims(..)");
        }
        Err(error) => {
            assert_ne!(
                error.kind(),
                IdTokenErrorKind::Signature,
                "the key has signed it, and it names no key"
            );
            check_error(&error);
        }
    }
    assert!(!format!("{ours:?}").contains(SECRET));
});

fn app() -> App {
    App::builder()
        .issuer(ISSUER)
        .authorize_url("https://as.example/authorize")
        .token_url("https://as.example/token")
        .client_id("client-1")
        .redirect_uri("https://app.example/cb")
        .build()
        .expect("the app is complete")
}
