//! Bearer tokens that never run dry, in blocking code: ureq, and no runtime anywhere.
//!
//! [`TokenSource`] is what programs hold: it has a fresh token at hand, renews it before it ends, lets one thread
//! renew for all who wait, and sends requests that carry it.
//!
//! The feature `ureq-middleware` attaches tokens in a client that the program has already.
//!
//! The same types, methods and files, with `.await`, are in the async transport.
//!
//! In scope: waiting, threads, the loop that carries out a renewal's steps, the adapter for ureq.
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
mod scripted;
mod send;
mod source;
mod transport;
#[cfg(feature = "ureq")]
mod ureq;

// Threads are std's, or shuttle's where their schedules are explored.
#[cfg(wellspring_shuttle)]
use shuttle::thread;
#[cfg(not(wellspring_shuttle))]
use std::thread;

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
