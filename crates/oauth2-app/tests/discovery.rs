//! Discovery over both transports: the two locations, and the error if both fail.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

use core::time::Duration;
use std::sync::Mutex;

use oauth2_app::{Metadata, asynchronous, blocking};
use wellspring_core::{
    ErrorKind, HttpRequest, HttpResponse, ResponseHead, TokenError, TransportError, TransportErrorKind,
};
use wellspring_transport_async::Body as AsyncBody;
use wellspring_transport_blocking::{Body, CallLimits};

const ISSUER: &str = "https://as.example.com/tenant";
const WITHIN: Duration = Duration::from_secs(10);

/// The answer of one location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Location {
    Metadata,
    OtherIssuer,
    /// The page of a single-page application, which answers any URL.
    Page,
    /// JSON that is not metadata.
    OtherJson,
    Large,
    Missing,
    Closed,
    Down,
    Broken,
    Untrusted,
}

impl Location {
    fn answer(self) -> Result<HttpResponse, TransportError> {
        let of = |status, kind: &str, body: &str| {
            Ok(HttpResponse::new(ResponseHead::new(status).header("Content-Type", kind), body))
        };
        let json = |status, body: &str| of(status, "application/json", body);
        match self {
            Self::Metadata => json(200, &format!(r#"{{"issuer":"{ISSUER}"}}"#)),
            Self::OtherIssuer => json(200, &format!(r#"{{"issuer":"{ISSUER}/"}}"#)),
            Self::Page => of(200, "text/html", "<!doctype html><title>Welcome</title>"),
            Self::OtherJson => json(200, r#"{"message":"hello"}"#),
            Self::Large => json(200, &" ".repeat(300_000)),
            Self::Missing => of(404, "text/html", "<h1>Not found</h1>"),
            Self::Closed => json(403, "{}"),
            Self::Down => of(503, "text/plain", "later"),
            Self::Broken => Err(TransportError::new(TransportErrorKind::Ambiguous, "the connection broke")),
            Self::Untrusted => Err(TransportError::new(TransportErrorKind::Refused, "not to be trusted")),
        }
    }

    /// Whether the error comes from this location.
    fn reported(self, error: &TokenError) -> bool {
        let text = error.to_string();
        match self {
            Self::Metadata => false,
            Self::OtherIssuer => text == "the metadata names another issuer",
            Self::Page => error.status() == Some(200) && text.contains("body starts: <!doctype"),
            Self::OtherJson => text.starts_with("the answer is not metadata: it names no issuer"),
            Self::Large => text.starts_with("the metadata is larger than 256 KiB"),
            Self::Missing => error.status() == Some(404),
            Self::Closed => error.status() == Some(403),
            Self::Down => error.status() == Some(503),
            Self::Broken => text == "the connection broke",
            Self::Untrusted => text == "not to be trusted" && error.kind() == ErrorKind::Misconfigured,
        }
    }
}

/// A server with these two locations, and the time limit of each request.
#[derive(Debug)]
struct Server {
    locations: [Location; 2],
    limits: Mutex<Vec<Duration>>,
}

impl Server {
    fn answer(&self, request: &HttpRequest, within: Duration) -> Result<HttpResponse, TransportError> {
        self.limits.lock().unwrap().push(within);
        let [first, second] = self.locations;
        match request.url() {
            "https://as.example.com/.well-known/oauth-authorization-server/tenant" => first.answer(),
            "https://as.example.com/tenant/.well-known/openid-configuration" => second.answer(),
            other => panic!("{other}"),
        }
    }
}

impl wellspring_transport_blocking::Transport for Server {
    fn exchange(&self, request: &HttpRequest, within: Duration) -> Result<HttpResponse, TransportError> {
        self.answer(request, within)
    }

    fn call(&self, _: http::Request<Body>, _: CallLimits) -> Result<http::Response<Body>, TransportError> {
        unreachable!("discovery makes no API call")
    }
}

#[async_trait::async_trait]
impl wellspring_transport_async::Transport for Server {
    async fn exchange(
        &self,
        request: &HttpRequest,
        within: Duration,
    ) -> Result<HttpResponse, TransportError> {
        self.answer(request, within)
    }

    async fn call(
        &self,
        _: http::Request<AsyncBody>,
        _: CallLimits,
    ) -> Result<http::Response<AsyncBody>, TransportError> {
        unreachable!("discovery makes no API call")
    }
}

type Discovered = Result<Metadata, TokenError>;

/// The result of each transport, and the time limits that it used.
fn discovered(locations: [Location; 2], within: Duration) -> [(Discovered, Vec<Duration>); 2] {
    let server = || Server { locations, limits: Mutex::default() };
    let (blocking_server, async_server) = (server(), server());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let first = blocking::discover(&blocking_server, ISSUER, within);
    let second = runtime.block_on(asynchronous::discover(&async_server, ISSUER, within));
    [
        (first, blocking_server.limits.into_inner().unwrap()),
        (second, async_server.limits.into_inner().unwrap()),
    ]
}

#[test]
fn the_second_location_is_tried_after_any_failure_of_the_first() {
    use Location::*;
    for first in [OtherIssuer, Page, OtherJson, Large, Missing, Closed, Down, Broken, Untrusted] {
        for (result, limits) in discovered([first, Metadata], WITHIN) {
            assert_eq!(result.unwrap().issuer, ISSUER, "{first:?}");
            assert!(limits.len() == 2 && limits[0] == WITHIN && limits[1] <= WITHIN, "{limits:?}");
        }
    }
    for (result, limits) in discovered([Metadata, Missing], WITHIN) {
        assert!(result.is_ok() && limits.len() == 1);
    }
}

#[test]
fn if_both_locations_fail_the_more_informative_error_is_reported() {
    use Location::*;
    for (more, less) in [
        (OtherIssuer, &[Page, OtherJson, Large, Missing, Closed, Down, Broken, Untrusted][..]),
        (Broken, &[Page, OtherJson, Large, Missing]),
        (Untrusted, &[Page, OtherJson, Large, Missing]),
        (Down, &[Page, OtherJson, Large, Missing]),
        (Closed, &[Page, OtherJson, Large, Missing]),
        (Page, &[Missing]),
        (OtherJson, &[Missing]),
        (Large, &[Missing]),
    ] {
        for &less in less {
            for locations in [[more, less], [less, more]] {
                for (result, _) in discovered(locations, WITHIN) {
                    let error = result.unwrap_err();
                    assert!(more.reported(&error), "{locations:?}: {error}");
                }
            }
        }
    }
    for same in [[Broken, Down], [Page, OtherJson], [Missing, Missing]] {
        for (result, _) in discovered(same, WITHIN) {
            assert!(same[0].reported(&result.unwrap_err()), "{same:?}: the first error is reported");
        }
    }
}

#[test]
fn the_second_location_is_not_tried_after_the_time_limit() {
    for (result, limits) in discovered([Location::Broken, Location::Metadata], Duration::ZERO) {
        assert!(Location::Broken.reported(&result.unwrap_err()));
        assert_eq!(limits, [Duration::ZERO]);
    }
}
