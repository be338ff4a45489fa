//! Sealing keys as text: in an environment variable, in a file.

use core::str::FromStr;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use wellspring_core::StoreError;
use zeroize::Zeroizing;

use super::{SealingKey, SealingKeys};
use crate::files;

/// What a key begins with. The number is that of the kind of key.
const PREFIX: &str = "wellspring-key-1:";

/// What is told of a text that is no key. It may be a key in part, so nothing of it is shown.
const FORM: &str = "write `wellspring-key-1:` and the 43 characters that follow it, as `wellspring keygen` prints them; \
several keys are separated by commas or line ends, the newest first";

/// The most bytes of a file of keys.
const LONGEST: u64 = 64 << 10;

impl SealingKey {
    /// The key as text: `wellspring-key-1:` and 43 characters of base64url. It is as secret as the key.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + 44));
        text.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(**self.secret, &mut text);
        text
    }
}

impl FromStr for SealingKey {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let rest = text.trim().strip_prefix(PREFIX);
        let mut bytes = Zeroizing::new([0; 34]);
        let length = rest.and_then(|rest| URL_SAFE_NO_PAD.decode_slice(rest, &mut *bytes).ok());
        let secret = bytes.first_chunk::<32>().filter(|_| length == Some(32));
        let secret = secret.ok_or_else(|| StoreError::refused(format!("this is no sealing key: {FORM}")))?;
        Ok(Self::new(secret))
    }
}

impl FromStr for SealingKeys {
    type Err = StoreError;

    /// Reads several keys, the newest first.
    fn from_str(text: &str) -> Result<Self, StoreError> {
        let keys = text.split([',', '\n', '\r']).map(str::trim).filter(|key| !key.is_empty());
        let mut ring: Option<Self> = None;
        for (place, key) in keys.enumerate() {
            let key: SealingKey = key.parse().map_err(|_| {
                StoreError::refused(format!("the sealing key at place {} is none: {FORM}", place + 1))
            })?;
            ring = Some(match ring {
                None => Self::new(key),
                Some(ring) => ring.with_older(key),
            });
        }
        ring.ok_or_else(|| StoreError::refused(format!("there is no sealing key: {FORM}")))
    }
}

impl SealingKeys {
    /// The keys in this environment variable, the newest first.
    ///
    /// # Errors
    ///
    /// When the variable is not set, or holds something else than keys. The error shows nothing of what it holds.
    #[expect(clippy::disallowed_methods, reason = "configuration is made here")]
    pub fn from_env(name: &str) -> Result<Self, StoreError> {
        let refused = |why: &dyn core::fmt::Display| {
            StoreError::refused(format!("the environment variable {name} {why}"))
        };
        let text = Zeroizing::new(std::env::var(name).map_err(|error| match error {
            std::env::VarError::NotPresent => refused(&"is not set: set it to a sealing key"),
            std::env::VarError::NotUnicode(_) => refused(&"is not text: set it to a sealing key"),
        })?);
        text.parse().map_err(|error| refused(&format_args!("cannot be used: {error}")))
    }

    /// The keys in this file, the newest first. Only a regular file of this user with one name that is closed to other
    /// users is read: mode 0600 or 0400.
    ///
    /// # Errors
    ///
    /// When there is no such file, other users can access it, or it holds something else than keys. The error shows
    /// nothing of what it holds.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let shown = path.display();
        let bytes = files::read(path, LONGEST)?.ok_or_else(|| {
            StoreError::refused(format!(
                "the file of the sealing keys {shown} does not exist: restore it, or for a new store make a key with \
                 `wellspring keygen --out {shown}`"
            ))
        })?;
        let none =
            || StoreError::refused(format!("the file of the sealing keys {shown} is not text: {FORM}"));
        let text = core::str::from_utf8(&bytes).map_err(|_| none())?;
        text.parse().map_err(|error| {
            StoreError::refused(format!("the file of the sealing keys {shown} cannot be used: {error}"))
        })
    }
}
