//! OAuth 2.0 for third-party apps: sign-in, rotating refresh tokens, user info, top-up.
#![forbid(unsafe_code)]
