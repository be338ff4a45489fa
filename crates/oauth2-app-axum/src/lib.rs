//! Sign-in with a browser, as an axum router.
#![forbid(unsafe_code)]
