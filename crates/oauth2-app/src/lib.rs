//! OAuth 2.0 for third-party apps: sign-in, rotating refresh tokens, user info, top-up.
//!
//! An [`App`] is one client of one authorization server: [`App::aihubmix`] by a preset, [`App::builder`] by its
//! URLs, [`App::from_metadata`] by what the server says of itself.
//!
//! - Sign-in: [`App::authorize`] gives the URL for the browser and a [`PendingLogin`]; [`App::finish`] checks the
//!   [`Callback`] and gives what is to be spent, once.
//! - Without a browser: [`App::device_authorization`] and [`DeviceLogin`], which says what to show the person and
//!   when to ask whether they have decided.
//! - [`App`] is a [`Provider`](wellspring_core::Provider): codes, refresh tokens and client credentials are spent
//!   by whatever drives it.
//! - Beside the tokens: [`UserInfo`], [`App::read_topup`], [`Registration`], [`App::read_revocation`],
//!   [`Discovery`], each a request and a reader of its answer.
//!
//! - The features `async` and `blocking` add a `Client` that makes these calls, `getrandom` adds
//!   `Entropy::from_system`.
//!
//! In scope: requests and answers. Out of scope: sockets, sessions, pages, random numbers. Without features nothing
//! here does I/O.
#![forbid(unsafe_code)]

mod answer;
mod app;
#[cfg(feature = "async")]
pub mod asynchronous;
#[cfg(feature = "blocking")]
pub mod blocking;
mod builder;
mod callback;
mod config;
mod device;
mod entropy;
mod login;
mod metadata;
#[cfg(any(feature = "async", feature = "blocking"))]
mod on_http;
mod redirect_uri;
mod registration;
mod revocation;
mod topup;
mod userinfo;

// The public interface is:
pub use app::App;
pub use builder::AppBuilder;
pub use callback::{Callback, CallbackError, CallbackErrorKind};
pub use config::{AuthMethod, GrantType};
pub use device::DeviceLogin;
pub use entropy::Entropy;
pub use login::{Authorization, PendingLogin, State};
pub use metadata::{Discovery, Metadata};
#[cfg(any(feature = "async", feature = "blocking"))]
pub use on_http::SignInError;
pub use redirect_uri::RedirectUri;
pub use registration::{RegisteredApp, Registration};
pub use userinfo::UserInfo;
pub use wellspring_wire::TokenFormat;
