//! OAuth 2.0 clients of any authorization server: sign-in, rotating refresh tokens, client credentials, user info.
//!
//! ```
//! use oauth2_app::{App, GrantType};
//! use wellspring_simulator::Simulator;
//! use wellspring_transport_blocking::TokenSource;
//!
//! // A simulated server; yours has its own URL.
//! let server = Simulator::builder().start()?;
//! let app = App::builder()
//!     .grant_type(GrantType::ClientCredentials)
//!     .token_url(format!("{}/api/oauth2/token", server.url()))
//!     .client_id("client_abc123def456")
//!     .client_secret("secret_xyz789uvw012")
//!     .build()?;
//!
//! let source = TokenSource::builder(app).build()?;
//! assert!(source.authorization()?.to_str()?.starts_with("Bearer "));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! An [`App`] is one client of one authorization server: [`App::builder`] from the server's URLs,
//! [`App::from_metadata`] from its metadata.
//!
//! - Sign-in in a browser: [`App::authorize`] returns the URL for the browser and a [`PendingLogin`]. [`App::finish`] checks
//!   the [`Callback`] and returns the grant, to exchange once. [`SignInOptions`] are for one sign-in.
//! - Sign-in in a browser for a program without a site, with the feature `loopback`: `loopback::Loopback`.
//! - Sign-in without a browser: [`App::device_authorization`] and [`DeviceLogin`], which holds what to show the user and
//!   when to poll.
//! - [`App`] is a [`Provider`](wellspring_core::Provider): a token source exchanges codes, refresh tokens, client
//!   credentials and [any other grant](AppBuilder::extension_grant) for tokens.
//! - Other endpoints: [`UserInfo`], [`App::read_revocation`] and [`Discovery`], each with a request and a reader of the
//!   answer.
//! - Who signed in: [`IdClaims`], which `App::verify_id_token` returns with the feature `id-token`.
//! - One vendor with endpoints of its own has a module: [`aihubmix`].
//! - The features `async` and `blocking` add a `Client` that makes these calls. The feature `getrandom` adds
//!   `Entropy::from_system`.
//!
//! In scope: requests and answers. Out of scope: sockets, sessions, pages, random numbers. Without features this crate does
//! no I/O.
#![forbid(unsafe_code)]

pub mod aihubmix;
mod aliases;
mod app;
#[cfg(feature = "async")]
pub mod asynchronous;
#[cfg(feature = "blocking")]
pub mod blocking;
mod builder;
mod callback;
mod callback_error;
#[cfg(any(feature = "async", feature = "blocking"))]
mod calls;
mod checks;
mod config;
mod constructors;
mod device;
mod end_session;
mod entropy;
mod finish;
mod html;
mod id_claims;
#[cfg(feature = "id-token")]
mod id_token;
mod identity;
mod login;
#[cfg(feature = "loopback")]
pub mod loopback;
mod metadata;
mod own_grant;
mod redirect_uri;
mod response;
mod revocation;
#[cfg(any(feature = "async", feature = "blocking"))]
mod sign_in_error;
mod sign_in_options;
mod state;
mod userinfo;
mod vendor_requests;

// The public interface is:
pub use app::App;
pub use builder::AppBuilder;
pub use callback::Callback;
pub use callback_error::{CallbackError, CallbackErrorKind};
pub use config::{AuthMethod, GrantType};
pub use device::DeviceLogin;
pub use end_session::EndSession;
pub use entropy::Entropy;
pub use html::escape_html;
pub use id_claims::{IdClaims, IdTokenChecks};
#[cfg(feature = "id-token")]
pub use id_token::{IdTokenError, IdTokenErrorKind, Jwks};
pub use identity::FormerRecord;
pub use login::{Authorization, PendingLogin};
pub use metadata::{Discovery, Metadata, MtlsEndpointAliases};
pub use redirect_uri::RedirectUri;
#[cfg(any(feature = "async", feature = "blocking"))]
pub use sign_in_error::SignInError;
pub use sign_in_options::SignInOptions;
pub use state::State;
pub use userinfo::UserInfo;
pub use wellspring_token_endpoint::{ClientAuthentication, Encoding, TokenRequestSpec};
pub use wellspring_wire::{LifetimeUnit, Meaning, StepUp, TokenFormat, TokenNames, percent_encode};
