//! Token records as bytes over any map with compare-and-swap, and the contract that such a map must pass.
#![forbid(unsafe_code)]
