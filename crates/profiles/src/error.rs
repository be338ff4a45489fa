//! Why a profile cannot be used. The program decides what that means for its process.

use core::fmt;
use std::io;
use std::path::PathBuf;

use wellspring_core::{StoreError, TokenError};

use crate::place::Place;
use crate::visible::visible;

/// Why a profile cannot be used. It never contains a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file does not exist or cannot be read.
    #[error("{} cannot be read", visible(&path.to_string_lossy()))]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The file, or something that it names, is wrong: a sentence that says where and what to do.
    #[error("{}", visible(.0))]
    Settings(String),
    /// The store cannot be opened.
    #[error("{place} cannot be opened")]
    Store {
        /// Where the file names the store.
        place: Place,
        /// The error of the store.
        source: StoreError,
    },
    /// The metadata of the issuer is not available.
    #[error(transparent)]
    Issuer(TokenError),
}

impl Place {
    /// An error about this place. `what` continues a sentence that begins with the key: "is empty".
    pub(crate) fn error(&self, what: impl fmt::Display) -> Error {
        Error::Settings(format!("{self} {what}"))
    }
}
