//! Access tokens for PIX gateways (GoForge, Fire Banking and their family).
//!
//! ```
//! use pix_bacen::Gateway;
//! use wellspring_simulator::Simulator;
//! use wellspring_transport_blocking::TokenSource;
//!
//! // A simulated gateway; `Gateway::goforge()` and its siblings name the real ones.
//! let simulator = Simulator::builder().start()?;
//! let gateway = Gateway::base_url(&simulator.url())?.credentials("your-client-id", "your-client-secret")?;
//! let balances = gateway.balances();
//!
//! let source = TokenSource::builder(gateway).build()?;
//! let answer = source.send(http::Request::get(balances.url()).body(())?)?;
//! assert_eq!(answer.status(), 200);
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! Several brands run one white-label platform. A [`Gateway`] is a base URL, a client, and a [`TokenRequestSpec`] that
//! describes the token request. The presets follow the published page, whose token request is a client credentials grant
//! in all but name: JSON instead of a form, `clientId` and `clientSecret`, no `grant_type`. [`Endpoint::standard`] is the
//! vendor's other API. For another PIX provider, write your own spec.
//! What is not particular to these gateways is in `wellspring-token-endpoint`.
//!
//! - [`Gateway`] is a [`Provider`](wellspring_core::Provider): a token source acquires and renews its tokens.
//! - [`Gateway::put_cob`] and [`Gateway::balances`] build API calls; [`Charge`], [`Balance`] and [`ApiError`] read the
//!   answers.
//! - The features `async` and `blocking` add a `Client` that makes these calls.
//!
//! In scope: requests and answers. Out of scope: sockets, TLS, stores. Without features this crate does no I/O, except
//! [`Endpoint::credentials_from_env`], which reads two environment variables.
#![forbid(unsafe_code)]

mod api_error;
#[cfg(feature = "async")]
pub mod asynchronous;
mod balance;
#[cfg(feature = "blocking")]
pub mod blocking;
mod call;
#[cfg(any(feature = "async", feature = "blocking"))]
mod call_error;
#[cfg(any(feature = "async", feature = "blocking"))]
mod calls;
mod charge;
mod endpoint;
mod environment;
mod gateway;
mod preset;
mod specs;
mod txid;

// The public interface is:
pub use api_error::{ApiError, Violation};
pub use balance::Balance;
pub use call::Call;
#[cfg(any(feature = "async", feature = "blocking"))]
pub use call_error::CallError;
pub use charge::Charge;
pub use endpoint::Endpoint;
pub use gateway::Gateway;
pub use txid::Txid;
pub use wellspring_token_endpoint::{ClientAuthentication, Encoding, TokenFormat, TokenRequestSpec, Warning};
