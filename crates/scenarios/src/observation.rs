//! The result of a scenario, in lines that are the same for every player.
//!
//! Tokens are named in the order in which the server issued them (`access#1`, `refresh#2`), times are counted
//! from the beginning of the scenario, and no line holds a secret.

use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;

use wellspring_core::{Clocks, Deviation, ErrorKind, LoginReason, Token, TokenError, UnixTime};
use wellspring_simulator::{Endpoint, Entry, Request, World};

use crate::scenario::Show;
use crate::span::Span;

/// The result of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Observation {
    /// The result of each step.
    pub steps: Vec<Seen>,
    /// How often the server saw a used grant again.
    pub reuses: u64,
    /// Faults that no request met.
    pub unused_faults: Vec<String>,
}

/// The result of one step.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Seen {
    /// The requests that the server saw. Consecutive equal requests are counted as one line. If many callers act at once,
    /// their order is undefined, so all equal requests are counted at the place of the first one.
    pub asked: Vec<String>,
    /// What the callers got, equal ones counted.
    pub gives: Vec<String>,
    /// The deviations that the reader of responses accepted.
    pub overlooks: Vec<String>,
}

impl fmt::Display for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, step) in self.steps.iter().enumerate() {
            writeln!(f, "step {}", n + 1)?;
            step.asked.iter().try_for_each(|line| writeln!(f, "  asked {line}"))?;
            step.gives.iter().try_for_each(|line| writeln!(f, "  gives {line}"))?;
            step.overlooks.iter().try_for_each(|line| writeln!(f, "  overlooks {line}"))?;
        }
        self.unused_faults.iter().try_for_each(|fault| writeln!(f, "unused fault {fault}"))?;
        writeln!(f, "reuses {}", self.reuses)
    }
}

/// Each distinct line once, with its count in front if it is above one.
#[must_use]
pub(crate) fn counted(lines: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut groups: Vec<(String, usize)> = Vec::new();
    for line in lines {
        match groups.iter_mut().find(|(known, _)| *known == line) {
            Some((_, times)) => *times += 1,
            None => groups.push((line, 1)),
        }
    }
    groups.into_iter().map(|(line, n)| if n == 1 { line } else { format!("{n} x {line}") }).collect()
}

/// Consecutive equal lines once, with their count in front if it is above one.
#[must_use]
pub(crate) fn run_together(lines: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut runs: Vec<Vec<String>> = Vec::new();
    for line in lines {
        match runs.last_mut() {
            Some(run) if run[0] == line => run.push(line),
            _ => runs.push(vec![line]),
        }
    }
    runs.into_iter().flat_map(counted).collect()
}

/// The names of the tokens that a server has issued, by their fingerprints.
#[derive(Debug, Default)]
pub(crate) struct Names {
    names: BTreeMap<String, String>,
    access: usize,
    refresh: usize,
}

impl Names {
    /// Learns the names of the tokens that this entry issued.
    pub(crate) fn learn(&mut self, entry: &Entry) {
        for secret in &entry.secrets {
            let (kind, counter) = match secret.what.as_str() {
                "issued access_token" => ("access", &mut self.access),
                "issued refresh_token" => ("refresh", &mut self.refresh),
                _ => continue,
            };
            self.names.entry(secret.print.clone()).or_insert_with(|| {
                *counter += 1;
                format!("{kind}#{counter}")
            });
        }
    }

    fn of(&self, print: &str) -> &str {
        self.names.get(print).map_or("unknown", String::as_str)
    }

    /// The name of a token. A request to an unknown path shows its fingerprint in the world's log.
    #[must_use]
    pub(crate) fn of_token(&self, world: &mut World, token: &str) -> String {
        let asked = Request::get("/nowhere").with_bearer(token);
        let _ = world.answer(&asked, Duration::ZERO);
        let print = world.log().last().and_then(|entry| sent(entry, "sent authorization Bearer"));
        print.map_or("unknown", |print| self.of(&print)).to_owned()
    }
}

fn sent(entry: &Entry, what: &str) -> Option<String> {
    entry.secrets.iter().find(|secret| secret.what == what).map(|secret| secret.print.clone())
}

/// Requests of the stage itself, which are not part of the result.
#[must_use]
pub(crate) fn is_scenery(endpoint: Endpoint) -> bool {
    matches!(endpoint, Endpoint::Elsewhere | Endpoint::Authorize)
}

/// One request that the server saw: its time, endpoint, grant and status.
#[must_use]
pub(crate) fn asked(
    entry: &Entry,
    request: &Request,
    names: &Names,
    start: Duration,
    show: &[Show],
) -> String {
    let at = Span(entry.at.saturating_sub(start));
    let spends = if let Some(print) = sent(entry, "sent refresh_token") {
        names.of(&print)
    } else if sent(entry, "sent code").is_some() {
        "code"
    } else if let Some(print) = sent(entry, "sent authorization Bearer") {
        names.of(&print)
    } else if Endpoint::Token.covers(entry.endpoint) {
        "credentials"
    } else {
        "no-token"
    };
    let wire = if show.contains(&Show::Wire) { format!(" {}", wire(request)) } else { String::new() };
    let status = entry.status.map_or("nothing".to_owned(), |status| status.to_string());
    format!("{at} {} {spends}{wire} -> {status}", entry.endpoint)
}

/// The format of a request: method, encoding, the members of its body, the headers that carry credentials.
fn wire(request: &Request) -> String {
    let content_type = request.header("content-type").map(|value| value.split(';').next().unwrap_or(value));
    let members: Vec<String> = match content_type {
        Some("application/x-www-form-urlencoded") => {
            request.form().into_iter().map(|(name, _)| name).collect()
        }
        _ => json_members(&request.text()),
    };
    let credentials: Vec<String> = ["authorization", "x-ssl-client-cert"]
        .into_iter()
        .filter_map(|name| Some((name, request.header(name)?)))
        .map(|(name, value)| match value.split_once(' ') {
            Some((scheme, _)) if name == "authorization" => format!("+{scheme}"),
            _ => format!("+{name}"),
        })
        .collect();
    let body = if request.body.is_empty() { "empty".into() } else { format!("{{{}}}", members.join(",")) };
    let encoding = content_type.unwrap_or("unlabelled");
    format!("{} {encoding} {body}{}", request.method, credentials.concat())
}

/// The names of an object's members; tests of the wire format need no more of the JSON.
fn json_members(text: &str) -> Vec<String> {
    let mut names: Vec<_> = text
        .split('"')
        .collect::<Vec<_>>()
        .windows(2)
        .filter(|pair| pair[1].trim_start().starts_with(':'))
        .map(|pair| pair[0].to_owned())
        .collect();
    names.sort();
    names
}

/// A token that a caller got.
#[must_use]
pub(crate) fn token(name: &str, token: &Token, now: Clocks, start: Clocks, show: &[Show]) -> String {
    let left = match token.remaining(now) {
        Some(left) => format!("{} left", Span(left)),
        None => "no end known".into(),
    };
    let mut line = format!("{name} {left}");
    if show.contains(&Show::Due) {
        let due = token
            .renew_at()
            .map_or("never".to_owned(), |due| Span(due.instant.since(start.instant)).to_string());
        line.push_str(&format!(" due {due}"));
    }
    if show.contains(&Show::Scope) {
        let scope = token.scope().map_or("as asked".to_owned(), |scope| format!("[{scope}]"));
        line.push_str(&format!(" scope {scope}"));
    }
    line
}

/// An error that a caller got.
#[must_use]
pub(crate) fn error(error: &TokenError, unix: UnixTime, show: &[Show]) -> String {
    let mut line = match error.kind() {
        ErrorKind::LoginRequired { reason } => format!("login-required {}", reason_text(reason)),
        ErrorKind::Misconfigured => "misconfigured".into(),
        ErrorKind::Protocol => "protocol".into(),
        ErrorKind::Unavailable { .. } => "unavailable".into(),
        ErrorKind::Busy => "busy".into(),
        other => format!("{other:?}"),
    };
    if let Some(status) = error.status() {
        line.push_str(&format!(" status {status}"));
    }
    if let Some(code) = error.code() {
        line.push_str(&format!(" code {code}"));
    }
    line.push_str(if error.is_transient() { " transient" } else { " for-good" });
    if let ErrorKind::Unavailable { retry_at: Some(at) } = error.kind() {
        line.push_str(&format!(" retry {}", Span(at.since(unix))));
    }
    if show.contains(&Show::Words) {
        line.push_str(&format!(" words {:?}", error.description().unwrap_or_default()));
    }
    line
}

/// A harmless deviation: `ScopeIsArray` reads `scope is array`.
#[must_use]
pub(crate) fn overlooked(deviation: Deviation) -> String {
    let mut words = String::new();
    for letter in format!("{deviation:?}").chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

const fn reason_text(reason: LoginReason) -> &'static str {
    match reason {
        LoginReason::NotSignedIn => "not-signed-in",
        LoginReason::Refused => "refused",
        LoginReason::Expired => "expired",
        LoginReason::Ambiguous => "ambiguous",
        LoginReason::Unreadable => "unreadable",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_lines_are_counted_at_the_place_of_the_first() {
        let lines = ["b", "a", "b"].map(String::from);
        assert_eq!(counted(lines), ["2 x b", "a"]);
    }

    #[test]
    fn the_members_of_an_object_are_named_in_order() {
        assert_eq!(json_members(r#"{"id":"a:b","secretKey": "x"}"#), ["id", "secretKey"]);
        assert!(json_members("").is_empty());
    }
}
