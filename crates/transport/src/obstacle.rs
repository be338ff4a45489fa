//! What kept a request from being sent, as the client's error says it.
//!
//! Both adapters hand their errors to this file, so that both report the same failure. Which processes pause for it is
//! core's decision.

use core::error::Error;
use std::io;

#[cfg(feature = "client")]
use wellspring_core::{Obstacle, TransportError, TransportErrorKind};

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
        _ => None,
    }
}

/// Whether an error, or an error behind it, says that the server's certificate is not trusted: no retry helps.
#[must_use]
pub fn is_untrusted(error: &(dyn Error + 'static)) -> bool {
    error_chain(error).any(|error| {
        #[cfg(feature = "rustls-no-provider")]
        if rejects_the_server(error) {
            return true;
        }
        #[cfg(feature = "native-tls")]
        if error.to_string().contains("certificate verify failed") {
            return true;
        }
        let _ = error;
        false
    })
}

#[cfg(feature = "rustls-no-provider")]
fn rejects_the_server(error: &(dyn Error + 'static)) -> bool {
    use rustls::Error::{InvalidCertRevocationList, InvalidCertificate, NoCertificatesPresented};
    error.downcast_ref().is_some_and(|error| {
        matches!(error, &(InvalidCertificate(_) | NoCertificatesPresented | InvalidCertRevocationList(_)))
    })
}

/// Whether an error, or an error behind it, is the end of a time limit.
#[must_use]
pub fn timed_out(error: &(dyn Error + 'static)) -> bool {
    let mut io = error_chain(error).filter_map(|error| error.downcast_ref::<io::Error>());
    io.any(|error| error.kind() == io::ErrorKind::TimedOut)
}

/// The number of the alert that has ended the connection, if an error behind this one says so.
#[cfg(feature = "client")]
fn alert(error: &(dyn Error + 'static)) -> Option<u8> {
    error_chain(error).find_map(|error| {
        #[cfg(feature = "rustls-no-provider")]
        if let Some(rustls::Error::AlertReceived(alert)) = error.downcast_ref() {
            return Some(u8::from(*alert));
        }
        #[cfg(feature = "native-tls")]
        if let Some((_, number)) = error.to_string().split_once("SSL alert number ") {
            let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
            return number[..end].parse().ok();
        }
        let _ = error;
        None
    })
}

/// The name of an alert ([RFC 8446 §6](https://www.rfc-editor.org/rfc/rfc8446#section-6)).
#[cfg(feature = "client")]
const fn name(alert: u8) -> &'static str {
    match alert {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        22 => "record_overflow",
        40 => "handshake_failure",
        41 => "no_certificate",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        109 => "missing_extension",
        110 => "unsupported_extension",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => "of an unknown kind",
    }
}

/// The alerts about a client certificate: from `no_certificate` to `unknown_ca`, and `certificate_required`.
#[cfg(feature = "client")]
const ABOUT_THE_CERTIFICATE: [u8; 8] = [41, 42, 43, 44, 45, 46, 48, 116];

/// The failure of a handshake that an alert has ended, if an error behind this one says so.
///
/// Such an alert is not protected: anything between this process and the server can send it. So a retry may help, and no
/// process calls the operator.
#[cfg(feature = "client")]
#[must_use]
pub fn handshake_ended(error: &(dyn Error + 'static)) -> Option<TransportError> {
    let text = format!(
        "the TLS handshake ended with the alert {}, and nothing was sent; if this stays, check the TLS settings and the client certificate",
        name(alert(error)?)
    );
    Some(TransportError::new(TransportErrorKind::NotSent, text).because(Obstacle::HandshakeRefused))
}

/// The failure of a connection that the server has ended with an alert about the client certificate, if an error behind
/// this one says so. Only for connections whose handshake is complete.
///
/// In TLS 1.3 this alert arrives after the client has sent its request. The server has not read that request: it reads
/// none before it has accepted the certificate
/// ([RFC 8446 §4.4.2.4](https://www.rfc-editor.org/rfc/rfc8446#section-4.4.2.4)). Other alerts may follow a request that the
/// server has processed.
#[cfg(feature = "client")]
#[must_use]
pub fn certificate_refused(error: &(dyn Error + 'static)) -> Option<TransportError> {
    let alert = alert(error)?;
    let text = ABOUT_THE_CERTIFICATE.contains(&alert).then(|| {
        format!(
            "the server ended the TLS connection with the alert {} and has not processed the request: check the client certificate",
            name(alert)
        )
    })?;
    Some(TransportError::new(TransportErrorKind::Refused, text).because(Obstacle::CertificateRefused))
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

    #[cfg(feature = "rustls-no-provider")]
    fn received(alert: rustls::AlertDescription) -> io::Error {
        let error = io::Error::new(io::ErrorKind::InvalidData, rustls::Error::AlertReceived(alert));
        io::Error::other(error)
    }

    #[cfg(feature = "rustls-no-provider")]
    #[test]
    fn only_an_alert_about_the_certificate_means_that_the_request_was_not_processed() {
        use rustls::AlertDescription as Alert;
        for (alert, name) in [
            (Alert::NoCertificate, "no_certificate"),
            (Alert::BadCertificate, "bad_certificate"),
            (Alert::UnsupportedCertificate, "unsupported_certificate"),
            (Alert::CertificateRevoked, "certificate_revoked"),
            (Alert::CertificateExpired, "certificate_expired"),
            (Alert::CertificateUnknown, "certificate_unknown"),
            (Alert::UnknownCA, "unknown_ca"),
            (Alert::CertificateRequired, "certificate_required"),
        ] {
            let error = certificate_refused(&received(alert)).unwrap();
            assert_eq!(error.obstacle(), Some(Obstacle::CertificateRefused));
            let error = error.into_error();
            assert!(error.to_string().contains(name), "{error}");
            assert_eq!(error.fate(), wellspring_core::Fate::Unspent);
            assert!(!error.is_local() && !error.is_transient());
        }
        for other in [
            Alert::CloseNotify,
            Alert::UnexpectedMessage,
            Alert::BadRecordMac,
            Alert::HandshakeFailure,
            Alert::IllegalParameter,
            Alert::AccessDenied,
            Alert::DecodeError,
            Alert::DecryptError,
            Alert::InternalError,
            Alert::UserCanceled,
            Alert::UnrecognisedName,
        ] {
            assert!(certificate_refused(&received(other)).is_none(), "{other:?}");
        }
    }

    #[cfg(feature = "rustls-no-provider")]
    #[test]
    fn every_alert_that_ends_a_handshake_is_transient_because_anything_on_the_way_can_send_it() {
        use rustls::AlertDescription as Alert;
        for (alert, name) in [
            (Alert::UnrecognisedName, "unrecognized_name"),
            (Alert::CertificateRequired, "certificate_required"),
            (Alert::HandshakeFailure, "handshake_failure"),
            (Alert::InternalError, "internal_error"),
            (Alert::Unknown(200), "of an unknown kind"),
        ] {
            let error = handshake_ended(&received(alert)).unwrap();
            assert_eq!(error.obstacle(), Some(Obstacle::HandshakeRefused));
            let error = error.into_error();
            assert!(error.to_string().contains(&format!("the alert {name},")), "{error}");
            assert!(error.is_transient() && error.fate() == wellspring_core::Fate::Unspent);
        }
        assert!(handshake_ended(&io::Error::other("no alert")).is_none());
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
