//! Token records in SQLite: the embedded default for many processes on one host.
#![forbid(unsafe_code)]
