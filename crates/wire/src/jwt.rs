//! The times inside an access token that happens to be a JWT ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519)).
//!
//! A hint and nothing more: no signature is looked at, nothing else is read, and a token that cannot be read
//! gives no hint.

use core::time::Duration;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use wellspring_core::UnixTime;
use zeroize::Zeroizing;

use crate::{Json, LONGEST_LIFETIME, Number, Object};

/// When a token says that it was issued and that it expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JwtTimes {
    /// `iat`, rounded up to whole seconds.
    pub issued_at: Option<UnixTime>,
    /// `exp`, rounded down to whole seconds.
    pub expires_at: UnixTime,
}

/// More than any payload of claims has, and little enough to be read without a thought.
const LONGEST_PAYLOAD: usize = 32 * 1024;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

impl JwtTimes {
    /// The times in this token; `None` for one that is opaque, encrypted, huge, ambiguous or without `exp`.
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

    /// How long the token lives in all: by its own two times, so that no clock matters, or else from `reference`,
    /// the time of the answer that brought it. `None` when that is no time at all; ten years at most.
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

/// Seconds since the epoch, with a fraction at most ([RFC 7519 §2](https://www.rfc-editor.org/rfc/rfc7519#section-2)).
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
