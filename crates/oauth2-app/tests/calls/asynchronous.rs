//! The cases on tokio.

use oauth2_app::aihubmix::asynchronous::{account, register_app, topup};
use oauth2_app::asynchronous::{Client, discover};
use tokio::runtime::{Builder, Runtime};
use wellspring_transport_async::{Clock, HyperTransport, Tls, TokenSource, Transport};

thread_local! {
    /// Each test has its own thread, and a runtime for all of its calls.
    static RUNTIME: Runtime = Builder::new_current_thread().enable_all().build().unwrap();
}

fn wait<F: Future>(call: F) -> F::Output {
    RUNTIME.with(|runtime| runtime.block_on(call))
}

fn transport() -> HyperTransport {
    HyperTransport::new(Tls::new()).unwrap()
}

include!("cases.rs");
