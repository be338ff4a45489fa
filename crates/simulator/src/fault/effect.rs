//! The effects that faults are made of.

use core::time::Duration;
use std::borrow::Cow;

use crate::answer::Delivery;
use crate::document::{Document, quoted};
use crate::fault::gzip;
use crate::form;
use crate::http_date::imf_fixdate;
use crate::oauth_error::error_body;
use crate::reply::{Body, Reply};
use crate::request::Request;

/// The parameters of a query, in their order.
type Pairs = Vec<(String, String)>;

#[derive(Clone)]
pub(super) enum Effect {
    /// A member of a successful JSON answer.
    Member {
        path: Cow<'static, str>,
        change: Change,
    },
    /// The bytes of the body.
    Bytes(fn(Vec<u8>) -> Vec<u8>),
    /// A header field; `None` removes it.
    Header {
        name: Cow<'static, str>,
        value: Option<Cow<'static, str>>,
    },
    /// A header field with a date, this many seconds from now.
    DateHeader {
        name: &'static str,
        ahead: i64,
    },
    /// Another answer.
    Instead(Instead),
    /// An answer that repeats the secrets of the request.
    Echo {
        status: u16,
        html: bool,
    },
    /// A compressed body.
    Compress(fn(&[u8]) -> Vec<u8>),
    /// The query of the callback URL.
    Callback(fn(Pairs) -> Pairs),
    Deliver(Delivery),
    /// The connection ends so many bytes before the end of the body.
    EndEarly(usize),
}

#[derive(Clone)]
pub(super) enum Change {
    /// A JSON text made from the old one.
    Map(fn(&str) -> String),
    /// This JSON text, also for a missing member.
    Set(String),
    Remove,
    /// The member a second time, with a JSON text made from the first.
    Repeat(fn(&str) -> String),
}

#[derive(Clone)]
pub(super) struct Instead {
    status: u16,
    content_type: Option<Cow<'static, str>>,
    body: Cow<'static, [u8]>,
}

impl Instead {
    pub(super) fn new(status: u16, content_type: &str, body: impl Into<Cow<'static, [u8]>>) -> Self {
        Self { status, content_type: Some(Cow::Owned(content_type.to_owned())), body: body.into() }
    }

    pub(super) fn bare(status: u16) -> Self {
        Self { status, content_type: None, body: Cow::Borrowed(b"") }
    }

    pub(super) fn json(status: u16, body: &'static str) -> Self {
        Self::new(status, "application/json; charset=utf-8", body.as_bytes())
    }

    pub(super) fn oauth(status: u16, code: &str) -> Self {
        let body = error_body(code, "Error requested from the simulator").render();
        Self::new(status, "application/json; charset=utf-8", body.into_bytes())
    }
}

impl Effect {
    pub(super) fn member(path: &str, change: Change) -> Self {
        Self::Member { path: Cow::Owned(path.to_owned()), change }
    }

    pub(super) fn redirect(status: u16, location: &str) -> Vec<Self> {
        let location = Self::Header { name: "Location".into(), value: Some(location.to_owned().into()) };
        vec![Self::Instead(Instead::bare(status)), location]
    }

    pub(super) fn replaces_the_answer(&self) -> bool {
        matches!(
            self,
            Self::Instead(_) | Self::Echo { .. } | Self::Deliver(Delivery::Reset | Delivery::Never)
        )
    }

    /// `false` if there was nothing to change.
    pub(super) fn apply(&self, reply: &mut Reply, request: &Request, now: Duration) -> bool {
        match self {
            Self::Member { path, change } => return change_member(reply, path, change),
            Self::Bytes(rewrite) => reply.body = Body::Bytes(rewrite(reply.body.bytes())),
            Self::Header { name, value } => reply.set_header(name, value.as_deref()),
            Self::DateHeader { name, ahead } => {
                let by = Duration::from_secs(ahead.unsigned_abs());
                let date = if *ahead < 0 { now.saturating_sub(by) } else { now.saturating_add(by) };
                reply.set_header(name, Some(&imf_fixdate(date)));
            }
            Self::Instead(instead) => {
                let decision = core::mem::take(&mut reply.decision);
                *reply = Reply::empty(instead.status, decision);
                reply.body = Body::Bytes(instead.body.to_vec());
                reply.set_header("Content-Type", instead.content_type.as_deref());
            }
            Self::Echo { status, html } => {
                let decision = core::mem::take(&mut reply.decision);
                *reply = echo(request, *status, *html, decision);
            }
            Self::Compress(compress) => {
                reply.body = Body::Bytes(compress(&reply.body.bytes()));
                reply.set_header("Content-Encoding", Some("gzip"));
            }
            Self::Callback(edit) => return change_callback(reply, *edit),
            Self::EndEarly(bytes) => {
                let sent = reply.body.bytes().len().saturating_sub(*bytes);
                reply.delivery = Delivery::Truncated { sent };
            }
            Self::Deliver(delivery) => {
                reply.delivery = match delivery {
                    // Half of the body.
                    Delivery::Truncated { sent: usize::MAX } => {
                        Delivery::Truncated { sent: reply.body.bytes().len() / 2 }
                    }
                    other => *other,
                }
            }
        }
        true
    }
}

fn change_member(reply: &mut Reply, path: &str, change: &Change) -> bool {
    let success = reply.is_success();
    let Body::Json(document) = &mut reply.body else { return false };
    if !success {
        return false;
    }
    match change {
        Change::Map(map) => document.change(path, |old| Some(map(old))),
        Change::Remove => document.change(path, |_| None),
        Change::Repeat(map) => match document.text(path) {
            Some(old) => document.repeat(path, map(&old)),
            None => false,
        },
        Change::Set(json) => {
            document.set(path, json.clone());
            true
        }
    }
}

fn change_callback(reply: &mut Reply, edit: fn(Pairs) -> Pairs) -> bool {
    let location = reply.headers.iter_mut().find(|(name, _)| name == "Location");
    let Some((_, location)) = location else { return false };
    let Some((base, query)) = location.split_once('?') else { return false };
    let query = edit(form::pairs(query));
    *location =
        query.iter().fold(base.to_owned(), |url, (name, value)| form::with_parameter(&url, name, value));
    true
}

fn echo(request: &Request, status: u16, html: bool, decision: String) -> Reply {
    let echo = format!(
        "You said {} {} with Authorization: {} and {}",
        request.method,
        request.path,
        request.header("authorization").unwrap_or("none"),
        request.text(),
    );
    if html {
        return Reply::html(status, &format!("<html><body><pre>{echo}</pre></body></html>"), decision);
    }
    let body = Document::new().string("error", "invalid_request").string("error_description", &echo);
    Reply::json(status, body.string("message", &echo), decision)
}

pub(super) fn compressed(body: &[u8]) -> Vec<u8> {
    gzip::stored(body)
}

/// The same JSON and 16 MiB of spaces, compressed to about 100 KiB.
pub(super) fn bomb(body: &[u8]) -> Vec<u8> {
    gzip::followed_by_blanks(body, 16 * 1024 * 1024)
}

pub(super) fn string(value: &str) -> String {
    quoted(value)
}
