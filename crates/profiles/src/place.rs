//! A place in the file, for messages.

use core::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::visible::visible;

/// A place in the file. Its `Display` begins a sentence: "wellspring.toml:8: `client_secret`".
#[derive(Clone, Debug)]
pub struct Place {
    pub(crate) file: Arc<Path>,
    pub(crate) line: usize,
    pub(crate) key: String,
}

impl Place {
    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The name in messages: a key in backticks, a section in brackets.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", visible(&self.file.to_string_lossy()), self.line, visible(&self.key))
    }
}
