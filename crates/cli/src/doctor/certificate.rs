//! Checks the client certificate of a profile: its validity and its chain. Its form and its key were checked with the settings.

use wellspring_core::UnixTime;
use wellspring_transport_blocking::Tls;

use crate::certificate::{self, Concern};
use crate::doctor::report::Report;
use crate::exit::Exit;

/// One line about the validity, and one about a gap in the chain.
pub(super) fn check(profile: &str, tls: &Tls, now: UnixTime, report: &mut Report) {
    let Some(info) = certificate::of(tls) else { return };
    let sentence = format!("{profile}: {}", certificate::sentence(&info, now));
    let advised = format!("{sentence}: {}", certificate::advice(&info, now));
    match certificate::concern(&info, now) {
        Concern::None => report.fine(sentence),
        Concern::Soon | Concern::Urgent => report.warn(advised),
        Concern::Invalid => report.wrong(Exit::Usage, advised),
    }
    if let Some(issuer) = &info.missing_issuer {
        let unrelated = match &info.unrelated[..] {
            [] => String::new(),
            names => format!(" (it holds others: {})", names.join(", ")),
        };
        report.note(format_args!(
            "{profile}: the client certificate's file lacks the certificate of its issuer \"{issuer}\"{unrelated}: add it if \
             the server refuses the client certificate with the alert unknown_ca"
        ));
    }
}
