//! Access tokens for PIX gateways (GoForge, Fire Banking and their family).
//!
//! One white-label platform, many brands: a [`Gateway`] is a base URL, a client, and a [`TokenRequestSpec`] that
//! says how the token request looks. The presets speak the published page's dialect, which is client credentials
//! in all but name: JSON instead of a form, `clientId` and `clientSecret`, no `grant_type`.
//! [`Endpoint::standard`] is the vendor's other dialect, and a spec of one's own fits other PIX providers.
//!
//! - [`Gateway`] is a [`Provider`](wellspring_core::Provider): tokens are acquired and kept by whatever drives it.
//! - [`Gateway::put_cob`] and [`Gateway::balances`] write API calls; [`Charge`], [`Balance`] and [`ApiError`] read
//!   the answers.
//! - The features `async` and `blocking` add a `Client` that makes these calls.
//!
//! In scope: requests and answers. Out of scope: sockets, TLS, stores. Without features nothing here does I/O, but
//! for [`Endpoint::credentials_from_env`], which reads two variables.
#![forbid(unsafe_code)]

mod api_error;
#[cfg(feature = "async")]
pub mod asynchronous;
mod balance;
#[cfg(feature = "blocking")]
pub mod blocking;
mod call;
mod certificate;
mod charge;
mod credentials;
mod endpoint;
mod gateway;
#[cfg(any(feature = "async", feature = "blocking"))]
mod on_http;
mod preset;
mod spec;

// The public interface is:
pub use api_error::{ApiError, Violation};
pub use balance::Balance;
pub use call::{Call, Txid};
pub use charge::Charge;
pub use credentials::Warning;
pub use endpoint::Endpoint;
pub use gateway::Gateway;
#[cfg(any(feature = "async", feature = "blocking"))]
pub use on_http::CallError;
pub use spec::{ClientAuthentication, Encoding, TokenRequestSpec};
pub use wellspring_wire::TokenFormat;
