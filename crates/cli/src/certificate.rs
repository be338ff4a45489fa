//! What commands say about the client certificate of a profile, before a server does.

use core::time::Duration;

use serde_json::{Value, json};
use wellspring_core::UnixTime;
use wellspring_transport_blocking::{CertificateInfo, Clock, Tls, Validity};

use crate::exit::say;

/// How long before its end a certificate is a warning of `doctor`, and of each command.
const WARN: Duration = Duration::from_secs(30 * 86_400);
const SAY: Duration = Duration::from_secs(7 * 86_400);

/// The client certificate of these settings, which have been checked.
pub(crate) fn of(tls: &Tls) -> Option<CertificateInfo> {
    tls.certificate_info().ok().flatten()
}

/// How much a certificate's validity matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Concern {
    None,
    Soon,
    Urgent,
    Invalid,
}

/// How much the validity of this certificate matters now.
pub(crate) fn concern(info: &CertificateInfo, now: UnixTime) -> Concern {
    match info.validity(now) {
        Validity::Valid(left) if left <= SAY => Concern::Urgent,
        Validity::Valid(left) if left <= WARN => Concern::Soon,
        Validity::Valid(_) => Concern::None,
        _ => Concern::Invalid,
    }
}

/// A line on stderr about a certificate that has expired, is not valid yet, or expires within a week.
pub(crate) fn warn(profile: &str, tls: &Tls) {
    let now = Clock::system().now().unix;
    let Some(info) = of(tls) else { return };
    if matches!(concern(&info, now), Concern::Urgent | Concern::Invalid) {
        say(format_args!("wellspring: {profile}: {}: {}", sentence(&info, now), advice(&info, now)));
    }
}

/// The certificate and its validity, as a sentence.
pub(crate) fn sentence(info: &CertificateInfo, now: UnixTime) -> String {
    format!("the client certificate of \"{}\" {}", info.subject, info.validity_text(now))
}

/// What to do about its validity.
pub(crate) fn advice(info: &CertificateInfo, now: UnixTime) -> &'static str {
    match info.validity(now) {
        Validity::NotYet => "check this machine's clock, or use the certificate before it",
        _ => "request a new one from the server's operator",
    }
}

/// The certificate in the output of `status`.
pub(crate) fn json(info: &CertificateInfo, now: UnixTime) -> Value {
    json!({
        "subject": info.subject,
        "issuer": info.issuer,
        "not_before": info.valid_from.as_secs(),
        "not_after": info.valid_until.as_secs(),
        "days_left": info.days_left(now),
    })
}
