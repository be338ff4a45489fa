//! Bearer tokens that never run dry: the types and the refresh state machine, without I/O.
#![forbid(unsafe_code)]
