//! Connections that distinguish a failure before the first byte of a request from a failure after it.
//!
//! ureq reports a refused connection, a failed handshake and a reset in mid-body alike. This module marks every failure
//! up to the end of the handshake as unsent. ureq's interface for that is not covered by its version number, so the
//! workspace pins ureq to one minor version.

use core::net::SocketAddr;
use std::io::{self, Read, Write};
use std::net::ToSocketAddrs;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use ureq::Timeout;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::time::{Duration, Instant};
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, LazyBuffers, NextTimeout, TcpConnector,
    Transport, TransportAdapter,
};
use wellspring_core::TransportError;
use wellspring_transport::{
    Failure, LOOK, LOOKS, certificate_refused, handshake_ended, is_untrusted, look_up, unreachable,
    unreachable_by_proxy,
};

/// A failure before the first byte of a request.
#[derive(Debug, thiserror::Error)]
#[error("nothing was sent: {error}")]
pub(super) struct Unsent {
    error: ureq::Error,
    stage: Stage,
}

/// How far the connection came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The name of the endpoint was being looked up.
    Lookup,
    /// The proxy was asked for a connection.
    Proxy,
    /// The connection was being made, up to the end of the handshake.
    Connect,
    /// The handshake is complete.
    Connected,
}

impl Unsent {
    fn mark(error: ureq::Error) -> ureq::Error {
        Self::of(error, Stage::Connect)
    }

    fn of(error: ureq::Error, stage: Stage) -> ureq::Error {
        match error {
            // Through a proxy this connector runs twice.
            ureq::Error::Other(mut other) if other.is::<Self>() => {
                if let (Some(inner), Stage::Proxy) = (other.downcast_mut::<Self>(), stage) {
                    inner.stage = stage;
                }
                ureq::Error::Other(other)
            }
            error => ureq::Error::Other(Box::new(Self { error, stage })),
        }
    }

    /// The failure that an alert of the server means.
    pub(super) fn alert(&self) -> Option<TransportError> {
        let ureq::Error::Io(io) = &self.error else { return None };
        match self.stage {
            Stage::Lookup | Stage::Proxy => None,
            Stage::Connect => handshake_ended(io),
            Stage::Connected => certificate_refused(io),
        }
    }

    pub(super) fn failure(&self) -> Failure {
        let lookup = self.stage == Stage::Lookup;
        match &self.error {
            ureq::Error::Timeout(_) => Failure::CONNECT_TIMEOUT,
            ureq::Error::Io(io) if self.stage == Stage::Proxy => unreachable_by_proxy(io),
            error if self.stage == Stage::Proxy => unreachable_by_proxy(error),
            ureq::Error::Io(io) if is_untrusted(io) => Failure::UNTRUSTED,
            ureq::Error::BadUri(_) | ureq::Error::Tls(_) => Failure::INVALID,
            ureq::Error::Io(io) => unreachable(io, lookup),
            error => unreachable(error, lookup || matches!(error, ureq::Error::HostNotFound)),
        }
    }
}

/// Name lookup that marks its failures.
#[derive(Debug)]
pub(super) struct Resolving {
    threads: bool,
}

impl Resolving {
    pub(super) fn new(threads: bool) -> Self {
        Self { threads }
    }

    fn look_up(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let name = uri.scheme().zip(uri.authority());
        let name = name.and_then(|(scheme, authority)| DefaultResolver::host_and_port(scheme, authority));
        let name = name.ok_or(ureq::Error::HostNotFound)?;
        let addresses = match name.parse() {
            Ok(address) => vec![address],
            Err(_) if self.threads => on_a_thread(name, timeout)?,
            Err(_) => name.to_socket_addrs()?.collect(),
        };
        let mut found = self.empty();
        for address in config.ip_family().keep_wanted(addresses.into_iter()).take(16) {
            found.push(address);
        }
        if found.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(found) }
    }
}

/// The addresses of this host, or the end of the time.
fn on_a_thread(name: String, timeout: NextTimeout) -> Result<Vec<SocketAddr>, ureq::Error> {
    let (sender, found) = mpsc::channel();
    look_up(name, move |found| {
        // The request may have been given up.
        let _ = sender.send(found);
    })?;
    let found = match timeout.not_zero() {
        Some(left) => found.recv_timeout(*left),
        None => found.recv().map_err(Into::into),
    };
    match found {
        Ok(found) => Ok(found?),
        Err(RecvTimeoutError::Timeout) => Err(ureq::Error::Timeout(timeout.reason)),
        Err(RecvTimeoutError::Disconnected) => Err(ureq::Error::HostNotFound),
    }
}

impl Resolver for Resolving {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        self.look_up(uri, config, timeout).map_err(|error| Unsent::of(error, Stage::Lookup))
    }
}

/// ureq gives up at the first look at a clock after its deadline, between two reads too. A token request gives ureq so much
/// more time than it has, and the connection keeps the deadline. No process is stopped for longer than this.
pub(super) const SLACK: core::time::Duration = core::time::Duration::from_secs(30 * 86_400);

/// Opens TCP connections, through a proxy where the agent has one, with TLS where the URL is HTTPS.
#[derive(Debug)]
pub(super) struct Connecting {
    proxy: ConnectProxyConnector,
    tcp: TcpConnector,
    tls: Arc<ClientConfig>,
    /// How much more time ureq has than the request.
    slack: core::time::Duration,
}

impl Connecting {
    pub(super) fn new(tls: Arc<ClientConfig>, slack: core::time::Duration) -> Self {
        Self { proxy: ConnectProxyConnector::default(), tcp: TcpConnector::default(), tls, slack }
    }

    fn open(&self, details: &ConnectionDetails<'_>) -> Result<Box<dyn Transport>, ureq::Error> {
        let proxied = Connector::<()>::connect(&self.proxy, details, None);
        let proxied = proxied.map_err(|error| Unsent::of(error, Stage::Proxy))?;
        let socket = self.tcp.connect(details, proxied)?.ok_or(ureq::Error::ConnectionFailed)?;
        let socket = Patient { socket, looks: LOOKS, slack: self.slack };
        if !details.needs_tls() || socket.is_tls() {
            return Ok(Box::new(socket));
        }
        self.handshake(details, socket)
    }

    fn handshake(
        &self,
        details: &ConnectionDetails<'_>,
        socket: impl Transport,
    ) -> Result<Box<dyn Transport>, ureq::Error> {
        let host = details.uri.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name =
            ServerName::try_from(host).map_err(|_| ureq::Error::Tls("the host's name is not valid"))?;
        let mut connection = ClientConnection::new(Arc::clone(&self.tls), name).map_err(io::Error::other)?;
        let mut socket = TransportAdapter::new(Box::new(socket) as _, Arc::clone(&details.current_time));
        socket.set_timeout(left_of(details));
        shake_hands(&mut connection, &mut socket)?;
        let config = details.config;
        let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
        let stream = StreamOwned::new(connection, socket);
        Ok(Box::new(TlsTransport { buffers, stream, received: false, slack: self.slack }))
    }
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

/// The connect timeout, less the time that the TCP connection took.
fn left_of(details: &ConnectionDetails<'_>) -> NextTimeout {
    let mut timeout = details.timeout;
    let times = ((details.current_time)(), details.now);
    if let (Instant::Exact(now), Instant::Exact(start), Duration::Exact(after)) =
        (times.0, times.1, timeout.after)
    {
        let left = after.saturating_sub(now.saturating_duration_since(start));
        timeout.after = Duration::Exact(left.max(core::time::Duration::from_millis(1)));
    }
    timeout
}

impl Connector<()> for Connecting {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        self.open(details).map(Some).map_err(Unsent::mark)
    }
}

/// A connection that looks at what has arrived before it reports that the time is up: the process may have been stopped
/// while the response arrived.
#[derive(Debug)]
struct Patient<T> {
    socket: T,
    looks: u32,
    slack: core::time::Duration,
}

/// The time that the request has, of the time that ureq has.
fn own(mut timeout: NextTimeout, slack: core::time::Duration) -> NextTimeout {
    if let (Timeout::Global, Duration::Exact(after)) = (timeout.reason, timeout.after) {
        timeout.after = Duration::Exact(after.saturating_sub(slack));
    }
    timeout
}

/// Fails if the time of the request is up. What was to be sent is missing, so the server never has the whole request.
fn check_unsent(timeout: NextTimeout) -> Result<(), ureq::Error> {
    if timeout.after.is_zero() { Err(Unsent::mark(ureq::Error::Timeout(timeout.reason))) } else { Ok(()) }
}

impl<T: Transport> Transport for Patient<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.socket.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let timeout = own(timeout, self.slack);
        check_unsent(timeout)?;
        self.socket.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let timeout = own(timeout, self.slack);
        let mut arrived = self.socket.await_input(timeout);
        while self.looks > 0 && matches!(arrived, Err(ureq::Error::Timeout(_))) {
            self.looks -= 1;
            let mut look = timeout;
            look.after = LOOK.into();
            arrived = self.socket.await_input(look);
        }
        arrived
    }

    fn is_open(&mut self) -> bool {
        self.socket.is_open()
    }

    fn is_tls(&self) -> bool {
        self.socket.is_tls()
    }
}

/// A connection with TLS.
struct TlsTransport {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
    /// Whether a byte of a response has arrived.
    received: bool,
    slack: core::time::Duration,
}

impl TlsTransport {
    /// The connection has failed. If the server has ended it with an alert about the certificate, it has read no request, and
    /// the alert may have arrived only after a write has failed.
    fn failed(&mut self, error: io::Error, timeout: NextTimeout) -> ureq::Error {
        if self.received || error.kind() == io::ErrorKind::TimedOut {
            return error.into();
        }
        let about_the_certificate = |error: &io::Error| certificate_refused(error).is_some();
        let error = if about_the_certificate(&error) { error } else { self.reason(error, timeout) };
        if about_the_certificate(&error) { Unsent::of(error.into(), Stage::Connected) } else { error.into() }
    }

    /// The alert that has arrived, else this error.
    fn reason(&mut self, error: io::Error, mut timeout: NextTimeout) -> io::Error {
        timeout.after = (LOOK + self.slack).into();
        for _ in 0..LOOKS {
            self.stream.sock.set_timeout(timeout);
            match self.stream.conn.read_tls(&mut self.stream.sock) {
                Err(waiting) if waiting.kind() == io::ErrorKind::TimedOut => {}
                Ok(0) | Err(_) => break,
                Ok(_) => {
                    if let Err(alert) = self.stream.conn.process_new_packets() {
                        return io::Error::new(io::ErrorKind::InvalidData, alert);
                    }
                }
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
        self.stream.sock.set_timeout(timeout);
        match self.stream.write_all(&self.buffers.output()[..amount]) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.failed(error, timeout)),
        }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.stream.sock.set_timeout(timeout);
        let amount = match self.stream.read(self.buffers.input_append_buf()) {
            Ok(amount) => amount,
            Err(error) => return Err(self.failed(error, timeout)),
        };
        self.received |= amount > 0;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.sock.get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

wellspring_transport::debug_fields!([] TlsTransport, |_|);

#[cfg(test)]
mod tests {
    use super::*;
    use wellspring_transport::Tls;

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
