//! The cases in blocking code.

use oauth2_app::aihubmix::blocking::{account, register_app, topup};
use oauth2_app::blocking::{Client, discover};
use wellspring_transport_blocking::{Clock, Tls, TokenSource, Transport, UreqTransport};

/// A blocking call has its result already.
fn wait<T>(result: T) -> T {
    result
}

fn transport() -> UreqTransport {
    UreqTransport::new(Tls::new()).unwrap()
}

include!("cases.rs");
