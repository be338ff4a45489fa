//! The two places where an issuer's metadata may be, and which of them says more where neither has it.

use wellspring_core::{HttpResponse, TokenError, TransportError, UnixTime};

use crate::{Discovery, Metadata};

/// Why there is no metadata in a place.
#[derive(Debug)]
pub(crate) struct NotThere {
    says: Says,
    pub(crate) error: TokenError,
}

/// How much that says of the issuer, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Says {
    /// There is no such place.
    Nothing,
    /// There is something else, as there is at any URL of many a site.
    SomethingElse,
    /// Nobody knows: the place is closed, broken or out of reach.
    Failure,
    /// There is metadata, which cannot be used.
    Unusable,
}

impl NotThere {
    /// The error of the place that says more, or this one's.
    pub(crate) fn or(self, other: Self) -> TokenError {
        if other.says > self.says { other.error } else { self.error }
    }
}

/// What one of the places has brought.
pub(crate) fn found(
    discovery: &Discovery,
    answer: Result<HttpResponse, TransportError>,
    now: UnixTime,
) -> Result<Metadata, NotThere> {
    let answer = answer.map_err(|error| NotThere { says: Says::Failure, error: error.into_error() })?;
    discovery.read(&answer, now).map_err(|error| {
        let says = match (answer.status(), error.status()) {
            (404 | 410, _) => Says::Nothing,
            // Of metadata it is said what is wrong with it, of everything else what came.
            (200..=299, None) => Says::Unusable,
            (200..=299, Some(_)) => Says::SomethingElse,
            _ => Says::Failure,
        };
        NotThere { says, error }
    })
}
