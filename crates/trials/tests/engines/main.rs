//! Renewals in processes that share a session in Redis or Postgres, as containers and as hosts: raced, killed, and disturbed.
#![allow(clippy::unwrap_used, reason = "a test says what must be by unwrapping it")]

mod crashes;
mod disturbances;
mod housings;
mod races;
mod scene;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wellspring-trials");
