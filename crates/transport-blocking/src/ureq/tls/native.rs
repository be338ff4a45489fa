//! TLS by the operating system's library.

use std::io::{self, Read};

use native_tls::{HandshakeError, TlsConnector, TlsStream};
use ureq::unversioned::transport::TransportAdapter;

use crate::ureq::session::Session;

pub(super) fn handshake(
    connector: &TlsConnector,
    host: &str,
    socket: TransportAdapter,
) -> Result<Box<dyn Session>, ureq::Error> {
    match connector.connect(host, socket) {
        Ok(stream) => Ok(Box::new(stream)),
        Err(HandshakeError::Failure(error)) => Err(io::Error::other(error).into()),
        Err(HandshakeError::WouldBlock(_)) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
    }
}

impl Session for TlsStream<TransportAdapter> {
    fn socket(&mut self) -> &mut TransportAdapter {
        self.get_mut()
    }

    fn look(&mut self) -> io::Result<()> {
        match self.read(&mut [0])? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}
