//! TLS over a connection, by the TLS library of the settings.

use std::io;

use ureq::config::Config;
use ureq::unversioned::transport::{Buffers, LazyBuffers, NextTimeout, Transport, TransportAdapter};
#[cfg(any(feature = "rustls-no-provider", feature = "native-tls"))]
use wellspring_transport::TlsLibrary;
use wellspring_transport::{LOOK, LOOKS, TlsConnector, certificate_refused, handshake_ended};

use super::session::Session;
use super::unsent::{NoTls, Unsent, check_unsent, own};

#[cfg(feature = "native-tls")]
mod native;
#[cfg(feature = "rustls-no-provider")]
mod rustls;

/// Shakes hands with this host.
pub(super) fn handshake(
    tls: &TlsConnector,
    host: &str,
    socket: TransportAdapter,
) -> Result<Box<dyn Session>, ureq::Error> {
    // The address in a URL has brackets around it, the name in a certificate has none.
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let shaken = match tls.library() {
        #[cfg(feature = "rustls-no-provider")]
        TlsLibrary::Rustls(config) => rustls::handshake(&config, host, socket),
        #[cfg(feature = "native-tls")]
        TlsLibrary::NativeTls(connector) => native::handshake(&connector, host, socket),
        _ => {
            let _ = (host, socket);
            Err(ureq::Error::Other(Box::new(NoTls)))
        }
    };
    shaken.map_err(|error| match error {
        ureq::Error::Io(io) => {
            let alert = handshake_ended(&io, tls.shown().as_ref());
            Unsent::explained(ureq::Error::Io(io), alert)
        }
        error => error,
    })
}

/// A connection with TLS.
pub(super) struct TlsTransport {
    buffers: LazyBuffers,
    session: Box<dyn Session>,
    /// Whether a byte of a response has arrived.
    received: bool,
    slack: core::time::Duration,
    tls: TlsConnector,
}

impl TlsTransport {
    pub(super) fn new(
        config: &Config,
        session: Box<dyn Session>,
        slack: core::time::Duration,
        tls: TlsConnector,
    ) -> Self {
        let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
        Self { buffers, session, received: false, slack, tls }
    }

    /// The connection has failed. If the server has ended it with an alert about the certificate, it has read no request, and
    /// the alert may have arrived only after a write has failed.
    fn failed(&mut self, error: io::Error, timeout: NextTimeout) -> ureq::Error {
        if self.received || error.kind() == io::ErrorKind::TimedOut {
            return error.into();
        }
        let error =
            if certificate_refused(&error, None).is_some() { error } else { self.reason(error, timeout) };
        match certificate_refused(&error, self.tls.shown().as_ref()) {
            Some(refused) => Unsent::explained(error.into(), Some(refused)),
            None => error.into(),
        }
    }

    /// The alert about the certificate that has arrived, else this error.
    fn reason(&mut self, error: io::Error, mut timeout: NextTimeout) -> io::Error {
        timeout.after = (LOOK + self.slack).into();
        for _ in 0..LOOKS {
            self.session.socket().set_timeout(timeout);
            match self.session.look() {
                Err(alert) if certificate_refused(&alert, None).is_some() => return alert,
                Err(waiting) if waiting.kind() == io::ErrorKind::TimedOut => {}
                Err(_) => break,
                Ok(()) => {}
            }
        }
        error
    }
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        check_unsent(own(timeout, self.slack))?;
        self.session.socket().set_timeout(timeout);
        match self.session.write_all(&self.buffers.output()[..amount]) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.failed(error, timeout)),
        }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.session.socket().set_timeout(timeout);
        let amount = match self.session.read(self.buffers.input_append_buf()) {
            Ok(amount) => amount,
            Err(error) => return Err(self.failed(error, timeout)),
        };
        self.received |= amount > 0;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.session.socket().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

wellspring_transport::debug_fields!([] TlsTransport, |_|);
