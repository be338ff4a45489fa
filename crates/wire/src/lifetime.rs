//! The lifetime of a token, from the member `expires_in`.
//!
//! The member is advisory, so no value of it makes a response invalid. The reader reports each deviation.

use alloc::vec::Vec;
use core::time::Duration;

use wellspring_core::Deviation;

use crate::json::{Json, Number};

/// The longest lifetime: ten years. A longer lifetime in a response is cut to this.
pub const LONGEST_LIFETIME: Duration = Duration::from_secs(10 * 365 * 86_400);

/// What a lifetime counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LifetimeUnit {
    /// Seconds ([RFC 6749 §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)).
    #[default]
    Seconds,
    /// Thousandths of a second.
    Milliseconds,
    /// Minutes.
    Minutes,
}

impl LifetimeUnit {
    const fn of(self, number: u64) -> Duration {
        match self {
            Self::Seconds => Duration::from_secs(number),
            Self::Milliseconds => Duration::from_millis(number),
            Self::Minutes => Duration::from_secs(number.saturating_mul(60)),
        }
    }
}

/// What a lifetime means in the cases that the standard leaves open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LifetimeRules {
    pub(crate) unit: LifetimeUnit,
    pub(crate) zero_means_never: bool,
    pub(crate) minus_one_means_never: bool,
}

/// A lifetime before the rules are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RawLifetime {
    /// In the unit of the endpoint.
    Number(u64),
    Negative {
        one: bool,
    },
    Unreadable,
}

impl LifetimeRules {
    /// The lifetime in this member, if any. Adds each deviation to `deviations`.
    pub(crate) fn read(self, value: Option<&Json>, deviations: &mut Vec<Deviation>) -> Option<Duration> {
        let raw = match value {
            None | Some(Json::Null) => return None,
            Some(Json::Number(number)) => read_number(*number, deviations),
            Some(Json::Text(text)) => read_text(text, deviations),
            Some(Json::Bool(_) | Json::Array(_) | Json::Object(_)) => RawLifetime::Unreadable,
        };
        match raw {
            RawLifetime::Unreadable => {
                deviations.push(Deviation::LifetimeUnreadable);
                None
            }
            RawLifetime::Number(0) if self.zero_means_never => Some(LONGEST_LIFETIME),
            RawLifetime::Negative { one: true } if self.minus_one_means_never => Some(LONGEST_LIFETIME),
            RawLifetime::Number(0) | RawLifetime::Negative { .. } => {
                deviations.push(Deviation::LifetimeIsOver);
                Some(Duration::ZERO)
            }
            RawLifetime::Number(number) if self.unit.of(number) > LONGEST_LIFETIME => {
                deviations.push(Deviation::LifetimeIsCut);
                Some(LONGEST_LIFETIME)
            }
            RawLifetime::Number(number) => Some(self.unit.of(number)),
        }
    }
}

/// The seconds in a member of another response than a token response, read as leniently as a token lifetime. A negative
/// number is zero.
#[must_use]
pub fn seconds_of(value: Option<&Json>) -> Option<Duration> {
    LifetimeRules::default().read(value, &mut Vec::new())
}

fn read_number(number: Number, deviations: &mut Vec<Deviation>) -> RawLifetime {
    match number {
        Number::Unsigned(seconds) => RawLifetime::Number(seconds),
        Number::Signed(seconds) => RawLifetime::Negative { one: seconds == -1 },
        Number::Float(seconds) if seconds < 0.0 => RawLifetime::Negative { one: seconds == -1.0 },
        // The cast rounds down and saturates.
        Number::Float(seconds) => {
            let whole = seconds as u64;
            if whole as f64 != seconds && whole != u64::MAX {
                deviations.push(Deviation::LifetimeIsFractional);
            }
            RawLifetime::Number(whole)
        }
    }
}

/// Reads decimal digits with an optional sign, an optional fraction and white space around them.
fn read_text(text: &str, deviations: &mut Vec<Deviation>) -> RawLifetime {
    let text = text.trim_ascii();
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !fraction.is_none_or(digits) {
        return RawLifetime::Unreadable;
    }
    deviations.push(Deviation::LifetimeIsText);
    if fraction.is_some_and(|fraction| fraction.bytes().any(|byte| byte != b'0')) {
        deviations.push(Deviation::LifetimeIsFractional);
    }
    // A number that does not fit means the longest lifetime.
    let seconds = whole.parse().unwrap_or(u64::MAX);
    match negative {
        true if seconds > 0 => RawLifetime::Negative { one: seconds == 1 },
        _ => RawLifetime::Number(seconds),
    }
}
