//! Bearer tokens that never run dry, in blocking code: ureq, and no runtime anywhere.
#![forbid(unsafe_code)]
