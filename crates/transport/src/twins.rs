//! Methods that both transports have, written once.
//!
//! Each macro takes the tokens in which the two differ: `[async] [.await] [Box::pin]` in the async transport, `[] [] []`
//! in the blocking one. A transport brings the types that the methods name and what the methods call on `self`; each
//! macro lists that.

mod builder;
mod pool;
mod send;
mod source;
