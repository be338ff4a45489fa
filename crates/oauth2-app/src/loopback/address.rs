//! The address that a redirect URI names.

use core::fmt::Display;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::io;
use std::net::TcpListener;

use super::error::LoopbackError;

/// How often a free port is looked for that is free under both addresses of `localhost`.
const ATTEMPTS: u32 = 16;

/// A plain HTTP URL of this machine, in its parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address<'a> {
    /// `None` is `localhost`.
    ip: Option<IpAddr>,
    /// The host as the URL writes it.
    host: &'a str,
    /// Zero if the URL names no port.
    pub(super) port: u16,
    /// The path and the query.
    pub(super) rest: &'a str,
}

/// The redirect URI: this text, or the one of the address that the text is.
pub(super) fn redirect_uri_of(at: impl Display) -> String {
    let text = at.to_string();
    match (text.parse::<SocketAddr>(), text.parse::<IpAddr>()) {
        (Ok(address), _) => format!("http://{address}/"),
        (_, Ok(IpAddr::V4(ip))) => format!("http://{ip}/"),
        (_, Ok(IpAddr::V6(ip))) => format!("http://[{ip}]/"),
        _ => text,
    }
}

impl<'a> Address<'a> {
    pub(super) fn of(uri: &'a str) -> Result<Self, LoopbackError> {
        Self::parse(uri).ok_or(LoopbackError::NotLoopback)
    }

    fn parse(uri: &'a str) -> Option<Self> {
        let after = uri.strip_prefix("http://")?;
        let (authority, rest) = after.split_at(after.find(['/', '?']).unwrap_or(after.len()));
        let (host, port) = match authority.rsplit_once(':') {
            // The colons of an IPv6 address are inside its brackets.
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
            _ => (authority, 0),
        };
        if host.eq_ignore_ascii_case("localhost") {
            return Some(Self { ip: None, host, port, rest });
        }
        let ip = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(bare) => IpAddr::V6(bare.parse().ok()?),
            None => IpAddr::V4(host.parse().ok()?),
        };
        ip.is_loopback().then_some(Self { ip: Some(ip), host, port, rest })
    }

    pub(super) const fn is_localhost(&self) -> bool {
        self.ip.is_none()
    }

    /// The same URL with this port.
    pub(super) fn with_port(&self, port: u16) -> String {
        format!("http://{}:{port}{}", self.host, self.rest)
    }

    /// Binds every address that the host may resolve to, all with one port.
    pub(super) fn bind(&self) -> Result<(Vec<TcpListener>, u16), LoopbackError> {
        let Some(ip) = self.ip else { return self.bind_localhost() };
        let (listener, port) = bound(ip, self.port)?;
        Ok((vec![listener], port))
    }

    /// A browser may resolve `localhost` to either address. The one that is not ours must not be another program's.
    fn bind_localhost(&self) -> Result<(Vec<TcpListener>, u16), LoopbackError> {
        let mut attempts = ATTEMPTS;
        loop {
            let (first, port) = bound(IpAddr::V4(Ipv4Addr::LOCALHOST), self.port)?;
            attempts = attempts.saturating_sub(1);
            match bound(IpAddr::V6(Ipv6Addr::LOCALHOST), port) {
                Ok((second, _)) => return Ok((vec![first, second], port)),
                Err(LoopbackError::PortInUse(_)) if self.port == 0 && attempts > 0 => {}
                Err(LoopbackError::PortInUse(port)) => return Err(LoopbackError::PortInUse(port)),
                // The machine has no IPv6.
                Err(_) => return Ok((vec![first], port)),
            }
        }
    }
}

fn bound(ip: IpAddr, port: u16) -> Result<(TcpListener, u16), LoopbackError> {
    let bound = TcpListener::bind(SocketAddr::new(ip, port))
        .and_then(|listener| Ok((listener.local_addr()?.port(), listener)));
    match bound {
        Ok((port, listener)) => Ok((listener, port)),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Err(LoopbackError::PortInUse(port)),
        Err(error) => Err(LoopbackError::Bind(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_http_url_of_this_machine_is_read() {
        for (uri, host, port, rest) in [
            ("http://127.0.0.1:8765/oauth/callback", "127.0.0.1", 8765, "/oauth/callback"),
            ("http://127.0.0.1/cb?x=y", "127.0.0.1", 0, "/cb?x=y"),
            ("http://127.0.0.9:1", "127.0.0.9", 1, ""),
            ("http://[::1]:8765/cb", "[::1]", 8765, "/cb"),
            ("http://[::1]/", "[::1]", 0, "/"),
            ("http://127.0.0.1:0?x=y", "127.0.0.1", 0, "?x=y"),
            ("http://localhost:8765/cb", "localhost", 8765, "/cb"),
            ("http://LocalHost/cb", "LocalHost", 0, "/cb"),
        ] {
            let read = Address::parse(uri).unwrap();
            assert_eq!((read.host, read.port, read.rest), (host, port, rest), "{uri}");
            assert_eq!(read.is_localhost(), host.eq_ignore_ascii_case("localhost"), "{uri}");
        }
    }

    #[test]
    fn every_other_url_is_refused() {
        for uri in [
            "https://127.0.0.1:8765/cb",
            "https://localhost/cb",
            "http://localhost.example/cb",
            "http://localhost:/cb",
            "http://localhost:99999/cb",
            "http://10.0.0.1/cb",
            "http://0.0.0.0:8765/cb",
            "http://127.0.0.1.example/cb",
            "http://user@127.0.0.1/cb",
            "http://::1/cb",
            "http://127.1/cb",
            "https://yourapp.com/oauth/callback",
            "",
        ] {
            assert_eq!(Address::parse(uri), None, "{uri}");
        }
    }

    #[test]
    fn an_address_is_a_redirect_uri_without_a_path_and_a_uri_stays_as_written() {
        let ports =
            [SocketAddr::from((Ipv4Addr::LOCALHOST, 8765)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))];
        assert_eq!(ports.map(redirect_uri_of), ["http://127.0.0.1:8765/", "http://[::1]:0/"]);
        let ips = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        assert_eq!(ips.map(redirect_uri_of), ["http://127.0.0.1/", "http://[::1]/"]);
        for uri in ["http://127.0.0.1", "http://LocalHost/cb", "localhost:8765", ""] {
            assert_eq!(redirect_uri_of(uri), uri);
        }
    }

    #[test]
    fn an_address_of_another_machine_is_refused() {
        for text in
            ["10.0.0.1:8765", "0.0.0.0", "0.0.0.0:8765", "::", "[::]:0", "[fe80::1%1]:80", "192.0.2.1"]
        {
            assert_eq!(Address::parse(&redirect_uri_of(text)), None, "{text}");
        }
    }

    #[test]
    fn localhost_is_bound_only_if_no_other_program_has_one_of_its_addresses() {
        // Another program has the port under the other address.
        let Ok(other) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) else { return };
        let port = other.local_addr().unwrap().port();
        let uri = format!("http://localhost:{port}/cb");
        let error = Address::parse(&uri).unwrap().bind().unwrap_err();
        // The port may be taken under the first address too.
        assert!(matches!(error, LoopbackError::PortInUse(taken) if taken == port), "{error}");
        let (listeners, port) = Address::parse("http://localhost/cb").unwrap().bind().unwrap();
        assert!(listeners.iter().all(|listener| listener.local_addr().unwrap().port() == port));
        assert_eq!(listeners.len(), 2);
    }
}
