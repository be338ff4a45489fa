//! The three providers over real HTTP on loopback, with faults on demand.
#![forbid(unsafe_code)]
