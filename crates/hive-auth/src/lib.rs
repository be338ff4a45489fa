//! Access tokens for the Hive blockchain APIs.
//!
//! The provider speaks no OAuth: an id and a secret key become an access token and a refresh token, both JWTs,
//! in an envelope with a code; nothing but the tokens themselves says how long they live; the refresh token
//! travels in the `Authorization` header of a request without a body. What the published page leaves open or
//! contradicts is named H1 to H9 in the tests.
//!
//! - [`HiveAuth`] is a [`Provider`](wellspring_core::Provider): tokens are acquired and kept by whatever drives
//!   it. Credentials are always at hand, so a refused refresh token costs one more request and never a person.
//! - Calls carry the access token as `Authorization: Bearer ..`. The page does not say which scheme the APIs
//!   want; one that wants the bare token has to be called with a client of one's own.
//!
//! In scope: requests and answers. Out of scope: sockets, TLS, stores. Nothing here does I/O, but for
//! [`Endpoint::credentials_from_env`], which reads two variables.
#![forbid(unsafe_code)]

mod codes;
#[cfg(any(feature = "async", feature = "blocking"))]
mod connect;
mod endpoint;
mod envelope;
mod hive;
mod reading;

// The public interface is:
pub use endpoint::Endpoint;
pub use hive::HiveAuth;
