//! How long a token lives, out of whatever a server writes into `expires_in`.
//!
//! The member is advisory, so no value of it makes an answer useless; what had to be overlooked is reported.

use alloc::vec::Vec;
use core::time::Duration;

use wellspring_core::Deviation;

use crate::{Json, Number};

/// The longest lifetime there is: ten years. What is said to live longer lives this long.
pub const LONGEST_LIFETIME: Duration = Duration::from_secs(10 * 365 * 86_400);

/// What a lifetime means where the standard leaves it open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LifetimeRules {
    pub(crate) zero_means_never: bool,
    pub(crate) minus_one_means_never: bool,
}

/// A lifetime before the rules are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    Seconds(u64),
    Negative { one: bool },
    Unreadable,
}

impl LifetimeRules {
    /// The lifetime in this member, if it names one; what was overlooked is added to `noted`.
    pub(crate) fn read(self, value: Option<&Json>, noted: &mut Vec<Deviation>) -> Option<Duration> {
        let written = match value {
            None | Some(Json::Null) => return None,
            Some(Json::Number(number)) => of_number(*number, noted),
            Some(Json::Text(text)) => of_text(text, noted),
            Some(Json::Bool(_) | Json::Array(_) | Json::Object(_)) => Written::Unreadable,
        };
        match written {
            Written::Unreadable => {
                noted.push(Deviation::LifetimeUnreadable);
                None
            }
            Written::Seconds(0) if self.zero_means_never => Some(LONGEST_LIFETIME),
            Written::Negative { one: true } if self.minus_one_means_never => Some(LONGEST_LIFETIME),
            Written::Seconds(0) | Written::Negative { .. } => {
                noted.push(Deviation::LifetimeIsOver);
                Some(Duration::ZERO)
            }
            Written::Seconds(seconds) if seconds > LONGEST_LIFETIME.as_secs() => {
                noted.push(Deviation::LifetimeIsCut);
                Some(LONGEST_LIFETIME)
            }
            Written::Seconds(seconds) => Some(Duration::from_secs(seconds)),
        }
    }
}

/// The seconds in this member of another answer than a token response, read as leniently; zero is over already.
#[must_use]
pub fn seconds_of(value: Option<&Json>) -> Option<Duration> {
    LifetimeRules::default().read(value, &mut Vec::new())
}

fn of_number(number: Number, noted: &mut Vec<Deviation>) -> Written {
    match number {
        Number::Unsigned(seconds) => Written::Seconds(seconds),
        Number::Signed(seconds) => Written::Negative { one: seconds == -1 },
        Number::Float(seconds) if seconds < 0.0 => Written::Negative { one: seconds == -1.0 },
        // The cast rounds down and saturates.
        Number::Float(seconds) => {
            let whole = seconds as u64;
            if whole as f64 != seconds && whole != u64::MAX {
                noted.push(Deviation::LifetimeIsFractional);
            }
            Written::Seconds(whole)
        }
    }
}

/// Decimal digits, with a sign and a fraction at most, and white space around them.
fn of_text(text: &str, noted: &mut Vec<Deviation>) -> Written {
    let text = text.trim_ascii();
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !fraction.is_none_or(digits) {
        return Written::Unreadable;
    }
    noted.push(Deviation::LifetimeIsText);
    if fraction.is_some_and(|fraction| fraction.bytes().any(|byte| byte != b'0')) {
        noted.push(Deviation::LifetimeIsFractional);
    }
    // Digits that do not fit are too many, not wrong.
    let seconds = whole.parse().unwrap_or(u64::MAX);
    match negative {
        true if seconds > 0 => Written::Negative { one: seconds == 1 },
        _ => Written::Seconds(seconds),
    }
}
