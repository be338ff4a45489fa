//! What `wellspring.toml` says: profiles, read and made into providers, policies, TLS settings and stores.
#![forbid(unsafe_code)]
