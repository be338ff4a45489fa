//! Any token endpoint as data: what its requests hold and how its answers are read.
//!
//! Many token endpoints take a client's credentials in their own way: as JSON, under other names, in another header. A
//! [`TokenRequestSpec`] says how, as data. Together with a URL it is a [`TokenEndpoint`], and with a client's credentials a
//! [`TokenClient`], which is a [`Provider`](wellspring_core::Provider): a token source acquires and renews its tokens.
//!
//! ```
//! use wellspring_core::{AuthorizationGrant, Provider as _, UnixTime};
//! use wellspring_token_endpoint::{ClientAuthentication, Encoding, TokenEndpoint, TokenRequestSpec};
//!
//! // Basic authentication, `{"grant_type":"client_credentials"}` as JSON.
//! let spec = TokenRequestSpec::new("/v1/token")
//!     .encoding(Encoding::Json)
//!     .authentication(ClientAuthentication::BasicUnencoded)
//!     .parameter("grant_type", "client_credentials")
//!     .header("X-Application-Key", "canary");
//! let client = TokenEndpoint::new("https://api.example.com", spec)?
//!     .credentials("id", "secret")?
//!     .api_url("https://api.example.com")?;
//!
//! let request = client.request(&AuthorizationGrant::ClientCredentials, UnixTime::EPOCH)?;
//! assert_eq!(request.url(), "https://api.example.com/v1/token");
//! assert_eq!(request.expose_body(), br#"{"grant_type":"client_credentials"}"#);
//! # Ok::<(), wellspring_core::TokenError>(())
//! ```
//!
//! In scope: one request and its answers. Out of scope: signing users in (`oauth2-app`), the calls of one API (the other
//! provider crates), I/O.
#![forbid(unsafe_code)]

mod check;
mod client;
mod credentials;
mod endpoint;
mod request;
mod spec;
mod static_token;

// The public interface is:
pub use client::TokenClient;
pub use credentials::Warning;
pub use endpoint::{TokenEndpoint, checked_base_url};
pub use request::ClientIdentity;
pub use spec::{ClientAuthentication, Encoding, TokenRequestSpec};
pub use static_token::StaticToken;
pub use wellspring_wire::{
    LifetimeUnit, Meaning, TokenFormat, TokenNames, form_decode, json_body, judge_bearer, rfc3339,
};
