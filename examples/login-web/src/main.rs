//! A web application that people sign in to with their browsers.
#![forbid(unsafe_code)]

fn main() {}
