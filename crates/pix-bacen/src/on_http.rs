//! What both ways of calling share: calls as requests of the `http` crate, and what a call can fail with.

use core::error::Error;
use core::fmt;

use wellspring_core::TokenError;

use crate::{ApiError, Call};

/// The most bytes of an API's answer that are read.
pub(crate) const LONGEST: usize = 1 << 20;

/// Why a call brought nothing.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum CallError {
    /// There was no token, or no answer.
    Token(TokenError),
    /// The API said no.
    Api(ApiError),
}

impl From<TokenError> for CallError {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

impl From<ApiError> for CallError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(error) => error.fmt(f),
            Self::Api(error) => error.fmt(f),
        }
    }
}

impl Error for CallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Token(error) => error.source(),
            Self::Api(error) => error.source(),
        }
    }
}

pub(crate) fn request(call: &Call) -> Result<http::Request<Option<String>>, TokenError> {
    let mut request = http::Request::builder().method(call.method()).uri(call.url());
    if call.json().is_some() {
        request = request.header(http::header::CONTENT_TYPE, "application/json");
    }
    let request = request.body(call.json().map(str::to_owned));
    request.map_err(|_| TokenError::misconfigured("the gateway's URL cannot be called"))
}
