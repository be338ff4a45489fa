//! Bearer tokens that never run dry, in blocking code: ureq, and no async runtime.
//!
//! A program holds a [`TokenSource`]. It returns a fresh token at once, renews the token before it expires, runs one
//! renewal for all threads that wait, and sends requests that carry the token.
//!
//! The feature `ureq-middleware` attaches tokens to the requests of a client that the program already has.
//!
//! The async transport has the same types, methods and files, with `.await`.
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
