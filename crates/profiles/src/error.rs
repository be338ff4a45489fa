//! Why a profile cannot be used. What that means for a process is for the program to say.

use core::fmt;
use std::io;
use std::path::PathBuf;

use wellspring_core::{StoreError, TokenError};

use crate::Place;

/// Why a profile cannot be used. No secret stands in it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The file is not there, or cannot be read.
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is wrong, or what it names is: a sentence that says where and what to do.
    Settings(String),
    /// The store cannot be opened.
    Store {
        /// Where the file says which store it is.
        place: Place,
        /// What the store says.
        source: StoreError,
    },
    /// The issuer has not told where its endpoints are.
    Issuer(TokenError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, source } if source.kind() == io::ErrorKind::NotFound => {
                write!(f, "there is no {}", path.display())
            }
            Self::File { path, .. } => write!(f, "{} cannot be read", path.display()),
            Self::Settings(text) => f.write_str(text),
            Self::Store { place, .. } => write!(f, "{place} cannot be opened"),
            Self::Issuer(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            // Said already.
            Self::File { source, .. } if source.kind() == io::ErrorKind::NotFound => None,
            Self::File { source, .. } => Some(source),
            Self::Settings(_) => None,
            Self::Store { source, .. } => Some(source),
            Self::Issuer(error) => error.source(),
        }
    }
}
