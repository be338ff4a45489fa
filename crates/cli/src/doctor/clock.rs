//! Compares this machine's clock with that of a server. Every response carries a `Date`, whatever its status
//! ([RFC 9110 §6.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1)).

use core::time::Duration;

use wellspring_core::{Origin, ResponseHead, UnixTime};
use wellspring_wire::date_of;

use crate::doctor::report::Report;
use crate::exit::Exit;
use crate::span::Span;

/// A harmless difference: a `Date` has whole seconds, and the response needs time to arrive.
pub(super) const TOLERANCE: Duration = Duration::from_secs(60);

/// Compares the clocks by a response of this server to a request that was sent `before`, and that was there `after`.
pub(super) fn check(
    origin: &Origin,
    head: &ResponseHead,
    before: UnixTime,
    after: UnixTime,
    report: &mut Report,
) {
    let Some(date) = date_of(head, after) else {
        return report.note(format_args!("{origin} sends no Date"));
    };
    match difference(date, before, after) {
        Some((apart, side)) => report.wrong(
            Exit::Usage,
            format_args!("this machine's clock is {} {side} that of {origin}: set it", Span(apart)),
        ),
        None => report.fine(format_args!("this machine's clock agrees with that of {origin}")),
    }
}

/// The least difference and its direction, if no delay of the response explains it.
fn difference(date: UnixTime, before: UnixTime, after: UnixTime) -> Option<(Duration, &'static str)> {
    let behind = date.since(after);
    let ahead = before.since(date);
    if behind > TOLERANCE {
        Some((behind, "behind"))
    } else if ahead > TOLERANCE {
        Some((ahead, "ahead of"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_off_when_no_delay_can_explain_the_difference() {
        let at = UnixTime::from_secs;
        let off = |date, before, after| difference(at(date), at(before), at(after));
        assert_eq!(off(1_000, 1_000, 1_001), None);
        assert_eq!(off(1_060, 1_000, 1_000), None);
        assert_eq!(off(940, 1_000, 1_009), None);
        assert_eq!(off(1_100, 1_000, 1_001), Some((Duration::from_secs(99), "behind")));
        assert_eq!(off(900, 1_000, 1_009), Some((Duration::from_secs(100), "ahead of")));
    }
}
