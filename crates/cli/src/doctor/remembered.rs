//! What the store remembers of an endpoint's refusal: until its pause ends, each command repeats that answer.

use wellspring_core::{CauseKind, Fingerprint, Provider, Record, Throttle, TokenError, UnixTime};

use crate::doctor::report::Report;
use crate::exit::Exit;

/// One line about the pause that all processes keep, and one about a refresh token that can no longer be used.
pub(super) fn check(
    name: &str,
    provider: &dyn Provider,
    record: &Record,
    now: UnixTime,
    report: &mut Report,
) {
    if let Some(dead) = record.dead {
        let reason = TokenError::login_required(dead.reason);
        report.warn(format_args!(
            "{name}: since {}: {reason}; sign in again with `wellspring login {name}`",
            dead.since
        ));
    }
    let Some(throttle) = record.throttle.as_ref().filter(|throttle| throttle.until > now) else { return };
    // Another credential than the refused one does not wait.
    if throttle.credential.is_some_and(|seen| seen != Fingerprint::of(provider, seen.salt)) {
        return;
    }
    let what = format!(
        "{name}: the token endpoint's answer of {} is remembered, and it is not asked again before {}: {}",
        throttle.since,
        throttle.until,
        said(throttle)
    );
    match throttle.cause.kind {
        CauseKind::Misconfigured | CauseKind::Protocol => report.wrong(
            Exit::Usage,
            format_args!("{what}; correct the profile, or `wellspring login {name}` asks it now"),
        ),
        CauseKind::Unavailable | CauseKind::FromIntermediary => {
            report.note(format_args!("{what}; wait until then, or `wellspring login {name}` asks it now"));
        }
    }
}

/// The answer, with its status and its code.
fn said(throttle: &Throttle) -> String {
    let cause = &throttle.cause;
    let details = [
        cause.status.map(|status| format!("status {status}")),
        cause.code.as_ref().map(|code| format!("code {code}")),
    ];
    let details: Vec<_> = details.into_iter().flatten().collect();
    match details.is_empty() {
        true => cause.text.clone(),
        false => format!("{} ({})", cause.text, details.join(", ")),
    }
}
