//! What a site of AIHubMix has beside the sign-in: the balance on the page, a route to the top-up page, and the three
//! endpoints of the backend that the vendor's page publishes.
//!
//! A site of another server uses nothing of this module, and its page and its routes hold nothing of it.
//!
//! ```no_run
//! use oauth2_app::aihubmix::{self, TopUp};
//! use oauth2_app_axum::WebLogin;
//! use oauth2_app_axum::aihubmix::{account_page, topup_router};
//! # use wellspring_store::MemoryStore;
//! # use wellspring_transport_async::TokenSource;
//!
//! # fn main() -> Result<(), Box<dyn core::error::Error>> {
//! let app = aihubmix::app("https://api.aihubmix.com")?
//!     .client_id("client_abc123def456")
//!     .client_secret("secret_xyz789uvw012")
//!     .redirect_uri("https://yourapp.com/oauth/callback")
//!     .scopes(["profile", "balance"])
//!     .build()?;
//! # let users = app.clone();
//! # let pool = TokenSource::builder(app.clone()).store(MemoryStore::open()).pool(move |user| users.for_user(user))?;
//! let login = WebLogin::builder(app, pool).account_page(account_page()).build()?;
//! let site = login.router(topup_router(TopUp::new("https://api.aihubmix.com")?));
//! # let _ = site;
//! # Ok(())
//! # }
//! ```

mod compat;
mod topup;

use crate::account_page::AccountPage;

// The public interface is:
pub use compat::compat_router;
pub use topup::{TOPUP, topup_router};

/// The balance and the link to the top-up page, for [`Builder::account_page`](crate::Builder::account_page). The link leads to
/// the route of [`topup_router`].
pub fn account_page() -> AccountPage {
    AccountPage::new()
        .members(["quota", "used_quota", "created_time", "status"])
        // The server's own text or number. Never computed.
        .row("balance", "Balance", ["balance_formatted", "balance"])
        .refresh("Refresh balance", "Balance updated.")
        .link("topup", "Top up", TOPUP)
        .notice(topup::NO_PAGE, "There is no page to top up this account at the moment.")
}
