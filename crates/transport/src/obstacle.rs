//! What kept a request from being sent, as the client's error says it.
//!
//! Both adapters hand their errors to this file, so that both report the same failure. Which processes pause for it is
//! core's decision.

use core::error::Error;
use std::io;

use crate::failure::Failure;

/// An error and the errors behind it, from the outermost.
pub fn error_chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    core::iter::successors(Some(error), |&error| {
        // An I/O error shows the error inside it only here, not as its source.
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        inside.map(|inner| inner as _).or_else(|| error.source())
    })
}

/// The failure of a connection that was not made. `lookup`: the name of the endpoint was being looked up.
#[must_use]
pub fn unreachable(error: &(dyn Error + 'static), lookup: bool) -> Failure {
    if speaks_no_tls(error) {
        return Failure::NOT_TLS;
    }
    let io = error_chain(error).filter_map(|error| error.downcast_ref::<io::Error>()).find_map(of_io);
    io.unwrap_or(if lookup { Failure::NAME_LOOKUP } else { Failure::UNREACHABLE })
}

/// The failure of a connection that was not made through a proxy.
#[must_use]
pub fn unreachable_by_proxy(error: &(dyn Error + 'static)) -> Failure {
    unreachable(error, false).at_the_proxy()
}

fn of_io(error: &io::Error) -> Option<Failure> {
    #[cfg(unix)]
    if let Some(errno) = error.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
        use rustix::io::Errno;
        match errno {
            Errno::MFILE | Errno::NFILE => return Some(Failure::NO_DESCRIPTOR),
            Errno::NOBUFS | Errno::NOMEM => return Some(Failure::NO_MEMORY),
            Errno::AGAIN => return Some(Failure::NO_THREAD),
            Errno::AFNOSUPPORT => return Some(Failure::NO_NETWORK),
            _ => {}
        }
    }
    match error.kind() {
        io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkDown
        | io::ErrorKind::AddrNotAvailable => Some(Failure::NO_NETWORK),
        io::ErrorKind::PermissionDenied => Some(Failure::NOT_PERMITTED),
        io::ErrorKind::OutOfMemory => Some(Failure::NO_MEMORY),
        io::ErrorKind::ConnectionRefused => Some(Failure::REFUSED),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => Some(Failure::CLOSED),
        _ => None,
    }
}

/// The failure if an error, or an error behind it, says that the server's certificate is not trusted: no retry helps.
#[must_use]
pub fn untrusted(error: &(dyn Error + 'static)) -> Option<Failure> {
    error_chain(error).find_map(|error| {
        #[cfg(feature = "rustls-no-provider")]
        if let Some(failure) = error.downcast_ref().and_then(of_rustls) {
            return Some(failure);
        }
        #[cfg(feature = "native-tls")]
        if let Some((_, why)) = error.to_string().split_once("certificate verify failed") {
            return Some(of_openssl(why));
        }
        let _ = error;
        None
    })
}

#[cfg(feature = "rustls-no-provider")]
fn of_rustls(error: &rustls::Error) -> Option<Failure> {
    use rustls::CertificateError as Why;
    use rustls::Error::{InvalidCertRevocationList, InvalidCertificate, NoCertificatesPresented};
    Some(match error {
        InvalidCertificate(Why::Expired | Why::ExpiredContext { .. }) => Failure::SERVER_EXPIRED,
        InvalidCertificate(Why::NotValidYet | Why::NotValidYetContext { .. }) => {
            Failure::SERVER_NOT_YET_VALID
        }
        InvalidCertificate(Why::NotValidForName | Why::NotValidForNameContext { .. }) => {
            Failure::SERVER_OF_ANOTHER_NAME
        }
        InvalidCertificate(Why::UnknownIssuer) => Failure::SERVER_OF_UNKNOWN_ISSUER,
        InvalidCertificate(_) | NoCertificatesPresented | InvalidCertRevocationList(_) => Failure::UNTRUSTED,
        _ => return None,
    })
}

#[cfg(feature = "native-tls")]
fn of_openssl(why: &str) -> Failure {
    for (words, failure) in [
        ("has expired", Failure::SERVER_EXPIRED),
        ("not yet valid", Failure::SERVER_NOT_YET_VALID),
        ("ostname mismatch", Failure::SERVER_OF_ANOTHER_NAME),
        ("IP address mismatch", Failure::SERVER_OF_ANOTHER_NAME),
        ("issuer certificate", Failure::SERVER_OF_UNKNOWN_ISSUER),
        ("self-signed", Failure::SERVER_OF_UNKNOWN_ISSUER),
        ("self signed", Failure::SERVER_OF_UNKNOWN_ISSUER),
    ] {
        if why.contains(words) {
            return failure;
        }
    }
    Failure::UNTRUSTED
}

/// Whether an error, or an error behind it, says that what answers does not speak TLS.
fn speaks_no_tls(error: &(dyn Error + 'static)) -> bool {
    error_chain(error).any(|error| {
        #[cfg(feature = "rustls-no-provider")]
        if let Some(rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType)) =
            error.downcast_ref()
        {
            return true;
        }
        #[cfg(feature = "native-tls")]
        if error.to_string().contains("wrong version number") {
            return true;
        }
        let _ = error;
        false
    })
}

/// Whether an error, or an error behind it, says that this process and the server share no version or cipher of TLS.
#[must_use]
pub fn shares_no_protocol(error: &(dyn Error + 'static)) -> bool {
    error_chain(error).any(|error| {
        #[cfg(feature = "rustls-no-provider")]
        if matches!(error.downcast_ref(), Some(rustls::Error::PeerIncompatible(_))) {
            return true;
        }
        #[cfg(feature = "native-tls")]
        if ["unsupported protocol", "no protocols available"].iter().any(|it| error.to_string().contains(it))
        {
            return true;
        }
        let _ = error;
        false
    })
}

/// Whether an error, or an error behind it, is the end of a time limit.
#[must_use]
pub fn timed_out(error: &(dyn Error + 'static)) -> bool {
    let mut io = error_chain(error).filter_map(|error| error.downcast_ref::<io::Error>());
    io.any(|error| error.kind() == io::ErrorKind::TimedOut)
}

#[cfg(test)]
mod tests {
    use wellspring_core::{Obstacle, TransportError};

    use super::*;

    fn obstacle(error: io::Error) -> Option<Obstacle> {
        let error = io::Error::other(io::Error::other(error));
        TransportError::from(unreachable(&error, false)).obstacle()
    }

    #[test]
    fn what_kept_a_request_from_being_sent_is_read_out_of_the_error_behind_the_clients_error() {
        use io::ErrorKind as Kind;
        for (kind, expected) in [
            (Kind::NetworkUnreachable, Obstacle::NoNetwork),
            (Kind::HostUnreachable, Obstacle::NoNetwork),
            (Kind::NetworkDown, Obstacle::NoNetwork),
            (Kind::AddrNotAvailable, Obstacle::NoNetwork),
            (Kind::PermissionDenied, Obstacle::NotPermitted),
            (Kind::OutOfMemory, Obstacle::NoMemory),
            (Kind::ConnectionRefused, Obstacle::ConnectionRefused),
            (Kind::ConnectionReset, Obstacle::ConnectionBroken),
            (Kind::UnexpectedEof, Obstacle::ConnectionBroken),
            (Kind::BrokenPipe, Obstacle::ConnectionBroken),
        ] {
            assert_eq!(obstacle(kind.into()), Some(expected), "{kind:?}");
        }
        let lookup = unreachable(&io::Error::other("no such name"), true);
        assert_eq!(TransportError::from(lookup).obstacle(), Some(Obstacle::NameLookup));
    }

    #[cfg(unix)]
    #[test]
    fn a_limit_of_the_process_is_known_by_its_error_number() {
        use rustix::io::Errno;
        for (errno, expected) in [
            (Errno::MFILE, Obstacle::NoDescriptor),
            (Errno::NFILE, Obstacle::NoDescriptor),
            (Errno::NOBUFS, Obstacle::NoMemory),
            (Errno::NOMEM, Obstacle::NoMemory),
            (Errno::AGAIN, Obstacle::NoThread),
            (Errno::AFNOSUPPORT, Obstacle::NoNetwork),
            (Errno::NETUNREACH, Obstacle::NoNetwork),
            (Errno::HOSTUNREACH, Obstacle::NoNetwork),
            (Errno::PERM, Obstacle::NotPermitted),
        ] {
            let error = io::Error::from_raw_os_error(errno.raw_os_error());
            assert_eq!(obstacle(error), Some(expected), "{errno}");
        }
    }

    #[test]
    fn a_failure_at_the_proxy_is_the_proxys_unless_this_process_lacks_something() {
        for failure in [Failure::REFUSED, Failure::UNREACHABLE, Failure::NO_NETWORK, Failure::NAME_LOOKUP] {
            assert_eq!(TransportError::from(failure.at_the_proxy()).obstacle(), Some(Obstacle::Proxy));
        }
        for failure in
            [Failure::NO_DESCRIPTOR, Failure::NO_MEMORY, Failure::NO_THREAD, Failure::NOT_PERMITTED]
        {
            let obstacle = TransportError::from(failure).obstacle();
            assert_eq!(TransportError::from(failure.at_the_proxy()).obstacle(), obstacle);
        }
    }
}
