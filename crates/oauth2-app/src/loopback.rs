//! Sign-in with a browser for a program without a site: the browser comes back to a port of this machine
//! ([RFC 8252 §7.3](https://www.rfc-editor.org/rfc/rfc8252#section-7.3)).
//!
//! Bind a [`Loopback`], build the app with its redirect URI, [`start`](Loopback::start) the sign-in, and open its URL in a
//! browser. `Client::sign_in_on_loopback` waits for the user, exchanges the code, and shows the browser a last page.
//!
//! Every program on this machine, and every page in the browser, can connect to the port. Each connection has a thread of
//! its own, so no other connection delays the callback of the sign-in, and their number is bounded. A callback counts only if
//! it carries the state of this sign-in.

mod address;
mod error;
mod judge;
mod listening;
#[cfg(feature = "async")]
mod on_thread;
mod page;
mod port;
mod request;
mod sign_in;
mod slot;
mod visitors;

// The public interface is:
pub use error::LoopbackError;
pub use page::Page;
pub use port::Loopback;
pub use request::BrowserRequest;
pub use sign_in::{Answer, SignIn};

#[cfg(feature = "async")]
pub(crate) use on_thread::on_thread;
