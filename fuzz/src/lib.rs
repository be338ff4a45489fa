//! What the fuzz targets share: a fixed time, responses, a map with given entries, and sealed encodings.
//!
//! A target fails on a panic and on a broken promise: an error that shows a secret, a value that is not what the bytes
//! say, a record that does not survive its own encoding.
#![forbid(unsafe_code)]

use core::fmt::{Debug, Display};
use core::time::Duration;
use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};
use wellspring_core::{
    HttpResponse, LivenessLock, LockDomain, ResponseHead, SharedBy, StoreError, StoreGuarantees, UnixTime,
    Version, WatchOutcome,
};
use wellspring_store::{Entry, KeyName, Map};

/// The time at which every response arrives: 2025-10-09.
pub const NOW: UnixTime = UnixTime::from_secs(1_760_000_000);

/// The secret that no error may show. The dictionaries contain it, so a fuzzer puts it into responses.
pub const SECRET: &str = "canary-7Hq2mVx9TzLw4";

/// The first lines of an input, and what follows them: an input is a text that a person can write as a seed. `None` without
/// that many lines, or if one of them is not UTF-8.
#[must_use]
pub fn lines<const N: usize>(input: &[u8]) -> Option<([&str; N], &[u8])> {
    let (mut found, mut rest) = ([""; N], input);
    for line in &mut found {
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        *line = core::str::from_utf8(&rest[..end]).ok()?;
        rest = &rest[end + 1..];
    }
    Some((found, rest))
}

/// A number of a line; 200 if it is none.
#[must_use]
pub fn status(line: &str) -> u16 {
    line.parse().unwrap_or(200)
}

/// A response with this content type and body.
#[must_use]
pub fn response(status: u16, content_type: &str, body: &[u8]) -> HttpResponse {
    HttpResponse::new(ResponseHead::new(status).header("Content-Type", content_type), body)
}

/// Fails if the error shows the secret, or text that could act on a terminal.
///
/// # Panics
///
/// If it does.
pub fn check_error(error: &(impl Debug + Display)) {
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(SECRET), "the error shows the secret: {shown}");
    assert!(!shown.chars().any(char::is_control), "the error shows a control character: {shown:?}");
}

/// An encoding of this kind and format: its first line, and the fields as they are.
#[must_use]
pub fn sealed(kind: &str, format: u32, fields: &[u8]) -> Vec<u8> {
    let digest = hex(&Sha256::digest(fields));
    let mut bytes = format!("wellspring {kind} {format} {digest}\n").into_bytes();
    bytes.extend_from_slice(fields);
    bytes
}

/// Bytes as lowercase hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A map with these entries, which cannot be changed.
#[derive(Clone, Debug, Default)]
pub struct FixedMap(pub BTreeMap<String, Vec<u8>>);

impl Map for FixedMap {
    fn guarantees(&self) -> StoreGuarantees {
        StoreGuarantees { scope: SharedBy::Process, durable: false, may_go_back: false }
    }

    fn load(&self, name: &KeyName, _: Duration) -> Result<Option<Entry>, StoreError> {
        let bytes = self.0.get(name.as_str());
        Ok(bytes.map(|bytes| Entry { version: Version::new(1), bytes: bytes.clone().into() }))
    }

    fn swap(&self, _: &KeyName, _: Option<Version>, _: &Entry, _: Duration) -> Result<bool, StoreError> {
        Ok(false)
    }

    fn watch(
        &self,
        _: &KeyName,
        _: Version,
        _: Option<LockDomain>,
        _: Duration,
    ) -> Result<WatchOutcome, StoreError> {
        Ok(WatchOutcome::Unchanged)
    }

    fn liveness_lock(&self, _: &KeyName, _: Duration) -> Result<LivenessLock, StoreError> {
        Ok(LivenessLock::new(None, ()))
    }
}
