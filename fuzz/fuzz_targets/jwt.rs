//! The times in an access token, as the text of a token and as the claims of one.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use wellspring_fuzz::NOW;
use wellspring_wire::{JwtTimes, LONGEST_LIFETIME};

fuzz_target!(|input: &[u8]| {
    let Some((kind, bytes)) = input.split_first() else { return };
    let token = if *kind == b'c' {
        format!("e30.{}.", URL_SAFE_NO_PAD.encode(bytes))
    } else {
        String::from_utf8_lossy(bytes).into_owned()
    };
    let Some(times) = JwtTimes::of(&token) else { return };
    let Some(lifetime) = times.lifetime(NOW) else { return };
    assert!(!lifetime.is_zero() && lifetime <= LONGEST_LIFETIME, "{times:?}");
    assert!(lifetime <= times.expires_at.since(times.issued_at.unwrap_or(NOW)), "{times:?}");
});
