//! AIHubMix, a vendor with its own endpoints beside OAuth 2.0: a preset for its authorization server, the account with its
//! balance, the top-up page, and the registration of apps.
//!
//! Everything here is for this vendor only. The rest of the crate does not know it.
//!
//! ```
//! use oauth2_app::aihubmix;
//!
//! let app = aihubmix::app("https://api.aihubmix.com")?
//!     .client_id("client_abc123def456")
//!     .client_secret("secret_xyz789uvw012")
//!     .redirect_uri("https://yourapp.com/oauth/callback")
//!     .scopes(["profile", "balance"])
//!     .build()?;
//! let topup = aihubmix::TopUp::new("https://api.aihubmix.com")?;
//! assert_eq!(topup.request().url(), "https://api.aihubmix.com/api/oauth2/topup");
//! # let _ = app;
//! # Ok::<(), wellspring_core::TokenError>(())
//! ```

mod account;
#[cfg(feature = "async")]
pub mod asynchronous;
mod base_url;
#[cfg(feature = "blocking")]
pub mod blocking;
#[cfg(any(feature = "async", feature = "blocking"))]
mod calls;
mod preset;
mod registration;
mod topup;

// The public interface is:
pub use account::Account;
pub use preset::{API, app};
pub use registration::{RegisteredApp, Registration};
pub use topup::TopUp;
