//! Access tokens for PIX gateways (GoForge, Fire Banking and their family).
#![forbid(unsafe_code)]
