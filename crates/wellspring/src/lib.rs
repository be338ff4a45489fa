//! Bearer tokens that never run dry: acquired, renewed before they expire, shared, stored, and attached to API calls.
//!
//! A program builds one `TokenSource` for each credential and keeps it. The source sends calls with the token, renews the
//! token once for all tasks that use it, and renews it once more if an API refuses it early.
//!
//! # The program acts for itself
//!
//! Client credentials ([RFC 6749 section 4.4](https://www.rfc-editor.org/rfc/rfc6749#section-4.4)):
//!
#![cfg_attr(feature = "async", doc = "```")]
#![cfg_attr(not(feature = "async"), doc = "```ignore")]
//! use wellspring::{TokenSource, http::Request, oauth2::App};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = wellspring_simulator::Simulator::builder().start()?;
//! # let (token_url, api_url) = (format!("{}/api/oauth2/token", server.url()), format!("{}/api/oauth2/userinfo", server.url()));
//! # let (client_id, client_secret) = ("client_abc123def456", "secret_xyz789uvw012");
//! let app = App::client_credentials(token_url, client_id, client_secret).api_url(&api_url).build()?;
//! let source = TokenSource::builder(app).build()?;
//! let response = source.send(Request::get(&api_url).body(())?).await?;
//! assert_eq!(response.status(), 200);
//!
//! // The token by itself, for a client of your own.
//! let header = source.authorization().await?;
//! assert!(header.to_str()?.starts_with("Bearer "));
//! # Ok(())
//! # }
//! ```
//!
//! The same in blocking code, with `default-features = false, features = ["blocking"]`:
//!
#![cfg_attr(feature = "blocking", doc = "```")]
#![cfg_attr(not(feature = "blocking"), doc = "```ignore")]
//! use wellspring::{blocking::TokenSource, http::Request, oauth2::App};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = wellspring_simulator::Simulator::builder().start()?;
//! # let (token_url, api_url) = (format!("{}/api/oauth2/token", server.url()), format!("{}/api/oauth2/userinfo", server.url()));
//! # let (client_id, client_secret) = ("client_abc123def456", "secret_xyz789uvw012");
//! let app = App::client_credentials(token_url, client_id, client_secret).api_url(&api_url).build()?;
//! let source = TokenSource::builder(app).build()?;
//! let response = source.send(Request::get(&api_url).body(())?)?;
//! assert_eq!(response.status(), 200);
//! # Ok(())
//! # }
//! ```
//!
//! # A person signs in
//!
//! From a terminal, with the features `loopback` and `blocking` or `async`
//! ([RFC 8252](https://www.rfc-editor.org/rfc/rfc8252)). In an axum app, `axum::WebLogin` has the routes.
//!
#![cfg_attr(all(feature = "loopback", feature = "blocking"), doc = "```no_run")]
#![cfg_attr(not(all(feature = "loopback", feature = "blocking")), doc = "```ignore")]
//! use std::time::Duration;
//! use wellspring::loopback::Loopback;
//! use wellspring::oauth2::{App, blocking::Client};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let loopback = Loopback::bind("http://127.0.0.1/callback")?;
//! let app = App::builder()
//!     .authorize_url("https://login.example.com/authorize")
//!     .token_url("https://login.example.com/token")
//!     .client_id("client-id")
//!     .redirect_uri(loopback.redirect_uri())
//!     .build()?;
//! let client = Client::new(app.clone())?;
//! let sign_in = loopback.start(&app)?;
//! println!("Open {}", sign_in.url());
//! client.sign_in_on_loopback(sign_in, Duration::from_secs(600))?;
//! let token = client.source().token()?;
//! # Ok(())
//! # }
//! ```
//!
//! # URLs, secrets and requests as you have them
//!
//! A URL may be text, a `url::Url` or an [`http::Uri`]; a secret text, or with the feature `secrecy` a `SecretString`; a request
//! that another library built becomes one of this crate.
//!
//! ```
//! use wellspring::http::{Request, Uri};
//! use wellspring::oauth2::App;
//! use wellspring::sans_io::{HttpRequest, Method, Origin};
//!
//! let token_url = Uri::from_static("https://login.example.com/token");
//! let app = App::client_credentials(&token_url, "client-id", String::from("client-secret")).build()?;
//! assert_eq!(Origin::try_from(&token_url)?, "https://login.example.com".parse()?);
//!
//! let request = HttpRequest::try_from(Request::post(token_url).body("token=t")?)?;
//! assert_eq!((request.method(), request.expose_body()), (Method::Post, &b"token=t"[..]));
//! # let _ = app;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
#![cfg_attr(feature = "secrecy", doc = "```")]
#![cfg_attr(not(feature = "secrecy"), doc = "```ignore")]
//! use wellspring::{AccessToken, ClientSecret};
//!
//! let secret = ClientSecret::from(secrecy::SecretString::from("client-secret"));
//! assert_eq!(secret.expose(), "client-secret");
//! let back = secrecy::SecretString::from(AccessToken::new("token"));
//! assert_eq!(secrecy::ExposeSecret::expose_secret(&back), "token");
//! ```
//!
//! # Where to find it
//!
//! | you want | it is in |
//! |---|---|
//! | a source of tokens, its settings and its errors | this page; in blocking code [`blocking`] |
//! | OAuth 2.0: any grant, sign-in, discovery | [`oauth2`] |
//! | other providers | `pix_bacen`, `hive_auth`; as data [`token_endpoint`]; with code [`sans_io::Provider`] |
//! | tokens that many processes share | [`store`] |
//! | a sign-in in front of an axum app | `axum` |
//! | settings from a file | `profiles` |
//! | metrics | `Observer`, `MetricsObserver`, `OpenTelemetryObserver` on this page |
//! | the state machines, for your own I/O | [`sans_io`] |
//!
//! Each feature adds one of them; none changes how another behaves.
#![cfg_attr(
    not(feature = "blocking-without-tls"),
    doc = "\n[`blocking`]: https://docs.rs/wellspring/latest/wellspring/blocking/"
)]
#![forbid(unsafe_code)]

// The public interface is:
pub use http;
pub use wellspring_core::{
    AccessToken, AuthorizationGrant, CallFormat, ClientSecret, ErrorKind, ExistingTokens, ExtensionGrant,
    GrantParameters, LoginReason, Need, Policy, RefreshToken, Scope, SharedBy, Token, TokenError,
    TokenResponse,
};
#[cfg(feature = "async-without-tls")]
pub use wellspring_transport_async::*;

/// Sources of tokens for blocking code, on ureq: the same types and methods as in async code, without any runtime.
#[cfg(feature = "blocking-without-tls")]
pub mod blocking {
    pub use wellspring_transport_blocking::*;
}

/// Providers of any OAuth 2.0 server: client credentials, sign-in, device codes, any other grant.
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

/// PIX gateways, and the token endpoints of banks.
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

/// Stores, which keep tokens beyond the process and share them among processes; and how to make one of your own.
pub mod store {
    pub use wellspring_core::{AsyncStore, Store, StoreError, StoreGuarantees};
    #[cfg(feature = "store")]
    pub use wellspring_store::*;
    #[cfg(feature = "file")]
    pub use wellspring_store_file::FileStore;
    #[cfg(feature = "postgres")]
    pub use wellspring_store_postgres::{PostgresStore, PostgresStoreBuilder};
    #[cfg(feature = "redis")]
    pub use wellspring_store_redis::{RedisStore, RedisStoreBuilder};
    #[cfg(feature = "sqlite")]
    pub use wellspring_store_sqlite::SqliteStore;
}

/// Providers, policies, TLS settings and stores from a file `wellspring.toml`.
#[cfg(feature = "profiles")]
pub mod profiles {
    pub use wellspring_profiles::*;
}

/// The state machines and all their vocabulary, without I/O: for providers, stores and transports of your own.
pub mod sans_io {
    pub use wellspring_core::*;
}
