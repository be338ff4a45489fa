//! Header fields of a response: challenges, dates and `Retry-After`.
#![no_main]

use std::time::UNIX_EPOCH;

use libfuzzer_sys::fuzz_target;
use wellspring_core::{ResponseHead, UnixTime, Verdict};
use wellspring_fuzz::{lines, status};
use wellspring_wire::{Challenge, challenges, date_of, http_date, judge_bearer, retry_after};

fuzz_target!(|input: &[u8]| {
    let Some(([code, now, challenge, pause, date], _)) = lines(input) else { return };
    let now = UnixTime::from_secs(now.parse().unwrap_or(1_760_000_000));
    let head = ResponseHead::new(status(code))
        .header("WWW-Authenticate", challenge)
        .header("Retry-After", pause)
        .header("Date", date);
    let _ = (date_of(&head, now), retry_after(&head, now));
    assert!(!(head.is_success() && judge_bearer(&head) != Verdict::Accepted), "a success refuses the token");
    same_when_written_again(&challenges(&head));
    same_as_httpdate(date, now);
    same_as_httpdate(pause, now);
});

/// Challenges that are written as RFC 9110 says and read again are the same.
fn same_when_written_again(read: &[Challenge]) {
    let written: Vec<String> = read.iter().map(write).collect();
    let again = challenges(&ResponseHead::new(401).header("WWW-Authenticate", written.join(", ")));
    assert_eq!(again, read, "{written:?}");
}

fn write(challenge: &Challenge) -> String {
    let quoted = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"");
    let parameters = challenge.parameters.iter().map(|(name, value)| format!("{name}=\"{}\"", quoted(value)));
    let parameters: Vec<String> = challenge.token68.iter().cloned().chain(parameters).collect();
    format!("{} {}", challenge.scheme, parameters.join(", "))
}

/// A date that another reader accepts is the same second here. The years of two digits are read by different rules,
/// and the other reader accepts any end of the obsolete format without them.
fn same_as_httpdate(text: &str, now: UnixTime) {
    if text.contains('-') || !matches!(text.len(), 24 | 29) || !text.is_ascii() {
        return;
    }
    let Ok(time) = httpdate::parse_http_date(text) else { return };
    let Ok(since) = time.duration_since(UNIX_EPOCH) else { return };
    assert_eq!(http_date(text, now).map(UnixTime::as_secs), Some(since.as_secs()), "{text}");
}
