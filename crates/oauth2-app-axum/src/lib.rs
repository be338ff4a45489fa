//! Sign-in with a browser, as an axum router.
//!
//! A [`WebLogin`] is an [`App`](oauth2_app::App) and the [`TokenPool`](wellspring_transport_async::TokenPool) of its
//! users' tokens behind a few routes: start, callback, user info, top-up, logout, and a page that uses them. The
//! handlers of one's own ask for [`SignedIn`] and send requests as whoever signed in.
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use oauth2_app::App;
//! use oauth2_app_axum::{SignedIn, WebLogin};
//! use wellspring_store::MemoryStore;
//! use wellspring_transport_async::TokenSource;
//!
//! # fn main() -> Result<(), Box<dyn core::error::Error>> {
//! let app = App::aihubmix("https://api.aihubmix.com")?
//!     .client_id("client_abc123def456")
//!     .client_secret("secret_xyz789uvw012")
//!     .redirect_uri("https://yourapp.com/oauth/callback")
//!     .scopes(["profile", "balance"])
//!     .build()?;
//! let users = app.clone();
//! let pool = TokenSource::builder(app.clone())
//!     .store(MemoryStore::open())
//!     .pool(move |user| users.for_user(user))?;
//!
//! let own = Router::new().route("/mine", get(|_: SignedIn| async { "yours" }));
//! let site: Router = WebLogin::builder(app, pool).build()?.router(own);
//! # let _ = site;
//! # Ok(())
//! # }
//! ```
//!
//! | route | answer |
//! |---|---|
//! | `GET /auth/oauth/start` | 302 to the authorization server; `?next=/path` names where to go afterwards |
//! | `GET /oauth/callback`, or the path of the redirect URI | 302 to `/?login=success` or to `next`; else to `/?error=` and one word |
//! | `GET /api/user/info` | the user info; 401 `{"error":"Not authenticated"}`, 500 `{"error":"Server error"}` |
//! | `GET /api/user/topup` | `{"topup_url": ..}`, or `{}` when there is nothing to do; a browser that asks for a page is sent there |
//! | `POST /auth/logout` | 303 to `/?logout=success`, the tokens revoked |
//! | `GET /` | the page; not with [`Builder::without_page`] |
//!
//! Where the tokens are: in the pool's store, under a name drawn at random for each sign-in, which lies beside the sessions
//! and the browser never sees. The name is not the user's, for three reasons: nobody knows who the user is before the
//! code is spent, and not every server tells; what a server says of a user decides nothing about whose tokens are used;
//! and one person with two browsers has two sign-ins, so that the logout in one does not end the other.
//!
//! In scope: HTTP, sessions, the page. Out of scope: tokens (the pool), the protocol (`oauth2-app`), a database for
//! sessions (any store of `tower-sessions`).
#![forbid(unsafe_code)]

mod account;
mod browser_session;
mod builder;
mod callback;
mod compat;
mod headers;
mod log;
mod logout;
mod memory_sessions;
mod next;
mod notice;
mod page;
mod pending;
mod query;
mod random;
mod response;
mod routes;
mod sessions;
mod sign_ins;
mod signed_in;
mod start;
mod tokens;
mod user;
mod web_login;

// The public interface is:
pub use builder::Builder;
pub use memory_sessions::MemorySessions;
pub use signed_in::{NotSignedIn, SignedIn};
pub use web_login::WebLogin;
