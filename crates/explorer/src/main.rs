//! Walks through every interleaving of renewals, crashes and failing stores, on the code that is shipped.
#![forbid(unsafe_code)]

fn main() {}
