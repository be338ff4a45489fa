//! The grant that a client makes by itself for each token request.

use core::fmt;
use std::sync::Arc;

use wellspring_core::{GrantParameters, TokenError, UnixTime};

/// Makes the parameters of one token request.
type Parameters = dyn Fn(UnixTime) -> Result<GrantParameters, TokenError> + Send + Sync;

/// A grant with its own `grant_type`, whose parameters the client makes anew for each token request.
#[derive(Clone)]
pub(crate) struct OwnGrant {
    pub(crate) grant_type: String,
    /// Whose tokens it brings.
    pub(crate) subject: String,
    parameters: Arc<Parameters>,
}

impl OwnGrant {
    pub(crate) fn new(
        grant_type: String,
        subject: String,
        parameters: impl Fn(UnixTime) -> Result<GrantParameters, TokenError> + Send + Sync + 'static,
    ) -> Self {
        Self { grant_type, subject, parameters: Arc::new(parameters) }
    }

    /// The parameters of a request that is sent now.
    pub(crate) fn parameters(&self, now: UnixTime) -> Result<GrantParameters, TokenError> {
        (self.parameters)(now)
    }
}

impl fmt::Debug for OwnGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnGrant").field("grant_type", &self.grant_type).finish_non_exhaustive()
    }
}
