//! The TLS alerts with which servers end a connection, and what they say about the client certificate.
//!
//! An alert is the server's verdict on what this process has shown or offered: the next handshake meets the same one. So
//! an alert about the certificate or the protocol is permanent. It says nothing about other processes, which may have another
//! certificate.

use core::error::Error;

use wellspring_core::{Obstacle, TransportError, TransportErrorKind};

use crate::clock::Clock;
use crate::obstacle::error_chain;
use crate::tls::{CertificateInfo, Validity};

/// The number of the alert that has ended the connection, if an error behind this one says so.
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
        111 => "certificate_unobtainable",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        114 => "bad_certificate_hash_value",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        _ => "of an unknown kind",
    }
}

/// What an alert is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    /// The client certificate.
    Certificate,
    /// The certificate, or what this process offers: servers end a handshake without a certificate with it, too.
    Offer,
    /// The protocol version or the ciphers.
    Protocol,
    /// Something that may pass.
    Else,
}

const fn about(alert: u8, shown: Option<&CertificateInfo>) -> About {
    match alert {
        // The server could not verify a signature. Of this process there are those of the certificate and of its key.
        51 if shown.is_some() => About::Certificate,
        // RFC 8446 section 6.2: from `no_certificate` to `certificate_unknown`, `unknown_ca`, `access_denied` ("a valid certificate
        // was received, but when access control was applied, the sender decided not to proceed"), `certificate_required`.
        41..=46 | 48 | 49 | 111 | 114 | 116 => About::Certificate,
        40 => About::Offer,
        70 | 71 | 86 | 120 => About::Protocol,
        _ => About::Else,
    }
}

/// The failure of a handshake that an alert has ended, if an error behind this one says so. `shown` is the client certificate
/// of this process.
#[must_use]
pub fn handshake_ended(
    error: &(dyn Error + 'static),
    shown: Option<&CertificateInfo>,
) -> Option<TransportError> {
    let alert = alert(error)?;
    let (kind, text) = match about(alert, shown) {
        About::Certificate => (TransportErrorKind::Refused, refused(alert, shown)),
        About::Offer => (
            TransportErrorKind::Refused,
            match shown {
                Some(info) => format!(
                    "the server ended the TLS handshake (alert {}): it refuses the client certificate, which {}, or shares no \
                     cipher with this program; ask its operator which certificates it accepts",
                    name(alert),
                    described(info)
                ),
                None => format!(
                    "the server ended the TLS handshake (alert {}): it asks for a client certificate, or shares no cipher with \
                     this program; set the client certificate (`client_certificate`) if the server's operator issued one",
                    name(alert)
                ),
            },
        ),
        About::Protocol => (
            TransportErrorKind::Refused,
            format!(
                "the server ended the TLS handshake (alert {}): it shares no version or cipher of TLS with this program, which \
                 speaks TLS 1.2 and 1.3; check the URL, or ask the server's operator",
                name(alert)
            ),
        ),
        About::Else => {
            let check = match alert {
                112 => "the host in the URL, which the server does not know",
                _ => "the TLS settings and the client certificate",
            };
            let text = format!(
                "the TLS handshake ended with the alert {}, and nothing was sent; if this stays, check {check}",
                name(alert)
            );
            (TransportErrorKind::NotSent, text)
        }
    };
    Some(TransportError::new(kind, text).because(Obstacle::HandshakeRefused))
}

/// The failure of a connection that the server has ended with an alert about the client certificate, if an error behind
/// this one says so. Only for connections whose handshake is complete and that have brought no byte of a response.
///
/// In TLS 1.3 this alert arrives after the client has sent its request. The server has not read that request: it reads
/// none before it has accepted the certificate
/// ([RFC 8446 §4.4.2.4](https://www.rfc-editor.org/rfc/rfc8446#section-4.4.2.4)). Other alerts may follow a request that the
/// server has processed.
#[must_use]
pub fn certificate_refused(
    error: &(dyn Error + 'static),
    shown: Option<&CertificateInfo>,
) -> Option<TransportError> {
    let alert = alert(error)?;
    // OpenSSL ends a TLS 1.3 connection with `handshake_failure` where the program's own check refuses the certificate.
    let text = match about(alert, shown) {
        About::Certificate | About::Offer => refused(alert, shown),
        About::Protocol | About::Else => return None,
    };
    Some(TransportError::new(TransportErrorKind::Refused, text).because(Obstacle::CertificateRefused))
}

/// The sentence about a refused or missing certificate.
fn refused(alert: u8, shown: Option<&CertificateInfo>) -> String {
    let Some(info) = shown else {
        return format!(
            "the server asks for a client certificate (alert {}), and the TLS settings name none: set the one that its operator \
             issued (`client_certificate`, or in the program's own client)",
            name(alert)
        );
    };
    let valid = matches!(info.validity(now()), Validity::Valid(_));
    let advice = match (alert, &info.missing_issuer) {
        _ if !valid => "give a valid one".to_owned(),
        (48, Some(issuer)) => format!(
            "the server does not know its issuer \"{}\": add the certificates of its issuers to the file, which lacks that of \
             \"{issuer}\"",
            info.issuer
        ),
        (48, None) => format!(
            "the server does not know its issuer \"{}\": give the certificate that the server's operator issued or accepted",
            info.issuer
        ),
        (45, _) => "check the clocks of this host and of the server".to_owned(),
        (44, _) => "it was revoked: ask the server's operator for another one".to_owned(),
        (51, _) => "it could not verify a signature: the certificate was issued by an authority of the same name with another key"
            .to_owned(),
        (49, _) => "the server's operator has to permit it".to_owned(),
        (41 | 116, _) => "the server accepts no certificate of this kind of key or of its issuer".to_owned(),
        _ => "ask the server's operator which certificates it accepts".to_owned(),
    };
    format!(
        "the server refused the client certificate (alert {}), which {}: {advice}",
        name(alert),
        described(info)
    )
}

/// The certificate, as the end of a relative clause.
fn described(info: &CertificateInfo) -> String {
    format!("is that of \"{}\" and {}", info.subject, info.validity_text(now()))
}

fn now() -> wellspring_core::UnixTime {
    Clock::system().now().unix
}

#[cfg(all(test, feature = "rustls-no-provider"))]
mod tests {
    use std::io;

    use rustls::AlertDescription as Alert;
    use wellspring_core::{Fate, UnixTime};

    use super::*;

    fn received(alert: Alert) -> io::Error {
        let error = io::Error::new(io::ErrorKind::InvalidData, rustls::Error::AlertReceived(alert));
        io::Error::other(error)
    }

    fn shown(valid_until: u64) -> CertificateInfo {
        CertificateInfo {
            subject: "shop 93".to_owned(),
            issuer: "Bank CA".to_owned(),
            valid_from: UnixTime::EPOCH,
            valid_until: UnixTime::from_secs(valid_until),
            chain: 1,
            missing_issuer: Some("Bank CA".to_owned()),
            unrelated: Vec::new(),
        }
    }

    #[test]
    fn a_signature_that_the_server_cannot_verify_is_that_of_a_certificate_if_one_was_shown() {
        let (alert, certificate) = (received(Alert::DecryptError), shown(32_503_680_000));
        for refused in [certificate_refused, handshake_ended] {
            let error = refused(&alert, Some(&certificate)).unwrap().into_error();
            assert!(error.to_string().contains("decrypt_error") && !error.is_transient(), "{error}");
        }
        assert!(handshake_ended(&alert, None).unwrap().into_error().is_transient());
    }

    const CERTIFICATE: [(Alert, &str); 9] = [
        (Alert::NoCertificate, "no_certificate"),
        (Alert::BadCertificate, "bad_certificate"),
        (Alert::UnsupportedCertificate, "unsupported_certificate"),
        (Alert::CertificateRevoked, "certificate_revoked"),
        (Alert::CertificateExpired, "certificate_expired"),
        (Alert::CertificateUnknown, "certificate_unknown"),
        (Alert::UnknownCA, "unknown_ca"),
        (Alert::AccessDenied, "access_denied"),
        (Alert::CertificateRequired, "certificate_required"),
    ];

    #[test]
    fn an_alert_about_the_certificate_is_permanent_and_names_the_certificate_and_its_validity() {
        let (expired, valid) = (shown(1_700_000_000), shown(32_503_680_000));
        let with_the_handshake =
            CERTIFICATE.into_iter().chain([(Alert::HandshakeFailure, "handshake_failure")]);
        for (alert, name) in with_the_handshake {
            for refused in [certificate_refused, handshake_ended] {
                for (shown, words) in [
                    (Some(&expired), ["\"shop 93\"", "expired on 2023-11-14 22:13 UTC"]),
                    (Some(&valid), ["\"shop 93\"", "days, on 3000-01-01"]),
                    (None, ["asks for a client certificate", "`client_certificate`"]),
                ] {
                    let error = refused(&received(alert), shown).unwrap().into_error();
                    let said = error.to_string();
                    for word in words.into_iter().chain([name]) {
                        assert!(said.contains(word), "{alert:?}: {said}");
                    }
                    assert!(!error.is_transient() && error.fate() == Fate::Unspent, "{said}");
                }
            }
        }
        let unknown = certificate_refused(&received(Alert::UnknownCA), Some(&valid)).unwrap().into_error();
        assert!(unknown.to_string().contains("lacks that of \"Bank CA\""), "{unknown}");
    }

    #[test]
    fn an_alert_about_the_protocol_is_permanent_and_no_matter_of_the_certificate() {
        for (alert, name) in [
            (Alert::ProtocolVersion, "protocol_version"),
            (Alert::InsufficientSecurity, "insufficient_security"),
        ] {
            let error = handshake_ended(&received(alert), None).unwrap().into_error();
            assert!(error.to_string().contains(name) && error.to_string().contains("TLS 1.2"), "{error}");
            assert!(!error.is_transient() && error.is_local());
            assert!(certificate_refused(&received(alert), None).is_none());
        }
    }

    #[test]
    fn an_alert_that_may_pass_is_transient_and_after_the_handshake_means_nothing_about_the_request() {
        for (alert, name) in [
            (Alert::UnrecognisedName, "unrecognized_name"),
            (Alert::InternalError, "internal_error"),
            (Alert::DecodeError, "decode_error"),
            (Alert::Unknown(200), "of an unknown kind"),
        ] {
            let error = handshake_ended(&received(alert), None).unwrap();
            assert_eq!(error.obstacle(), Some(Obstacle::HandshakeRefused));
            let error = error.into_error();
            assert!(error.to_string().contains(&format!("the alert {name},")), "{error}");
            assert!(error.is_transient() && error.fate() == Fate::Unspent);
            assert!(certificate_refused(&received(alert), None).is_none(), "{alert:?}");
        }
        assert!(handshake_ended(&io::Error::other("no alert"), None).is_none());
        for alert in [Alert::CloseNotify, Alert::UnexpectedMessage, Alert::DecryptError, Alert::UserCanceled]
        {
            assert!(certificate_refused(&received(alert), None).is_none(), "{alert:?}");
        }
    }
}
