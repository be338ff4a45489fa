//! The fields of a record.

use wellspring_core::{
    AccessToken, Cause, CauseKind, Dead, Epoch, Fingerprint, Generation, Granted, Lease, LockDomain,
    LoginReason, Record, RefreshToken, Scope, SessionState, StoreError, Throttle, TokenResponse, UnixTime,
    Witnesses,
};
use zeroize::Zeroizing;

use super::additions;
use super::envelope::{is_of_kind, seal, unseal};
use super::fields::{Reader, Writer, have, required};
use super::unreadable::Unreadable;
use crate::map::KeyName;

const KIND: &str = "record";

/// The most bytes that the field of a scope word takes in addition to the word.
const SCOPE_WORD_OVERHEAD: usize = "requested_scope_word 18446744073709551615 \n".len();

const REASONS: [(LoginReason, &str); 9] = [
    (LoginReason::NotSignedIn, "not-signed-in"),
    (LoginReason::Refused, "refused"),
    (LoginReason::InteractionRequired, "interaction-required"),
    (LoginReason::Expired, "expired"),
    (LoginReason::Ambiguous, "ambiguous"),
    (LoginReason::Unreadable, "unreadable"),
    (LoginReason::LoggedOut, "logged-out"),
    (LoginReason::StoreLost, "store-lost"),
    (LoginReason::ScopeMissing, "scope-missing"),
];

const CAUSES: [(CauseKind, &str); 4] = [
    (CauseKind::Unavailable, "unavailable"),
    (CauseKind::Misconfigured, "misconfigured"),
    (CauseKind::Protocol, "protocol"),
    (CauseKind::FromIntermediary, "foreign"),
];

fn word_for<T: PartialEq>(words: &[(T, &'static str)], value: &T) -> Option<&'static str> {
    words.iter().find(|(known, _)| known == value).map(|(_, word)| *word)
}

fn value_of<T: Copy>(words: &[(T, &'static str)], text: &str) -> Option<T> {
    words.iter().find(|(_, word)| *word == text).map(|(value, _)| *value)
}

pub(crate) fn encode_record(record: &Record) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let mut fields = Writer::with_capacity(text_length(record));
    write(&mut fields, record)?;
    Ok(seal(KIND, fields))
}

/// The record, on its way to the key of this name. Earlier versions refuse it: it is of format 3.
pub(crate) fn encode_moving(record: &Record, to: &KeyName) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let mut fields = Writer::with_capacity(text_length(record));
    fields.of_format(3);
    fields.text("moving_to", to.as_str());
    write(&mut fields, record)?;
    Ok(seal(KIND, fields))
}

/// A decoded record.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) record: Record,
    /// The name of the key to which the record moves.
    pub(crate) moving_to: Option<KeyName>,
}

pub(crate) fn decode_record(bytes: &[u8]) -> Result<Decoded, Unreadable> {
    let mut fields = unseal(KIND, bytes)?;
    let moving_to = fields.text_of_format(3, "moving_to")?;
    let moving_to =
        moving_to.map(|name| KeyName::of_digits(name).ok_or(Unreadable::Field("moving_to"))).transpose()?;
    let record = read(&mut fields)?;
    fields.end()?;
    Ok(Decoded { record, moving_to })
}

/// Whether these are the bytes of a record with a lease. They are not checked.
pub(crate) fn record_holds_lease(bytes: &[u8]) -> bool {
    let text = core::str::from_utf8(bytes).ok();
    let fields = text.and_then(|text| text.split_once('\n'));
    fields.is_some_and(|(first, fields)| is_of_kind(KIND, first) && have(fields, "claim"))
}

/// The total length of the texts of a record.
pub(super) fn text_length(record: &Record) -> usize {
    let granted = record.granted().map_or(0, |granted| {
        let response = &granted.response;
        let scopes = response.scope.iter().chain(&granted.requested_scope);
        let scope: usize = scopes.flat_map(Scope::iter).map(|word| SCOPE_WORD_OVERHEAD + word.len()).sum();
        let refresh_token = response.refresh_token.as_ref().map_or(0, |token| token.expose().len());
        let members = additions::length_of_members(&response.members);
        response.access_token.expose().len() + refresh_token + scope + members
    });
    let throttle = record.throttle.as_ref().map_or(0, |throttle| {
        throttle.cause.text.len() + throttle.cause.code.as_ref().map_or(0, String::len)
    });
    granted + throttle + additions::length(record)
}

pub(super) fn write(fields: &mut Writer, record: &Record) -> Result<(), StoreError> {
    let Record { epoch, generation, writer, state, lease, dead, throttle, .. } = record;
    fields.value("epoch", epoch);
    fields.value("generation", generation);
    if let Some(writer) = writer {
        fields.attempt("writer", *writer);
    }
    match state {
        SessionState::Empty => fields.text("grant", "none"),
        SessionState::LoggedOut => fields.text("grant", "logged-out"),
        SessionState::Active(granted) => {
            fields.text("grant", "granted");
            write_granted(fields, granted);
        }
    }
    if let Some(lease) = lease {
        write_lease(fields, lease);
    }
    if let Some(Dead { reason, since }) = dead {
        let word = word_for(&REASONS, reason).ok_or_else(|| {
            StoreError::unavailable(
                "the record format has no word for the reason why the refresh token is dead",
            )
        })?;
        fields.text("dead", word);
        fields.time("dead_since", *since);
    }
    if let Some(throttle) = throttle {
        write_throttle(fields, throttle);
    }
    additions::write(fields, record)
}

fn write_granted(fields: &mut Writer, granted: &Granted) {
    let TokenResponse { access_token, lifetime, refresh_token, refresh_lifetime, scope, .. } =
        &granted.response;
    fields.time("obtained_at", granted.obtained_at);
    fields.text("access_token", access_token.expose());
    if let Some(lifetime) = lifetime {
        fields.duration("lifetime", *lifetime);
    }
    if let Some(refresh_token) = refresh_token {
        fields.text("refresh_token", refresh_token.expose());
    }
    if let Some(refresh_lifetime) = refresh_lifetime {
        fields.duration("refresh_lifetime", *refresh_lifetime);
    }
    if let Some(scope) = scope {
        fields.value("scope", scope.iter().count());
        // One field for each word, because some servers return scope words that contain blanks.
        scope.iter().for_each(|word| fields.text("scope_word", word));
    }
    fields.value("reusable", granted.reusable);
    if let Some(scope) = &granted.requested_scope {
        fields.of_format(3);
        fields.value("requested_scope", scope.iter().count());
        scope.iter().for_each(|word| fields.text("requested_scope_word", word));
    }
    additions::write_members(fields, &granted.response.members);
}

fn write_lease(fields: &mut Writer, lease: &Lease) {
    let Lease { attempt, domain, first_sent, until, span, replays } = lease;
    fields.attempt("claim", *attempt);
    if let Some(first_sent) = first_sent {
        fields.time("claim_first_sent", *first_sent);
    }
    fields.time("claim_until", *until);
    fields.duration("claim_span", *span);
    fields.value("claim_replays", replays);
    if let Some(domain) = domain {
        fields.of_format(3);
        fields.value("claim_domain", format_args!("{:032x}", domain.value()));
    }
}

fn write_throttle(fields: &mut Writer, throttle: &Throttle) {
    let Throttle { until, failures, credential, cause: Cause { kind, text, code, .. }, .. } = throttle;
    fields.time("throttle_until", *until);
    fields.value("throttle_failures", failures);
    if let Some(Fingerprint { salt, hash }) = credential {
        fields.value("throttle_credential", format_args!("{salt:016x}.{hash:016x}"));
    }
    fields.text("throttle_cause", word_for(&CAUSES, kind).expect("every kind has a word"));
    fields.text("throttle_text", text);
    if let Some(code) = code {
        fields.text("throttle_code", code);
    }
}

pub(super) fn read(fields: &mut Reader<'_>) -> Result<Record, Unreadable> {
    let epoch = Epoch::new(required("epoch", fields.number("epoch")?)?);
    let generation = Generation::new(required("generation", fields.number("generation")?)?);
    let writer = fields.attempt("writer")?;
    let state = match required("grant", fields.text("grant")?)? {
        "none" => SessionState::Empty,
        "logged-out" => SessionState::LoggedOut,
        "granted" => SessionState::Active(read_granted(fields)?),
        _ => return Err(Unreadable::Field("grant")),
    };
    let mut record = Record::new(epoch, generation, state);
    record.writer = writer;
    record.lease = read_lease(fields)?;
    if let Some(reason) = fields.read("dead", |text| value_of(&REASONS, text))? {
        record.dead = Some(Dead { reason, since: required("dead_since", fields.time("dead_since")?)? });
    }
    record.throttle = read_throttle(fields)?;
    additions::read(fields, &mut record)?;
    Ok(record)
}

fn read_granted(fields: &mut Reader<'_>) -> Result<Granted, Unreadable> {
    let obtained_at = required("obtained_at", fields.time("obtained_at")?)?;
    let access_token = AccessToken::new(required("access_token", fields.text("access_token")?)?);
    let mut response = TokenResponse::new(access_token);
    response.lifetime = fields.duration("lifetime")?;
    response.refresh_token = fields.text("refresh_token")?.map(RefreshToken::new);
    response.refresh_lifetime = fields.duration("refresh_lifetime")?;
    if let Some(count) = fields.number("scope")? {
        response.scope = Some(read_scope(fields, "scope_word", count)?);
    }
    let mut granted = Granted::new(obtained_at, response);
    granted.reusable = required("reusable", fields.number("reusable")?)?;
    if let Some(count) = fields.text_of_format(3, "requested_scope")? {
        let count = count.parse().map_err(|_| Unreadable::Field("requested_scope"))?;
        granted.requested_scope = Some(read_scope(fields, "requested_scope_word", count)?);
    }
    granted.response.members = additions::read_members(fields)?;
    Ok(granted)
}

fn read_scope(fields: &mut Reader<'_>, word: &'static str, count: usize) -> Result<Scope, Unreadable> {
    (0..count).map(|_| required(word, fields.text(word)?)).collect()
}

fn read_lease(fields: &mut Reader<'_>) -> Result<Option<Lease>, Unreadable> {
    let Some(attempt) = fields.attempt("claim")? else { return Ok(None) };
    Ok(Some(Lease {
        attempt,
        first_sent: fields.time("claim_first_sent")?,
        until: required("claim_until", fields.time("claim_until")?)?,
        span: required("claim_span", fields.duration("claim_span")?)?,
        replays: required("claim_replays", fields.number("claim_replays")?)?,
        domain: read_domain(fields)?,
    }))
}

/// Format 1 has no domain.
fn read_domain(fields: &mut Reader<'_>) -> Result<Option<LockDomain>, Unreadable> {
    let Some(text) = fields.text_of_format(3, "claim_domain")? else { return Ok(None) };
    let number = u128::from_str_radix(text, 16).ok();
    number.and_then(LockDomain::new).map(Some).ok_or(Unreadable::Field("claim_domain"))
}

fn read_throttle(fields: &mut Reader<'_>) -> Result<Option<Throttle>, Unreadable> {
    let Some(until) = fields.time("throttle_until")? else { return Ok(None) };
    let failures = required("throttle_failures", fields.number("throttle_failures")?)?;
    let credential = fields.read("throttle_credential", |text| {
        let (salt, hash) = text.split_once('.')?;
        Some(Fingerprint {
            salt: u64::from_str_radix(salt, 16).ok()?,
            hash: u64::from_str_radix(hash, 16).ok()?,
        })
    })?;
    let kind = required("throttle_cause", fields.read("throttle_cause", |text| value_of(&CAUSES, text))?)?;
    let text = required("throttle_text", fields.text("throttle_text")?)?.to_owned();
    let code = fields.text("throttle_code")?.map(str::to_owned);
    // The rest is in a field of format 4.
    let cause = Cause { kind, text, code, status: None, without_verdict: false, subject: None };
    let (since, witnesses) = (UnixTime::EPOCH, Witnesses::default());
    Ok(Some(Throttle { until, failures, credential, cause, since, witnesses }))
}
