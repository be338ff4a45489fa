//! Bearer tokens that never run dry, in blocking code: ureq, and no async runtime.
//!
//! A program holds a [`TokenSource`]. It returns a fresh token at once, renews the token before it expires, runs one
//! renewal for all threads that wait, and sends requests that carry the token.
//!
//! The feature `ureq-middleware` attaches tokens to the requests of a program's own client.
//!
//! The async transport has the same types, methods and files, with `.await`.
//!
//! A session that another program or library has begun continues here without a sign-in:
//!
//! ```
//! use std::time::{Duration, SystemTime};
//!
//! use wellspring_core::ExistingTokens;
//! use wellspring_transport_blocking::TokenSource;
//!
//! // A program builds the source with its own provider and store: `TokenSource::builder(app).store(store)`.
//! let source = TokenSource::scripted([]).build()?;
//! let in_an_hour = SystemTime::now() + Duration::from_secs(3_600);
//! let tokens = ExistingTokens::new("the-refresh-token").with_access_token("the-access-token", in_an_hour);
//! assert!(source.import(tokens.clone())?);
//! assert_eq!(source.token()?.expose(), "the-access-token");
//! assert!(!source.import(tokens)?, "there is a session already, which stays");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! In scope: waiting, threads, the loop that carries out a renewal's steps, the adapter for ureq.
//! Out of scope: the rules of renewals (core), the formats of endpoints (providers).
#![forbid(unsafe_code)]

mod background;
mod body;
mod builder;
mod carrier;
mod clock;
mod drive;
#[cfg(all(test, wellspring_shuttle))]
mod interleavings;
mod pool;
mod send;
mod source;
mod transport;
#[cfg(feature = "ureq")]
mod ureq;

// The public interface is:
#[cfg(feature = "ureq-middleware")]
pub use self::ureq::AttachMiddleware;
#[cfg(feature = "ureq")]
pub use self::ureq::UreqTransport;
pub use body::Body;
pub use builder::Builder;
pub use pool::TokenPool;
pub use source::TokenSource;
pub use transport::Transport;
#[cfg(feature = "ureq")]
pub use wellspring_transport::Tls;
pub use wellspring_transport::{Clock, KeepWarm, ManualClock, TokenRef, events};
