//! The facts of a stored record, as text and as JSON. No secret is part of them.

use core::fmt::Write as _;
use core::time::Duration;

use serde_json::{Value, json};
use wellspring_core::{
    Granted, Lease, Loaded, LoginReason, Policy, Record, SessionState, Throttle, TokenError, UnixTime,
    WatchOutcome,
};

use wellspring_profiles::visible;
use wellspring_store::Seal;
use wellspring_transport_blocking::CertificateInfo;

use crate::certificate;
use crate::span::Span;

/// What the store holds for one key.
#[derive(Debug)]
pub(crate) struct Facts {
    /// `None` if the store has no record.
    record: Option<RecordFacts>,
    /// Whether a spilled token waits for its save.
    spilled: bool,
    /// Why the spilled token of the last renewal cannot be used.
    unusable_spill: Option<String>,
    /// The other profiles with the same record.
    shared_with: Vec<String>,
    certificate: Option<CertificateInfo>,
    /// How the record lies in the store.
    seal: Option<Seal>,
}

#[derive(Debug)]
struct RecordFacts {
    epoch: u64,
    generation: u64,
    state: State,
    token: Option<Times>,
    refresh_token: Option<Refresh>,
    lease: Option<(Lease, Owner)>,
    dead: Option<(LoginReason, UnixTime)>,
    throttle: Option<Throttle>,
}

/// The state of the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Nothing,
    Fresh,
    Due,
    Expired,
    LoggedOut,
}

#[derive(Debug)]
struct Times {
    obtained: UnixTime,
    /// `None` if the lifetime is unknown.
    due: Option<UnixTime>,
    expires: Option<UnixTime>,
}

#[derive(Debug)]
struct Refresh {
    /// `None` if the lifetime is unknown.
    expires: Option<UnixTime>,
    reusable: bool,
}

/// Whether the lease holder is still running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Gone,
    Alive,
    /// No process can tell.
    Unknown,
}

impl Owner {
    const fn word(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Alive => "alive",
            Self::Unknown => "unknown",
        }
    }
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Fresh => "fresh",
            Self::Due => "due",
            Self::Expired => "expired",
            Self::LoggedOut => "logged-out",
        }
    }
}

impl Facts {
    /// The facts of what was loaded. `watch` is called only if the record carries a lease.
    pub(crate) fn of(
        loaded: &Loaded,
        policy: &Policy,
        now: UnixTime,
        watch: impl FnOnce() -> Option<WatchOutcome>,
    ) -> Self {
        let record = loaded.stored.as_ref().map(|stored| RecordFacts::of(&stored.record, policy, now, watch));
        let unusable_spill = loaded.unusable_spill.as_ref().or(loaded.unseen_spills.as_ref());
        let unusable_spill = unusable_spill.map(ToString::to_string);
        Self {
            record,
            spilled: loaded.spilled.is_some(),
            unusable_spill,
            shared_with: Vec::new(),
            certificate: None,
            seal: None,
        }
    }

    /// The same facts, with the other profiles of the record.
    pub(crate) fn shared_with<'p>(mut self, others: impl Iterator<Item = &'p str>) -> Self {
        self.shared_with = others.map(str::to_owned).collect();
        self
    }

    /// The same facts, with the client certificate of the profile.
    pub(crate) fn with_certificate(self, certificate: Option<CertificateInfo>) -> Self {
        Self { certificate, ..self }
    }

    /// The same facts, with how the record lies in the store.
    pub(crate) fn with_seal(self, seal: Option<Seal>) -> Self {
        Self { seal, ..self }
    }

    /// The id of the key that opens the record.
    fn sealing_key(&self) -> Option<String> {
        match self.seal {
            Some(Seal::Sealed(key)) => Some(key.to_string()),
            _ => None,
        }
    }

    /// One JSON object.
    pub(crate) fn json(&self, profile: &str, now: UnixTime) -> Value {
        let mut object =
            json!({ "profile": profile, "state": State::Nothing.word(), "spilled": self.spilled });
        if !self.shared_with.is_empty() {
            object["shared_with"] = json!(self.shared_with);
        }
        if let Some(unusable) = &self.unusable_spill {
            object["unusable_spill"] = json!(unusable);
        }
        if let Some(info) = &self.certificate {
            object["client_certificate"] = certificate::json(info, now);
        }
        if self.seal.is_some() {
            object["sealing_key"] = json!(self.sealing_key());
        }
        if let (Some(held), Value::Object(object)) = (&self.record, &mut object) {
            held.fill(object, now);
        }
        object
    }

    /// Lines for people.
    pub(crate) fn write(&self, profile: &str, now: UnixTime, out: &mut String) {
        // Writing to a String does not fail.
        let _ = writeln!(out, "{}", visible(profile));
        match &self.record {
            Some(held) => held.write(profile, now, out),
            None => line(out, "token", "none: the store has no record for this profile"),
        }
        match self.sealing_key() {
            Some(key) => line(out, "sealed", &format!("with the key {key}")),
            None if self.seal.is_some() => line(out, "sealed", "no: the record is plain"),
            None => {}
        }
        if !self.shared_with.is_empty() {
            line(out, "shared with", &self.shared_with.join(", "));
        }
        if let Some(info) = &self.certificate {
            let text = format!("of \"{}\", {}", info.subject, info.validity_text(now));
            line(out, "certificate", &text);
        }
        if self.spilled {
            line(
                out,
                "spilled",
                "a token that the store refused waits in the spill folder for the next command",
            );
        }
        if let Some(unusable) = &self.unusable_spill {
            line(out, "spilled", unusable);
        }
    }
}

impl RecordFacts {
    fn of(
        record: &Record,
        policy: &Policy,
        now: UnixTime,
        watch: impl FnOnce() -> Option<WatchOutcome>,
    ) -> Self {
        let granted = record.granted();
        let token = granted.map(|granted| Times::of(granted, policy));
        let over = |moment: Option<UnixTime>| moment.is_some_and(|moment| now >= moment);
        let state = match (&record.state, &token) {
            (SessionState::LoggedOut, _) => State::LoggedOut,
            (_, None) => State::Nothing,
            (_, Some(times)) if over(times.expires) => State::Expired,
            (_, Some(times)) if over(times.due) => State::Due,
            (_, Some(_)) => State::Fresh,
        };
        let owner = |lease: Lease| {
            let owner = match watch() {
                Some(WatchOutcome::OwnerGone) => Owner::Gone,
                Some(WatchOutcome::Unchanged) if lease.domain.is_some() => Owner::Alive,
                _ => Owner::Unknown,
            };
            (lease, owner)
        };
        Self {
            epoch: record.epoch.value(),
            generation: record.generation.value(),
            state,
            token,
            refresh_token: granted.and_then(Refresh::of),
            lease: record.lease.map(owner),
            dead: record.dead.map(|dead| (dead.reason, dead.since)),
            throttle: record.throttle.clone().filter(|throttle| throttle.until > now),
        }
    }

    fn fill(&self, object: &mut serde_json::Map<String, Value>, now: UnixTime) {
        let secs = |time: Option<UnixTime>| time.map(UnixTime::as_secs);
        let mut add = |name: &str, value: Value| object.insert(name.to_owned(), value);
        add("state", self.state.word().into());
        add("epoch", self.epoch.into());
        add("generation", self.generation.into());
        if let Some(times) = &self.token {
            add("obtained_at", times.obtained.as_secs().into());
            add("due_at", secs(times.due).into());
            add("expires_at", secs(times.expires).into());
            add("expires_in", times.expires.map(|at| at.since(now).as_secs()).into());
        }
        let refresh = self.refresh_token.as_ref();
        let refresh =
            refresh.map(|token| json!({ "expires_at": secs(token.expires), "reusable": token.reusable }));
        add("refresh_token", refresh.into());
        let lease = self.lease.as_ref().map(|(lease, owner)| {
            json!({
                "process": lease.attempt.owner.process,
                "since": acquired_at(lease).as_secs(),
                "until": lease.until.as_secs(),
                "replays": lease.replays,
                "owner": owner.word(),
            })
        });
        add("renewing", lease.into());
        add(
            "dead",
            self.dead
                .map(|(reason, since)| json!({ "reason": word(reason), "since": since.as_secs() }))
                .into(),
        );
        let throttle = self.throttle.as_ref().map(|throttle| {
            json!({
                "until": throttle.until.as_secs(),
                "failures": throttle.failures,
                "since": throttle.since.as_secs(),
                "cause": throttle.cause.text,
                "code": throttle.cause.code,
                "status": throttle.cause.status,
            })
        });
        add("throttle", throttle.into());
    }

    fn write(&self, name: &str, now: UnixTime, out: &mut String) {
        line(out, "token", &self.token_line(now));
        line(out, "generation", &format!("{} of epoch {}", self.generation, self.epoch));
        if let Some(token) = &self.refresh_token {
            line(out, "refresh token", &token.line(now));
        }
        if let Some((lease, owner)) = &self.lease {
            let process = lease.attempt.owner.process;
            let since = Span(now.since(acquired_at(lease)));
            line(
                out,
                "renewing",
                &match owner {
                    Owner::Alive => format!("process {process} since {since}"),
                    Owner::Unknown => format!(
                        "process {process} started {since} ago; no process can tell whether it is alive"
                    ),
                    Owner::Gone => format!(
                        "process {process} started {since} ago and is gone: the next command takes over"
                    ),
                },
            );
        }
        if let Some((reason, since)) = self.dead {
            let reason = TokenError::login_required(reason);
            let since = Span(now.since(since));
            line(out, "dead", &format!("since {since}: {reason}; sign in again with `wellspring login`"));
        }
        if let Some(throttle) = &self.throttle {
            let left = Span(throttle.until.since(now));
            let failures = match throttle.failures {
                1 => "1 failure".to_owned(),
                failures => format!("{failures} failures"),
            };
            let (until, cause) = (throttle.until, &throttle.cause.text);
            let what = format!(
                "for {left} after {failures}: {cause}; not asked again before {until}; `wellspring login {name}` tries now"
            );
            line(out, "paused", &what);
        }
    }

    fn token_line(&self, now: UnixTime) -> String {
        match (self.state, &self.token) {
            (State::LoggedOut, _) => "none: logged out".to_owned(),
            (_, None) => "none".to_owned(),
            (state, Some(times)) => times.line(state, now),
        }
    }
}

impl Times {
    fn of(granted: &Granted, policy: &Policy) -> Self {
        let obtained = granted.obtained_at;
        let lifetime = granted.response.lifetime.or(policy.assumed_lifetime);
        // The latest time: each process subtracts its own jitter.
        let due = |lifetime: Duration| obtained.plus(lifetime.saturating_sub(policy.margin_of(lifetime)));
        Self { obtained, due: lifetime.map(due), expires: lifetime.map(|lifetime| obtained.plus(lifetime)) }
    }

    fn line(&self, state: State, now: UnixTime) -> String {
        let age = Span(now.since(self.obtained));
        match (state, self.due, self.expires) {
            (State::Expired, _, Some(expires)) => format!("expired {} ago", Span(now.since(expires))),
            (State::Due, _, Some(expires)) => format!("due now, expires in {}", Span(expires.since(now))),
            (_, Some(due), Some(expires)) => {
                format!("fresh, due in {}, expires in {}", Span(due.since(now)), Span(expires.since(now)))
            }
            _ => format!("{age} old, lifetime unknown"),
        }
    }
}

impl Refresh {
    fn of(granted: &Granted) -> Option<Self> {
        granted.response.refresh_token.as_ref()?;
        let expires = granted.response.refresh_lifetime.map(|lifetime| granted.obtained_at.plus(lifetime));
        Some(Self { expires, reusable: granted.reusable })
    }

    fn line(&self, now: UnixTime) -> String {
        let known = match self.expires {
            Some(expires) if expires <= now => format!("held, expired {} ago", Span(now.since(expires))),
            Some(expires) => format!("held, expires in {}", Span(expires.since(now))),
            None => "held, lifetime unknown".to_owned(),
        };
        if self.reusable { known + "; reusable" } else { known }
    }
}

/// When the holder acquired the lease.
pub(crate) const fn acquired_at(lease: &Lease) -> UnixTime {
    lease.until.minus(lease.span)
}

fn line(out: &mut String, name: &str, text: &str) {
    let _ = writeln!(out, "  {name:<14} {}", visible(text));
}

const fn word(reason: LoginReason) -> &'static str {
    match reason {
        LoginReason::NotSignedIn => "not-signed-in",
        LoginReason::Refused => "refused",
        LoginReason::InteractionRequired => "interaction-required",
        LoginReason::Expired => "expired",
        LoginReason::Ambiguous => "ambiguous",
        LoginReason::Unreadable => "unreadable",
        LoginReason::LoggedOut => "logged-out",
        LoginReason::StoreLost => "store-lost",
        LoginReason::ScopeMissing => "scope-missing",
        _ => "unknown",
    }
}
