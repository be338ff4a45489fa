//! Every fault by its name.

mod answers;
mod bodies;
mod members;

use super::Stage;
use super::effect::{Change, Effect, Instead, string};

/// A fault that needs no value.
pub(super) struct Listed {
    pub(super) name: &'static str,
    pub(super) says: &'static str,
    pub(super) stage: Option<Stage>,
    pub(super) effects: fn() -> Vec<Effect>,
}

/// A fault that is named with a value, as `name=value`.
pub(super) struct Valued {
    pub(super) name: &'static str,
    pub(super) says: &'static str,
    pub(super) effects: fn(&str) -> Option<Vec<Effect>>,
}

const fn listed(name: &'static str, says: &'static str, effects: fn() -> Vec<Effect>) -> Listed {
    Listed { name, says, stage: None, effects }
}

const fn valued(name: &'static str, says: &'static str, effects: fn(&str) -> Option<Vec<Effect>>) -> Valued {
    Valued { name, says, effects }
}

pub(super) fn simple() -> impl Iterator<Item = &'static Listed> {
    members::LIST.iter().chain(bodies::LIST).chain(answers::LIST)
}

pub(super) static VALUED: &[Valued] = &[
    valued("expires-in", "expires_in is this JSON text", |value| set("expires_in", value.into())),
    valued("token-type", "token_type is this string", |value| set("token_type", string(value))),
    valued("scope", "scope is this string", |value| set("scope", string(value))),
    valued("status", "this status, with an empty body", |value| {
        Some(vec![Effect::Instead(Instead::bare(status(value)?))])
    }),
    valued("html", "this status, with a page", |value| {
        Some(vec![Effect::Instead(Instead::new(status(value)?, "text/html", answers::PAGE))])
    }),
    valued("oauth-error", "400 with this OAuth error code (invalid_client: 401)", |value| {
        let status = if value == "invalid_client" { 401 } else { 400 };
        Some(vec![Effect::Instead(Instead::oauth(status, value))])
    }),
    valued("redirect-301", "301 to this place", |value| Some(redirect(301, value))),
    valued("redirect-302", "302 to this place", |value| Some(redirect(302, value))),
    valued("redirect-303", "303 to this place", |value| Some(redirect(303, value))),
    valued("redirect-307", "307 to this place", |value| Some(redirect(307, value))),
    valued("redirect-308", "308 to this place", |value| Some(redirect(308, value))),
    valued("retry-after", "Retry-After with this text, on whatever is answered", |value| {
        Some(vec![Effect::Header { name: "Retry-After".into(), value: Some(value.to_owned().into()) }])
    }),
    valued("retry-after-date", "Retry-After with the date so many seconds from now", |value| {
        Some(vec![Effect::DateHeader { name: "Retry-After", ahead: value.parse().ok()? }])
    }),
    valued("date-ahead", "Date so many seconds from now (may be negative)", |value| {
        Some(vec![Effect::DateHeader { name: "Date", ahead: value.parse().ok()? }])
    }),
    valued("hive-code", "the envelope's code is this JSON text", |value| set("code", value.into())),
    valued("drip-millis", "the body one byte at a time, so many milliseconds apart", |value| {
        let every = core::time::Duration::from_millis(value.parse().ok()?);
        Some(vec![Effect::Deliver(crate::answer::Delivery::Dripped { every })])
    }),
    valued("stall-millis", "the answer comes so many milliseconds late", |value| {
        let after = core::time::Duration::from_millis(value.parse().ok()?);
        Some(vec![Effect::Deliver(crate::answer::Delivery::Late { after })])
    }),
];

fn status(value: &str) -> Option<u16> {
    value.parse().ok().filter(|status| (200..600).contains(status))
}

fn set(path: &'static str, json: String) -> Option<Vec<Effect>> {
    Some(vec![Effect::member(path, Change::Set(json))])
}

pub(super) fn redirect(status: u16, location: &str) -> Vec<Effect> {
    let location = Effect::Header { name: "Location".into(), value: Some(location.to_owned().into()) };
    vec![Effect::Instead(Instead::bare(status)), location]
}
