//! Why a simulator did not start.

use core::fmt;
use std::io;

/// Why a simulator did not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// Another program listens on this port: choose another port, or 0 for a free one.
    PortTaken {
        /// The port.
        port: u16,
    },
    /// The operating system refuses to listen.
    Listen(io::Error),
    /// The certificates could not be made.
    Certificates(Box<dyn core::error::Error + Send + Sync>),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PortTaken { port } => write!(f, "port {port} is taken by another program"),
            Self::Listen(_) => f.write_str("cannot listen on 127.0.0.1"),
            Self::Certificates(_) => f.write_str("cannot make certificates"),
        }
    }
}

impl core::error::Error for StartError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::PortTaken { .. } => None,
            Self::Listen(error) => Some(error),
            Self::Certificates(error) => Some(error.as_ref()),
        }
    }
}
