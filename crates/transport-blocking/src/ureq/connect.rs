//! Connections that distinguish a failure before the first byte of a request from a failure after it.
//!
//! ureq reports a refused connection, a failed handshake and a reset in mid-body alike. This module marks every failure
//! up to the end of the handshake as unsent. ureq's interface for that is not covered by its version number, so the
//! workspace pins ureq to one minor version.

use std::sync::Arc;

use ureq::Timeout;
use ureq::unversioned::transport::time::{Duration, Instant};
use ureq::unversioned::transport::{
    Buffers, ConnectProxyConnector, ConnectionDetails, Connector, NextTimeout, TcpConnector, Transport,
    TransportAdapter,
};
use wellspring_transport::{LOOK, LOOKS, TlsConnector};

use super::limits::answered;
use super::tls::{TlsTransport, handshake};
use super::unsent::{Stage, Unsent, check_proxy, check_unsent, own};

/// ureq gives up at the first look at a clock after its deadline, between two reads too. A token request gives ureq so much
/// more time than it has, and the connection keeps the deadline. No process is stopped for longer than this.
pub(super) const SLACK: core::time::Duration = core::time::Duration::from_secs(30 * 86_400);

/// Opens TCP connections, through a proxy where the agent has one, with TLS where the URL is HTTPS.
#[derive(Debug)]
pub(super) struct Connecting {
    proxy: ConnectProxyConnector,
    tcp: TcpConnector,
    tls: TlsConnector,
    /// How much more time ureq has than the request.
    slack: core::time::Duration,
}

impl Connecting {
    pub(super) fn new(tls: TlsConnector, slack: core::time::Duration) -> Self {
        Self { proxy: ConnectProxyConnector::default(), tcp: TcpConnector::default(), tls, slack }
    }

    fn open(&self, details: &ConnectionDetails<'_>) -> Result<Box<dyn Transport>, ureq::Error> {
        check_proxy(details.config, details.uri)?;
        let proxied = Connector::<()>::connect(&self.proxy, details, None);
        let proxied = proxied.map_err(|error| Unsent::of(error, Stage::Proxy))?;
        // A connection to a proxy was opened by this connector too, and knows the slack already.
        let slack = if proxied.is_some() { core::time::Duration::ZERO } else { self.slack };
        let socket = self.tcp.connect(details, proxied)?.ok_or(ureq::Error::ConnectionFailed)?;
        let socket = Patient { socket, looks: LOOKS, slack, is_answered: false, has_unread: false };
        if !details.needs_tls() || socket.is_tls() {
            return Ok(Box::new(socket));
        }
        let mut socket = TransportAdapter::new(Box::new(socket) as _, Arc::clone(&details.current_time));
        socket.set_timeout(left_of(details));
        let session = handshake(&self.tls, details.uri.host().unwrap_or_default(), socket)?;
        Ok(Box::new(TlsTransport::new(details.config, session, self.slack, self.tls.clone())))
    }
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
    /// Whether the server has answered before it has the whole request. What is left of the request is not sent.
    is_answered: bool,
    /// Whether a part of the answer is in the buffers already.
    has_unread: bool,
}

impl<T: Transport> Patient<T> {
    /// Whether the server has answered a request of which it takes no more, with this failure. What it has sent can be read
    /// behind the failure; if it has sent nothing, the next read fails.
    fn answers(&mut self, failure: &ureq::Error, mut timeout: NextTimeout) -> bool {
        use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
        match failure {
            ureq::Error::Io(io) => matches!(io.kind(), BrokenPipe | ConnectionAborted | ConnectionReset),
            ureq::Error::Timeout(Timeout::PerWrite) => {
                timeout.after = LOOK.into();
                self.has_unread = self.socket.await_input(timeout).is_ok_and(|arrived| arrived);
                self.has_unread
            }
            _ => false,
        }
    }
}

impl<T: Transport> Transport for Patient<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.socket.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let timeout = own(timeout, self.slack);
        check_unsent(timeout)?;
        if self.is_answered {
            return Ok(());
        }
        match self.socket.transmit_output(amount, timeout) {
            Err(failure) if self.answers(&failure, timeout) => {
                self.is_answered = true;
                answered();
                Ok(())
            }
            sent => sent,
        }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let timeout = own(timeout, self.slack);
        if core::mem::take(&mut self.has_unread) {
            return Ok(true);
        }
        let arrived = self.socket.await_input(timeout);
        if !matches!(arrived, Err(ureq::Error::Timeout(_))) {
            return arrived;
        }
        let mut look = timeout;
        look.after = LOOK.into();
        while self.looks > 0 {
            self.looks -= 1;
            match self.socket.await_input(look) {
                Err(ureq::Error::Timeout(_)) => {}
                looked => return looked,
            }
        }
        arrived
    }

    fn is_open(&mut self) -> bool {
        !self.is_answered && self.socket.is_open()
    }

    fn is_tls(&self) -> bool {
        self.socket.is_tls()
    }
}

/// The failure of this HTTPS request where no TLS library is enabled.
#[cfg(test)]
fn without_tls_library(url: &str) -> wellspring_core::TransportError {
    let connector = Connecting::new(TlsConnector::without_library(), core::time::Duration::ZERO);
    let config = ureq::config::Config::builder().proxy(None).build();
    let agent = ureq::Agent::with_parts(config, connector, super::lookup::Resolving::new(true));
    super::failure(agent.get(url).call().unwrap_err())
}

#[cfg(test)]
#[path = "../../../transport/tests/twins/without_tls.rs"]
mod tests;
