//! Bearer tokens that never run dry, on tokio and reqwest.
//!
//! [`TokenSource`] is what programs hold: it has a fresh token at hand, renews it before it ends, lets one task
//! renew for all who wait, and sends requests that carry it.
//!
//! The features `tower` and `reqwest-middleware` attach tokens in a client that the program has already.
//!
//! The same types, methods and files, without `.await`, are in the blocking transport.
//!
//! In scope: waiting, spawning, the loop that carries out a renewal's steps, the adapter for reqwest.
//! Out of scope: deciding (core), dialects (providers).
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
mod scripted;
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
