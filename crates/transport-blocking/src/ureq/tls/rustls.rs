//! TLS by rustls.

use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use ureq::unversioned::transport::TransportAdapter;

use crate::ureq::session::Session;

pub(super) fn handshake(
    config: &Arc<ClientConfig>,
    host: &str,
    mut socket: TransportAdapter,
) -> Result<Box<dyn Session>, ureq::Error> {
    let name = ServerName::try_from(host.to_owned());
    let name = name.map_err(|_| ureq::Error::Tls("the host's name is not valid"))?;
    let mut connection = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
    shake_hands(&mut connection, &mut socket)?;
    Ok(Box::new(StreamOwned::new(connection, socket)))
}

/// A server that ends the handshake closes the connection behind its alert: a write may fail before the alert is read.
fn shake_hands(connection: &mut ClientConnection, socket: &mut (impl Read + Write)) -> io::Result<()> {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    let Err(error) = connection.complete_io(socket) else { return Ok(()) };
    if matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset) {
        while connection.read_tls(socket).is_ok_and(|read| read > 0) {
            if let Err(alert) = connection.process_new_packets() {
                return Err(io::Error::new(io::ErrorKind::InvalidData, alert));
            }
        }
    }
    Err(error)
}

impl Session for StreamOwned<ClientConnection, TransportAdapter> {
    fn socket(&mut self) -> &mut TransportAdapter {
        &mut self.sock
    }

    fn look(&mut self) -> io::Result<()> {
        if self.conn.read_tls(&mut self.sock)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let decoded = self.conn.process_new_packets();
        decoded.map(drop).map_err(|alert| io::Error::new(io::ErrorKind::InvalidData, alert))
    }
}

#[cfg(test)]
mod tests {
    use wellspring_transport::Tls;

    use super::*;

    /// A connection whose other end has closed behind these bytes.
    struct Closed(&'static [u8]);

    impl Read for Closed {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_alert_that_arrived_before_a_write_failed_is_the_reason() {
        let failure = |arrived| {
            let name = ServerName::try_from("issuer.example").unwrap();
            let mut connection = ClientConnection::new(Tls::new().client_config().unwrap(), name).unwrap();
            shake_hands(&mut connection, &mut Closed(arrived)).unwrap_err()
        };
        // A fatal alert: certificate_expired.
        let alert = failure(b"\x15\x03\x03\x00\x02\x02\x2D");
        assert!(alert.to_string().contains("CertificateExpired"), "{alert}");
        assert_eq!(failure(b"").kind(), io::ErrorKind::BrokenPipe);
    }
}
