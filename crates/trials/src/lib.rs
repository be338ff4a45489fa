//! Processes that share a store: killed at each effect, raced against each other, and put on bad disks.
#![forbid(unsafe_code)]
