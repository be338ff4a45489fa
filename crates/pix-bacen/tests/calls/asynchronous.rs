//! The cases on tokio.

use pix_bacen::asynchronous::Client;
use tokio::runtime::{Builder, Runtime};

thread_local! {
    /// Each test has its own thread, and a runtime for all of its calls.
    static RUNTIME: Runtime = Builder::new_current_thread().enable_all().build().unwrap();
}

fn wait<F: Future>(call: F) -> F::Output {
    RUNTIME.with(|runtime| runtime.block_on(call))
}

include!("cases.rs");
