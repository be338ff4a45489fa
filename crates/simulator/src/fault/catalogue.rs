//! Every fault by its name.

mod answers;
mod bodies;
mod entry;
mod members;

use core::time::Duration;

use crate::answer::Delivery;
use crate::fault::catalogue::entry::{Listed, Valued, valued};
use crate::fault::effect::{Change, Effect, Instead, string};

pub(super) fn simple() -> impl Iterator<Item = &'static Listed> {
    members::LIST.iter().chain(bodies::LIST).chain(answers::LIST)
}

pub(super) static VALUED: &[Valued] = &[
    valued("expires-in", "expires_in is this JSON text", |value| set("expires_in", value.into())),
    valued("token-type", "token_type is this string", |value| set("token_type", string(value))),
    valued("scope", "scope is this string", |value| set("scope", string(value))),
    valued("error-beside", "a token and this OAuth error code in one answer", |value| {
        set("error", string(value))
    }),
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
    valued("redirect-301", "301 to this place", |value| Some(Effect::redirect(301, value))),
    valued("redirect-302", "302 to this place", |value| Some(Effect::redirect(302, value))),
    valued("redirect-303", "303 to this place", |value| Some(Effect::redirect(303, value))),
    valued("redirect-307", "307 to this place", |value| Some(Effect::redirect(307, value))),
    valued("redirect-308", "308 to this place", |value| Some(Effect::redirect(308, value))),
    valued("retry-after", "Retry-After with this text, on any answer", |value| {
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
        let every = Duration::from_millis(value.parse().ok()?);
        Some(vec![Effect::Deliver(Delivery::Dripped { every })])
    }),
    valued(
        "truncated-before",
        "processed; the connection ends so many bytes before the end of the body",
        |value| Some(vec![Effect::EndEarly(value.parse().ok()?)]),
    ),
    valued("stall-millis", "the answer comes so many milliseconds late", |value| {
        let after = Duration::from_millis(value.parse().ok()?);
        Some(vec![Effect::Deliver(Delivery::Late { after })])
    }),
];

fn status(value: &str) -> Option<u16> {
    value.parse().ok().filter(|status| (200..600).contains(status))
}

fn set(path: &'static str, json: String) -> Option<Vec<Effect>> {
    Some(vec![Effect::member(path, Change::Set(json))])
}
