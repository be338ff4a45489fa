//! OAuth 2.0 on the wire: bodies, errors, challenges, PKCE, JWT lifetimes, without I/O.
#![forbid(unsafe_code)]
