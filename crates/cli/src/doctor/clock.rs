//! Compares this machine's clock with the clock of each token endpoint.
//!
//! The check sends one GET without a credential. Every response carries a `Date`, whatever its status
//! ([RFC 9110 §6.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1)).

use core::time::Duration;

use wellspring_core::{
    AuthorizationGrant, HttpRequest, Method, Origin, RefreshToken, TransportError, UnixTime,
};
use wellspring_transport_blocking::{Clock, Transport as _, UreqTransport};
use wellspring_wire::date_of;

use crate::doctor::report::Report;
use crate::exit::{Exit, Failure};
use crate::source::Parts;
use crate::span::Span;

/// The time for one response.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);
/// A harmless difference: a `Date` has whole seconds, and the response needs time to arrive.
pub(super) const TOLERANCE: Duration = Duration::from_secs(60);

/// Asks the token endpoint for its time, unless an endpoint of the same origin was asked before.
pub(super) fn check(parts: &Parts, asked: &mut Vec<Origin>, report: &mut Report) {
    let now = || Clock::system().now().unix;
    if parts.provider.own_token(now()).is_some() {
        return;
    }
    let grant = match parts.provider.spec().credentials {
        true => AuthorizationGrant::ClientCredentials,
        // Only the URL of the request is used.
        false => AuthorizationGrant::RefreshToken(RefreshToken::new("none")),
    };
    let url = match parts.provider.request(&grant, now()) {
        // The query of a vendor's GET holds the client secret.
        Ok(request) => without_query(request.url()).to_owned(),
        Err(error) => return report.failed(&Failure::from(error)),
    };
    let Ok(origin) = Origin::of(&url) else { return };
    if asked.contains(&origin) {
        return;
    }
    asked.push(origin.clone());
    let question = HttpRequest::new(Method::Get, url);
    let before = now();
    let answer = UreqTransport::new(parts.tls.clone()).and_then(|transport| {
        transport.exchange(&question, RESPONSE_TIMEOUT).map_err(TransportError::into_error)
    });
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let why = crate::exit::with_causes(&error);
            return report.wrong(
                Exit::TryLater,
                format_args!("{origin} does not answer a request for its time: {why}"),
            );
        }
    };
    let after = now();
    let Some(date) = date_of(answer.head(), after) else {
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

fn without_query(url: &str) -> &str {
    url.split_once('?').map_or(url, |(url, _)| url)
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
