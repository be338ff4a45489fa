//! Access tokens for the Hive blockchain APIs.
#![forbid(unsafe_code)]
