//! Stores whose operations are futures: what both transports do with a store, and what only futures do.
#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]
#![cfg(feature = "client")]

mod driver;
#[path = "../../../transport/tests/twins/forget.rs"]
mod forget;
mod futures;
#[path = "../../../transport/tests/twins/record.rs"]
mod record;
#[path = "../../../transport/tests/twins/store.rs"]
mod store;
