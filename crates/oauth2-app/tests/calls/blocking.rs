//! The cases in blocking code.

use oauth2_app::blocking::{Client, discover, register_app};
use wellspring_transport_blocking::{Tls, Transport, UreqTransport};

/// A blocking call has its result already.
fn wait<T>(result: T) -> T {
    result
}

fn transport() -> UreqTransport {
    UreqTransport::new(Tls::new()).unwrap()
}

include!("cases.rs");
