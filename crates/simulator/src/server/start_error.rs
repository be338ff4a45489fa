//! Why a simulator did not start.

use std::io;

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another program listens on this port: choose another port, or 0 for a free one.
    #[error("port {port} is taken by another program")]
    PortTaken {
        /// The port.
        port: u16,
    },
    /// The operating system refuses to listen.
    #[error("cannot listen on 127.0.0.1")]
    Listen(#[source] io::Error),
    /// The certificates could not be made.
    #[error("cannot make certificates")]
    Certificates(#[source] Box<dyn core::error::Error + Send + Sync>),
}
