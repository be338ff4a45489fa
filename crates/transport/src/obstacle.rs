//! What kept a request from being sent, as the client's error says it.
//!
//! Both adapters hand their errors to this file, so that both report the same failure. Which processes pause for it is
//! core's decision.

use core::error::Error;
use std::io;

use wellspring_core::TransportError;

use crate::failure::Failure;

/// The errors behind an error, from the outermost.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    core::iter::successors(Some(error), |&error| {
        // An I/O error shows the error inside it only here, not as its source.
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        inside.map(|inner| inner as _).or_else(|| error.source())
    })
}

/// The failure of a connection that was not made. `lookup`: the name of the endpoint was being looked up.
#[must_use]
pub fn unreachable(error: &(dyn Error + 'static), lookup: bool) -> Failure {
    let io = chain(error).filter_map(|error| error.downcast_ref::<io::Error>()).find_map(of_io);
    io.unwrap_or(if lookup { Failure::NAME_LOOKUP } else { Failure::UNREACHABLE })
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
#[cfg(feature = "tls")]
#[must_use]
pub fn is_untrusted(error: &(dyn Error + 'static)) -> bool {
    use rustls::Error::{InvalidCertRevocationList, InvalidCertificate, NoCertificatesPresented};
    chain(error).any(|error| {
        let refused = |error| {
            matches!(error, &(InvalidCertificate(_) | NoCertificatesPresented | InvalidCertRevocationList(_)))
        };
        error.downcast_ref().is_some_and(refused)
    })
}

/// The alert with which the server has ended the TLS handshake, if an error behind this one says so.
///
/// In TLS 1.3 the alert about a client certificate arrives after the client has sent its request. The server has not read
/// that request: it reads none before it has accepted the certificate
/// ([RFC 8446 §4.4.2.4](https://www.rfc-editor.org/rfc/rfc8446#section-4.4.2.4)).
#[cfg(feature = "tls")]
#[must_use]
pub fn handshake_alert(error: &(dyn Error + 'static)) -> Option<&'static str> {
    use rustls::AlertDescription as Alert;
    chain(error).find_map(|error| match error.downcast_ref::<rustls::Error>()? {
        rustls::Error::AlertReceived(alert) => Some(match *alert {
            Alert::HandshakeFailure => "handshake_failure",
            Alert::NoCertificate => "no_certificate",
            Alert::BadCertificate => "bad_certificate",
            Alert::UnsupportedCertificate => "unsupported_certificate",
            Alert::CertificateRevoked => "certificate_revoked",
            Alert::CertificateExpired => "certificate_expired",
            Alert::CertificateUnknown => "certificate_unknown",
            Alert::IllegalParameter => "illegal_parameter",
            Alert::UnknownCA => "unknown_ca",
            Alert::AccessDenied => "access_denied",
            Alert::DecodeError => "decode_error",
            Alert::DecryptError => "decrypt_error",
            Alert::ProtocolVersion => "protocol_version",
            Alert::InsufficientSecurity => "insufficient_security",
            Alert::InappropriateFallback => "inappropriate_fallback",
            Alert::MissingExtension => "missing_extension",
            Alert::UnsupportedExtension => "unsupported_extension",
            Alert::UnrecognisedName => "unrecognized_name",
            Alert::BadCertificateStatusResponse => "bad_certificate_status_response",
            Alert::UnknownPSKIdentity => "unknown_psk_identity",
            Alert::CertificateRequired => "certificate_required",
            Alert::NoApplicationProtocol => "no_application_protocol",
            // The others may come at any time: the server may have processed the request.
            _ => return None,
        }),
        _ => None,
    })
}

/// The failure of a handshake that the server has ended with this alert.
#[cfg(feature = "tls")]
#[must_use]
pub fn handshake_refused(alert: &str) -> TransportError {
    let advice = if alert.contains("certificate") || matches!(alert, "unknown_ca" | "access_denied") {
        "check the client certificate"
    } else {
        "check the TLS settings and the client certificate"
    };
    let text = format!(
        "the server ended the TLS handshake with the alert {alert} and has not processed the request: {advice}"
    );
    TransportError::new(wellspring_core::TransportErrorKind::Refused, text)
        .because(wellspring_core::Obstacle::HandshakeRefused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wellspring_core::Obstacle;

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

    #[cfg(feature = "tls")]
    #[test]
    fn only_an_alert_of_the_handshake_means_that_the_request_was_not_processed() {
        use rustls::AlertDescription as Alert;
        let alert = |alert| {
            let error = io::Error::new(io::ErrorKind::InvalidData, rustls::Error::AlertReceived(alert));
            handshake_alert(&io::Error::other(error))
        };
        assert_eq!(alert(Alert::CertificateExpired), Some("certificate_expired"));
        assert_eq!(alert(Alert::UnknownCA), Some("unknown_ca"));
        for other in [Alert::InternalError, Alert::CloseNotify, Alert::BadRecordMac, Alert::UserCanceled] {
            assert_eq!(alert(other), None, "{other:?}");
        }
        let error = handshake_refused("certificate_expired");
        assert!(error.clone().into_error().fate() == wellspring_core::Fate::Unspent);
        assert!(!error.into_error().is_local(), "the server has said it");
    }
}
