//! Sign-in with a browser, as an axum router.
//!
//! A [`WebLogin`] is an [`App`](oauth2_app::App) and the [`TokenPool`](wellspring_transport_async::TokenPool) of its
//! users' tokens behind a few routes: start, callback, user info, logout, and a page that uses them. The application's
//! own handlers take [`SignedIn`] and send requests as the signed-in user.
//!
//! ```
//! use axum::{Router, routing::get};
//! use oauth2_app::App;
//! use oauth2_app_axum::{SignedIn, WebLogin};
//! use wellspring_store::MemoryStore;
//! use wellspring_transport_async::TokenSource;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn core::error::Error>> {
//! let app = App::builder()
//!     .authorize_url("https://server.example.com/authorize")
//!     .token_url("https://server.example.com/token")
//!     .userinfo_url("https://server.example.com/userinfo")
//!     .client_id("client_abc123def456")
//!     .client_secret("secret_xyz789uvw012")
//!     .redirect_uri("https://yourapp.com/oauth/callback")
//!     .scopes(["profile", "email"])
//!     .build()?;
//! let users = app.clone();
//! let pool = TokenSource::builder(app.clone())
//!     .store(MemoryStore::open())
//!     .pool(move |user| users.for_user(user))?;
//!
//! let own = Router::new().route("/mine", get(|_: SignedIn| async { "yours" }));
//! let mut site: Router = WebLogin::builder(app, pool).build()?.router(own);
//!
//! // Serve it with `axum::serve`. Here one request goes in, and the browser is sent to the authorization server.
//! use tower_service::Service;
//! let answer = site.call(http::Request::get("/auth/oauth/start").body(axum::body::Body::empty())?).await?;
//! assert_eq!(answer.status(), 302);
//! assert!(answer.headers()["location"].to_str()?.starts_with("https://server.example.com/authorize?"));
//! # Ok(())
//! # }
//! ```
//!
//! | route | answer |
//! |---|---|
//! | `GET /auth/oauth/start` | 302 to the authorization server; `?next=/path` names where to go afterwards |
//! | `GET /oauth/callback`, or the path of the redirect URI | 302 to `/?login=success` or to `next`; else to `/?error=` and one word |
//! | `GET /api/user/info` | the user info; 401 `{"error":"Not authenticated"}`, 500 `{"error":"Server error"}` |
//! | `POST /auth/logout` | 303 to `/?logout=success`, the tokens revoked; or to the server, to end its session too |
//! | `GET /` | the page; not with [`Builder::without_page`] |
//!
//! [`Paths`] moves them, and [`Builder::mounted_at`] puts a prefix before them. `HEAD` and loads ahead of a click
//! (`Sec-Purpose: prefetch`) change nothing: the start and the callback answer them with 204 and 503.
//!
//! # Cookies and sessions
//!
//! A sign-in sets one cookie, with a random secret. The session's record stands under the secret's hash in the store of
//! [`Builder::sessions`]. It is written once, and ends by a sign-out, by the next sign-in of the browser, or after
//! [`Builder::session_lifetime`]. A pending sign-in has a cookie of its own for ten minutes, so tabs do not disturb each
//! other. Other cookies are neither read nor changed, so the application may have sessions of its own.
//!
//! The tokens are in the pool's store, under a random key for each sign-in. The key is in the session's record, and
//! the browser never sees it. It is not derived from the user, for three reasons: the user is unknown until the code
//! is exchanged, and some servers never name the user; the server's user info must not decide whose tokens are used;
//! and a user with two browsers has two sign-ins, so that a logout in one browser does not end the other.
//!
//! Only a sign-out revokes tokens. When a sign-in replaces another one, the tokens before are forgotten here and not
//! revoked: a server may bind both to one grant, and a revocation would then end both.
//!
//! What only one vendor's sites have is in a module: [`aihubmix`].
//!
//! In scope: HTTP, sessions, the page. Out of scope: tokens (the pool), the protocol (`oauth2-app`), a database for
//! sessions (any store of [`tower_sessions`], whose version is re-exported here).
#![forbid(unsafe_code)]

mod account;
mod account_page;
pub mod aihubmix;
mod builder;
mod call;
mod callback;
mod clock;
mod cookies;
mod events;
mod failure;
mod flights;
mod headers;
mod hook;
mod identity;
mod layer;
mod machines;
mod memory_sessions;
mod next;
mod not_signed_in;
mod notice;
mod page;
mod pending;
mod pending_cookie;
mod placement;
mod provider;
mod query;
mod random;
mod response;
mod routes;
mod session;
mod sessions;
mod sign_in;
mod sign_out;
mod signed_in;
mod start;
mod tokens;
mod user;
mod web_login;

// The public interface is:
pub use account_page::AccountPage;
pub use builder::Builder;
pub use hook::{Accepted, Refused};
pub use identity::SignInAttempt;
pub use memory_sessions::MemorySessions;
pub use not_signed_in::NotSignedIn;
pub use notice::Notice;
pub use placement::Paths;
pub use signed_in::SignedIn;
/// The version of `tower-sessions` whose stores fit [`Builder::sessions`].
pub use tower_sessions_core as tower_sessions;
pub use web_login::WebLogin;
