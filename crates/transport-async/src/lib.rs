//! Bearer tokens that never run dry, on tokio and reqwest.
#![forbid(unsafe_code)]
