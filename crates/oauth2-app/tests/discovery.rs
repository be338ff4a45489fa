//! Where an issuer's metadata is looked for, and what is told where it is in neither place: over both transports.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use core::time::Duration;
use std::sync::Mutex;

use oauth2_app::{Metadata, asynchronous, blocking};
use wellspring_core::{
    ErrorKind, HttpRequest, HttpResponse, ResponseHead, TokenError, TransportError, TransportErrorKind,
};
use wellspring_transport_async::Body as AsyncBody;
use wellspring_transport_blocking::Body;

const ISSUER: &str = "https://as.example.com/tenant";
const WITHIN: Duration = Duration::from_secs(10);

/// What comes from one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Metadata,
    AnotherIssuers,
    /// What a single-page application answers wherever it is asked.
    Page,
    /// JSON of another kind.
    Json,
    Large,
    Missing,
    Closed,
    Down,
    Broken,
    Untrusted,
}

impl Place {
    fn answer(self) -> Result<HttpResponse, TransportError> {
        let of = |status, kind: &str, body: &str| {
            Ok(HttpResponse::new(ResponseHead::new(status).header("Content-Type", kind), body))
        };
        let json = |status, body: &str| of(status, "application/json", body);
        match self {
            Self::Metadata => json(200, &format!(r#"{{"issuer":"{ISSUER}"}}"#)),
            Self::AnotherIssuers => json(200, &format!(r#"{{"issuer":"{ISSUER}/"}}"#)),
            Self::Page => of(200, "text/html", "<!doctype html><title>Welcome</title>"),
            Self::Json => json(200, r#"{"message":"hello"}"#),
            Self::Large => json(200, &" ".repeat(300_000)),
            Self::Missing => of(404, "text/html", "<h1>Not found</h1>"),
            Self::Closed => json(403, "{}"),
            Self::Down => of(503, "text/plain", "later"),
            Self::Broken => Err(TransportError::new(TransportErrorKind::Ambiguous, "the connection broke")),
            Self::Untrusted => Err(TransportError::new(TransportErrorKind::Refused, "not to be trusted")),
        }
    }

    /// How its error is known again.
    fn told(self, error: &TokenError) -> bool {
        let text = error.to_string();
        match self {
            Self::Metadata => false,
            Self::AnotherIssuers => text == "the metadata is another issuer's",
            Self::Page => error.status() == Some(200) && text.contains("body starts: <!doctype"),
            Self::Json => text.starts_with("the answer is no metadata: it names no issuer"),
            Self::Large => text.starts_with("the metadata is larger than metadata is"),
            Self::Missing => error.status() == Some(404),
            Self::Closed => error.status() == Some(403),
            Self::Down => error.status() == Some(503),
            Self::Broken => text == "the connection broke",
            Self::Untrusted => text == "not to be trusted" && error.kind() == ErrorKind::Misconfigured,
        }
    }
}

/// A server with these two places, and the time that each question was given.
#[derive(Debug)]
struct Server {
    places: [Place; 2],
    given: Mutex<Vec<Duration>>,
}

impl Server {
    fn answer(&self, request: &HttpRequest, within: Duration) -> Result<HttpResponse, TransportError> {
        self.given.lock().unwrap().push(within);
        let [first, second] = self.places;
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

    fn call(&self, _: http::Request<Body>, _: Duration) -> Result<http::Response<Body>, TransportError> {
        unreachable!("nothing is called here")
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
        _: Duration,
    ) -> Result<http::Response<AsyncBody>, TransportError> {
        unreachable!("nothing is called here")
    }
}

type Discovered = Result<Metadata, TokenError>;

/// What each way of calling finds there, and the times that it gave.
fn discovered(places: [Place; 2], within: Duration) -> [(Discovered, Vec<Duration>); 2] {
    let server = || Server { places, given: Mutex::default() };
    let (one, other) = (server(), server());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let first = blocking::discover(&one, ISSUER, within);
    let second = runtime.block_on(asynchronous::discover(&other, ISSUER, within));
    [(first, one.given.into_inner().unwrap()), (second, other.given.into_inner().unwrap())]
}

#[test]
fn the_second_place_is_asked_whatever_became_of_the_first() {
    use Place::*;
    for first in [AnotherIssuers, Page, Json, Large, Missing, Closed, Down, Broken, Untrusted] {
        for (found, given) in discovered([first, Metadata], WITHIN) {
            assert_eq!(found.unwrap().issuer, ISSUER, "{first:?}");
            assert!(given.len() == 2 && given[0] == WITHIN && given[1] <= WITHIN, "{given:?}");
        }
    }
    for (found, given) in discovered([Metadata, Missing], WITHIN) {
        assert!(found.is_ok() && given.len() == 1);
    }
}

#[test]
fn where_neither_place_has_metadata_the_one_that_says_more_is_told() {
    use Place::*;
    for (more, less) in [
        (AnotherIssuers, &[Page, Json, Large, Missing, Closed, Down, Broken, Untrusted][..]),
        (Broken, &[Page, Json, Large, Missing]),
        (Untrusted, &[Page, Json, Large, Missing]),
        (Down, &[Page, Json, Large, Missing]),
        (Closed, &[Page, Json, Large, Missing]),
        (Page, &[Missing]),
        (Json, &[Missing]),
        (Large, &[Missing]),
    ] {
        for &less in less {
            for places in [[more, less], [less, more]] {
                for (found, _) in discovered(places, WITHIN) {
                    let error = found.unwrap_err();
                    assert!(more.told(&error), "{places:?}: {error}");
                }
            }
        }
    }
    for same in [[Broken, Down], [Page, Json], [Missing, Missing]] {
        for (found, _) in discovered(same, WITHIN) {
            assert!(same[0].told(&found.unwrap_err()), "{same:?}: the first");
        }
    }
}

#[test]
fn once_the_time_is_over_nothing_more_is_asked() {
    for (found, given) in discovered([Place::Broken, Place::Metadata], Duration::ZERO) {
        assert!(Place::Broken.told(&found.unwrap_err()));
        assert_eq!(given, [Duration::ZERO]);
    }
}
