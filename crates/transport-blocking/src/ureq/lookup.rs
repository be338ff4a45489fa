//! Name lookup on a thread that may fail to start, and whose failures are marked.

use core::net::SocketAddr;
use std::net::ToSocketAddrs;
use std::sync::mpsc::{self, RecvTimeoutError};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;
use wellspring_transport::look_up;

use super::unsent::{Stage, Unsent, check_proxy};

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
        check_proxy(config, uri)?;
        self.look_up(uri, config, timeout).map_err(|error| Unsent::of(error, Stage::Lookup))
    }
}
