//! Stores that will not: what callers are told, what the bytes are afterwards, and that nothing is lost.
#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]

mod full;
mod spoiled;
mod stage;
