//! Token records in files: many processes on one host.
#![forbid(unsafe_code)]
