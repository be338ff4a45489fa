//! Why a typed call failed.

use thiserror::Error;
use wellspring_core::TokenError;

use crate::api_error::ApiError;

/// Why a typed call failed.
#[derive(Clone, Debug, Error)]
#[error(transparent)]
#[non_exhaustive]
pub enum CallError {
    /// The source has no token, or the API did not answer.
    Token(#[from] TokenError),
    /// The API refused the call, or its answer was not the expected one.
    Api(#[from] ApiError),
}
