//! A connection with TLS, whichever library made it.

use std::io::{self, Read, Write};

use ureq::unversioned::transport::TransportAdapter;

/// A connection after its handshake.
pub(super) trait Session: Read + Write + Send + Sync {
    fn socket(&mut self) -> &mut TransportAdapter;

    /// Reads what arrives, and forgets it unless it is an alert.
    fn look(&mut self) -> io::Result<()>;
}
