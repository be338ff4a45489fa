//! The provider's answer before a fault changes it: an [`Answer`] whose JSON body can still change.

use core::time::Duration;

use crate::answer::{Answer, Delivery};
use crate::document::Document;
use crate::http_date::imf_fixdate;

#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
    pub(crate) delivery: Delivery,
    /// The decision, in words, for the log.
    pub(crate) decision: String,
}

#[derive(Clone)]
pub(crate) enum Body {
    Json(Document),
    Bytes(Vec<u8>),
}

impl Body {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Json(document) => document.render().into_bytes(),
            Self::Bytes(bytes) => bytes.clone(),
        }
    }
}

impl Reply {
    pub(crate) fn empty(status: u16, decision: impl Into<String>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::Bytes(Vec::new()),
            delivery: Delivery::Whole,
            decision: decision.into(),
        }
    }

    pub(crate) fn json(status: u16, document: Document, decision: impl Into<String>) -> Self {
        let reply = Self { body: Body::Json(document), ..Self::empty(status, decision) };
        reply.header("Content-Type", "application/json; charset=utf-8")
    }

    /// JSON that holds tokens ([RFC 6749 §5.1](https://www.rfc-editor.org/rfc/rfc6749#section-5.1)).
    pub(crate) fn tokens(status: u16, document: Document, decision: impl Into<String>) -> Self {
        Self::json(status, document, decision)
            .header("Cache-Control", "no-store")
            .header("Pragma", "no-cache")
    }

    pub(crate) fn html(status: u16, page: &str, decision: impl Into<String>) -> Self {
        let reply = Self { body: Body::Bytes(page.as_bytes().to_vec()), ..Self::empty(status, decision) };
        reply.header("Content-Type", "text/html; charset=utf-8")
    }

    pub(crate) fn redirect(location: &str, decision: impl Into<String>) -> Self {
        Self::empty(302, decision).header("Location", location).header("Cache-Control", "no-store")
    }

    /// Sets a header field, and removes others of the same name.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.set_header(name, Some(value));
        self
    }

    pub(crate) fn set_header(&mut self, name: &str, value: Option<&str>) {
        self.headers.retain(|(have, _)| !have.eq_ignore_ascii_case(name));
        self.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
    }

    pub(crate) fn has_header(&self, name: &str) -> bool {
        self.headers.iter().any(|(have, _)| have.eq_ignore_ascii_case(name))
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Adds the date, unless a fault has set it. An empty `Date` means no date.
    pub(crate) fn into_answer(mut self, date: Duration) -> Answer {
        if !self.has_header("Date") {
            self.headers.insert(0, ("Date".into(), imf_fixdate(date)));
        }
        self.headers.retain(|(name, value)| !(name == "Date" && value.is_empty()));
        Answer {
            status: self.status,
            headers: self.headers,
            body: self.body.bytes(),
            delivery: self.delivery,
        }
    }
}
