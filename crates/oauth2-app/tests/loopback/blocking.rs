//! The cases in blocking code.

use oauth2_app::blocking::Client;

/// A blocking call has its result already.
fn wait<T>(result: T) -> T {
    result
}

include!("cases.rs");
