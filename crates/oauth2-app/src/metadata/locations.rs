//! The two locations of an issuer's metadata, and which failure to report if both fail.

use wellspring_core::{HttpResponse, TokenError, TransportError, UnixTime};

use super::{Discovery, Metadata};

/// Why a location has no usable metadata.
#[derive(Debug)]
pub(crate) struct LocationFailure {
    reason: Reason,
    pub(crate) error: TokenError,
}

/// The reasons, ordered by how much they say about the issuer, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// The server has no document there.
    NotFound,
    /// The server answers with a document other than metadata, as many sites do for any URL.
    NotMetadata,
    /// The server denies access, fails, or cannot be reached.
    RequestFailed,
    /// The metadata is there and cannot be used.
    Unusable,
}

impl LocationFailure {
    /// The error of the location that says more; this one's if both say the same.
    pub(crate) fn or(self, other: Self) -> TokenError {
        if other.reason > self.reason { other.error } else { self.error }
    }
}

/// Reads the result of the request to one location.
pub(crate) fn read_location(
    discovery: &Discovery,
    result: Result<HttpResponse, TransportError>,
    now: UnixTime,
) -> Result<Metadata, LocationFailure> {
    let response = result
        .map_err(|error| LocationFailure { reason: Reason::RequestFailed, error: error.into_error() })?;
    discovery.read(&response, now).map_err(|error| {
        let reason = match (response.status(), error.status()) {
            (404 | 410, _) => Reason::NotFound,
            // An error about the contents of metadata carries no status; every other error carries it.
            (200..=299, None) => Reason::Unusable,
            (200..=299, Some(_)) => Reason::NotMetadata,
            _ => Reason::RequestFailed,
        };
        LocationFailure { reason, error }
    })
}
