//! What each program returns.

pub(crate) type Outcome = Result<(), Box<dyn core::error::Error>>;
