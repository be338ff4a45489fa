//! Bearer tokens that never run dry, on tokio and reqwest.
//!
//! A program holds a [`TokenSource`]. It returns a fresh token at once, renews the token before it expires, runs one
//! renewal for all tasks that wait, and sends requests that carry the token.
//!
//! The features `tower` and `reqwest-middleware` attach tokens to the requests of a client that the program already
//! has.
//!
//! The blocking transport has the same types, methods and files, without `.await`.
//!
//! In scope: waiting, spawning, the loop that carries out a renewal's steps, the adapter for reqwest.
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
#[cfg(feature = "reqwest")]
mod reqwest;
mod send;
mod source;
#[cfg(feature = "tower")]
mod tower;
mod transport;

// The public interface is:
#[cfg(feature = "reqwest-middleware")]
pub use self::reqwest::AttachMiddleware;
#[cfg(feature = "reqwest")]
pub use self::reqwest::ReqwestTransport;
#[cfg(feature = "tower")]
pub use self::tower::{Attach, AttachError, AttachLayer};
pub use body::Body;
pub use builder::Builder;
pub use pool::TokenPool;
pub use source::TokenSource;
pub use transport::Transport;
#[cfg(feature = "reqwest")]
pub use wellspring_transport::Tls;
pub use wellspring_transport::{Clock, KeepWarm, ManualClock, TokenRef, events};
