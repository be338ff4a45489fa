//! What both ways of calling share: requests and answers in the `http` crate's terms, and what a sign-in fails with.

use core::error::Error;
use core::fmt;

use wellspring_core::{HttpRequest, HttpResponse, ResponseHead, TokenError};

use crate::{CallbackError, PendingLogin};

/// The most bytes of an answer that are read.
pub(crate) const LONGEST: usize = 1 << 20;

/// Why a sign-in brought no token.
#[derive(Debug)]
#[non_exhaustive]
pub enum SignInError {
    /// The callback brings no code to spend. The sign-in may still be under way:
    /// see [`into_pending`](Self::into_pending).
    Callback(CallbackError),
    /// The code was spent, and brought no token. It is not sent again: the user has to sign in once more.
    Token(TokenError),
}

impl SignInError {
    /// The sign-in, where it is still under way: the callback was not its answer.
    #[must_use]
    pub fn into_pending(self) -> Option<PendingLogin> {
        match self {
            Self::Callback(error) => error.into_pending(),
            Self::Token(_) => None,
        }
    }
}

impl From<CallbackError> for SignInError {
    fn from(error: CallbackError) -> Self {
        Self::Callback(error)
    }
}

impl From<TokenError> for SignInError {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

impl fmt::Display for SignInError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Callback(error) => error.fmt(f),
            Self::Token(error) => error.fmt(f),
        }
    }
}

impl Error for SignInError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Callback(error) => error.source(),
            Self::Token(error) => error.source(),
        }
    }
}

/// A call without a body, to which a source adds the token.
pub(crate) fn call(request: &HttpRequest) -> Result<http::Request<()>, TokenError> {
    let mut call = http::Request::builder().method(request.method().as_str()).uri(request.url());
    for header in request.headers() {
        call = call.header(header.name(), header.expose());
    }
    call.body(()).map_err(|_| TokenError::misconfigured("the endpoint's URL cannot be called"))
}

pub(crate) fn answer(head: &http::response::Parts, body: Vec<u8>) -> HttpResponse {
    let start = ResponseHead::new(head.status.as_u16());
    let head = head.headers.iter().fold(start, |start, (name, value)| {
        start.header(name.as_str(), String::from_utf8_lossy(value.as_bytes()))
    });
    HttpResponse::new(head, body)
}
