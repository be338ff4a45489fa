//! The client that a program may have already.

use ureq::{Agent, SendBody};
use wellspring_core::TokenError;
use wellspring_transport_blocking::{AttachMiddleware, Body, TokenSource};

/// A kind of client: there is one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Ureq,
}

pub(crate) const KINDS: [Kind; 1] = [Kind::Ureq];

impl Kind {
    /// With this source's tokens on every call.
    pub(crate) fn over(self, source: &TokenSource) -> Client {
        Client(AttachMiddleware::new(source.clone()).over(agent()))
    }

    /// With the tokens of the source among each call's extensions.
    pub(crate) fn per_request(self) -> Client {
        Client(AttachMiddleware::per_request().over(agent()))
    }
}

fn agent() -> Agent {
    Agent::config_builder().http_status_as_error(false).build().new_agent()
}

#[derive(Clone)]
pub(crate) struct Client(Agent);

/// Why there is no response: the error of the token, and all that can be shown.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) token: Option<TokenError>,
    pub(crate) shown: String,
}

impl Client {
    pub(crate) fn send(&self, request: http::Request<Body>) -> Result<http::Response<Body>, Failure> {
        let (parts, body) = request.into_parts();
        let answer = match body.again() {
            Some(empty) if empty.is_empty() => self.0.run(http::Request::from_parts(parts, ())),
            Some(bytes) => {
                let bytes = bytes.bytes(usize::MAX).unwrap();
                self.0.run(http::Request::from_parts(parts, &*bytes))
            }
            None => {
                let body = SendBody::from_owned_reader(body);
                self.0.run(http::Request::from_parts(parts, body))
            }
        };
        answer.map(|answer| answer.map(|body| Body::once(body.into_reader()))).map_err(|error| Failure {
            shown: format!("{error:?} {error}"),
            token: match error {
                ureq::Error::Other(error) => error.downcast::<TokenError>().ok().map(|error| *error),
                _ => None,
            },
        })
    }
}

/// A body that the client cannot send again: it is longer than what the transport keeps.
pub(crate) fn once_only() -> Body {
    Body::once(std::io::Cursor::new(vec![b'x'; (1 << 20) + 1]))
}
