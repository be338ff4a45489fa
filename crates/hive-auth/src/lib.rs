//! Access tokens for the Hive blockchain APIs.
//!
//! ```
//! use hive_auth::HiveAuth;
//! use wellspring_simulator::{Endpoint, Simulator};
//! use wellspring_transport_blocking::TokenSource;
//!
//! // A simulated service; `HiveAuth::live()` and `HiveAuth::sandbox()` name the real ones.
//! let simulator = Simulator::builder().start()?;
//! let hive = HiveAuth::base_url(&simulator.url())?.credentials("test", "1234")?;
//!
//! let source = TokenSource::builder(hive).build()?;
//! assert!(source.authorization()?.to_str()?.starts_with("Bearer "));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! The auth service is not an OAuth server. The client sends an id and a secret key, and the service answers with an
//! access token and a refresh token in an envelope with a code. Both tokens are JWTs, and only the JWTs hold the
//! lifetimes. The client sends the refresh token in the `Authorization` header of a request without a body. The tests
//! number what the published page leaves open or contradicts: H1 to H9.
//!
//! - [`HiveAuth`] is a [`Provider`](wellspring_core::Provider): a token source acquires and renews its tokens. The
//!   provider always has credentials, so a refused refresh token costs one more request and never a sign-in.
//! - API calls carry the access token as `Authorization: Bearer ..`. The published page does not name the scheme. An API
//!   that expects the bare token needs your own client.
//!
//! In scope: requests and answers. Out of scope: sockets, TLS, stores. This crate does no I/O, except
//! [`Endpoint::credentials_from_env`], which reads two environment variables.
#![forbid(unsafe_code)]

mod codes;
#[cfg(any(feature = "async", feature = "blocking"))]
mod connect;
mod credentials;
mod endpoint;
mod envelope;
mod hive;
mod reading;

// The public interface is:
pub use endpoint::Endpoint;
pub use hive::HiveAuth;
