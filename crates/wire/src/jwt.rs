//! The times in an access token that is a JWT ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519)).
//!
//! The times are only a hint: the reader verifies no signature, and it reads no other claim. A token that cannot be read
//! gives no hint.

use core::time::Duration;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use wellspring_core::UnixTime;
use zeroize::Zeroizing;

use crate::json::{Json, Number, Object};
use crate::lifetime::LONGEST_LIFETIME;

/// The times at which a JWT was issued and expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JwtTimes {
    /// `iat`, rounded up to whole seconds.
    pub issued_at: Option<UnixTime>,
    /// `exp`, rounded down to whole seconds.
    pub expires_at: UnixTime,
}

/// The longest payload that is read. Real payloads are shorter.
const LONGEST_PAYLOAD: usize = 32 * 1024;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

impl JwtTimes {
    /// The times in this token; `None` for a token that is opaque, encrypted, too long, ambiguous or without `exp`.
    #[must_use]
    pub fn of(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(_), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        if header.is_empty() || payload.len() > LONGEST_PAYLOAD {
            return None;
        }
        let claims = Zeroizing::new(BASE64.decode(payload).ok()?);
        let claims = Object::parse(&claims).ok()?;
        let expires_at = numeric_date(claims.only("exp").ok()??, Rounding::Down)?;
        let issued_at = match claims.only("iat").ok()? {
            None | Some(Json::Null) => None,
            Some(value) => Some(numeric_date(value, Rounding::Up)?),
        };
        Some(Self { issued_at, expires_at })
    }

    /// The lifetime of the token from `iat` to `exp`, independent of any clock. Without `iat` the lifetime starts at
    /// `reference`, the time of the response. `None` if no time is left; at most [`LONGEST_LIFETIME`].
    #[must_use]
    pub fn lifetime(self, reference: UnixTime) -> Option<Duration> {
        let lifetime = self.expires_at.since(self.issued_at.unwrap_or(reference)).min(LONGEST_LIFETIME);
        (!lifetime.is_zero()).then_some(Duration::from_secs(lifetime.as_secs()))
    }
}

enum Rounding {
    Up,
    Down,
}

/// Seconds since 1970, possibly with a fraction ([RFC 7519 §2](https://www.rfc-editor.org/rfc/rfc7519#section-2)).
fn numeric_date(value: &Json, rounding: Rounding) -> Option<UnixTime> {
    match *value {
        Json::Number(Number::Unsigned(seconds)) => Some(UnixTime::from_secs(seconds)),
        Json::Number(Number::Float(seconds)) if seconds >= 0.0 => {
            // The cast rounds down and saturates.
            let whole = seconds as u64;
            let up = u64::from(matches!(rounding, Rounding::Up) && (whole as f64) < seconds);
            Some(UnixTime::from_secs(whole.saturating_add(up)))
        }
        _ => None,
    }
}
