//! Bearer tokens that never run dry: acquired, renewed before they expire, shared, persisted, and attached to API calls.
//!
//! A program builds one [`TokenSource`] for each credential and keeps it. With client credentials
//! ([RFC 6749 section 4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)):
//!
#![cfg_attr(feature = "async", doc = "```")]
#![cfg_attr(not(feature = "async"), doc = "```ignore")]
//! use wellspring::oauth2::{App, GrantType};
//! use wellspring::{TokenSource, http};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     # let simulator = wellspring_simulator::Simulator::builder().start()?;
//!     # let token_url = format!("{}/api/oauth2/token", simulator.url());
//!     # let api_url = format!("{}/api/oauth2/userinfo", simulator.url());
//!     let app = App::builder()
//!         .grant_type(GrantType::ClientCredentials)
//!         .token_url(&token_url)
//!         .client_id("client_abc123def456")
//!         .client_secret("secret_xyz789uvw012")
//!         .api_url(&api_url)
//!         .build()?;
//!     let source = TokenSource::builder(app).build()?;
//!     let answer = source.send(http::Request::get(&api_url).body(())?).await?;
//!     assert_eq!(answer.status(), 200);
//!     println!("{}", answer.into_body().text(1 << 20).await?);
//!     Ok(())
//! }
//! ```
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

/// The `http` crate in the version of this crate's signatures.
pub use http;

pub use wellspring_core::{
    AccessToken, Attachments, AuthorizationGrant, ClientSecret, ErrorKind, ExistingTokens, IdToken,
    LoginReason, Member, Members, Need, Policy, RefreshToken, Scope, SharedBy, Token, TokenError,
    TokenResponse,
};
#[cfg(feature = "async")]
pub use wellspring_transport_async::*;

/// The same types and methods in blocking code: a [`TokenSource`](blocking::TokenSource) over ureq, without any runtime.
#[cfg(feature = "blocking")]
pub mod blocking {
    pub use wellspring_transport_blocking::*;
}

/// Providers of any standard OAuth 2.0 server.
pub mod oauth2 {
    pub use oauth2_app::*;
}

/// Sign-in with a browser that comes back to a port of this machine (RFC 8252), for programs without a site.
#[cfg(feature = "loopback")]
pub mod loopback {
    pub use oauth2_app::loopback::*;
}

/// Any token endpoint as data: a provider without code.
pub mod token_endpoint {
    pub use wellspring_token_endpoint::*;
}

/// PIX gateways and the token endpoints of banks.
#[cfg(feature = "pix-bacen")]
pub mod pix_bacen {
    pub use pix_bacen::*;
}

/// The Hive blockchain's authentication API.
#[cfg(feature = "hive-auth")]
pub mod hive_auth {
    pub use hive_auth::*;
}

/// Sign-in with a browser, as routes of axum.
#[cfg(feature = "axum")]
pub mod axum {
    pub use oauth2_app_axum::*;
}

/// Stores, which keep tokens beyond the process and share them among processes.
pub mod store {
    pub use wellspring_core::{Store, StoreError, StoreGuarantees};
    #[cfg(any(feature = "file", feature = "sqlite"))]
    pub use wellspring_store::*;
    #[cfg(feature = "file")]
    pub use wellspring_store_file::FileStore;
    #[cfg(feature = "sqlite")]
    pub use wellspring_store_sqlite::SqliteStore;
}

/// Providers, policies, TLS settings and stores from a file `wellspring.toml`.
#[cfg(feature = "profiles")]
pub mod profiles {
    pub use wellspring_profiles::*;
}

/// The state machines and their vocabulary, without I/O: for providers, stores and transports of your own.
pub mod sans_io {
    pub use wellspring_core::*;
}
