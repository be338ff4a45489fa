//! Stores that fail: the errors that callers get, the bytes afterwards, and that nothing is lost.
#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]

mod full;
mod spoiled;
mod stage;
