//! The log of requests and decisions, without secrets.

use core::time::Duration;

use crate::document::Document;
use crate::endpoint::Endpoint;
use crate::mint::Mint;
use crate::reply::{Body, Reply};
use crate::request::Request;

/// One request and its result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Counted from 1.
    pub n: u64,
    /// The time since the Unix epoch, by the simulator's clock.
    pub at: Duration,
    /// `GET`, `POST`, ...
    pub method: String,
    /// Without the query.
    pub path: String,
    /// The endpoint of the request.
    pub endpoint: Endpoint,
    /// The status of the answer; `None` if no answer was sent.
    pub status: Option<u16>,
    /// The provider's decision, in words.
    pub decision: String,
    /// The name of the applied fault.
    pub fault: Option<String>,
    /// The secrets that were sent and issued.
    pub secrets: Vec<Fingerprint>,
}

/// The fingerprint of a secret, which identifies the secret without showing it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fingerprint {
    /// The kind of secret, for example `sent refresh_token` or `issued access_token`.
    pub what: String,
    /// Eight hexadecimal digits, the same for the same secret within one run.
    pub print: String,
}

/// Counters of grants and revocations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Tokens issued at `/oauth/token`.
    pub pix_tokens: u64,
    /// Tokens issued at `/api/auth/token`.
    pub pix_certificate_tokens: u64,
    /// Codes exchanged.
    pub code_grants: u64,
    /// Refresh tokens of the OAuth2 application exchanged.
    pub refresh_grants: u64,
    /// Client credentials of the OAuth2 application exchanged.
    pub client_credentials_grants: u64,
    /// Device codes exchanged.
    pub device_grants: u64,
    /// Tokens issued at `/v2/auth-token`.
    pub hive_tokens: u64,
    /// Refresh tokens exchanged at `/v2/refresh-token`.
    pub hive_refreshes: u64,
    /// Used refresh tokens answered again within the replay window.
    pub replays_forgiven: u64,
    /// Reuses of refresh tokens and codes.
    pub reuses_detected: u64,
    /// Families revoked, for any reason.
    pub families_revoked: u64,
}

impl Counters {
    pub(crate) fn document(&self) -> Document {
        Document::new()
            .number("pix_tokens", self.pix_tokens)
            .number("pix_certificate_tokens", self.pix_certificate_tokens)
            .number("code_grants", self.code_grants)
            .number("refresh_grants", self.refresh_grants)
            .number("client_credentials_grants", self.client_credentials_grants)
            .number("device_grants", self.device_grants)
            .number("hive_tokens", self.hive_tokens)
            .number("hive_refreshes", self.hive_refreshes)
            .number("replays_forgiven", self.replays_forgiven)
            .number("reuses_detected", self.reuses_detected)
            .number("families_revoked", self.families_revoked)
    }
}

impl Entry {
    pub(crate) fn document(&self) -> Document {
        let secrets = self
            .secrets
            .iter()
            .fold(Document::new(), |list, secret| list.string(&secret.what, &secret.print));
        let optional = |text: Option<String>| text.unwrap_or_else(|| "null".into());
        Document::new()
            .number("n", self.n)
            .json("at", format!("{}.{:03}", self.at.as_secs(), self.at.subsec_millis()))
            .string("method", &self.method)
            .string("path", &self.path)
            .string("endpoint", self.endpoint.name())
            .json("status", optional(self.status.map(|status| status.to_string())))
            .string("decision", &self.decision)
            .json("fault", optional(self.fault.as_deref().map(crate::document::quoted)))
            .object("secrets", secrets)
    }
}

/// The members and form fields with secret values.
const SECRET: [&str; 9] = [
    "clientSecret",
    "secretKey",
    "client_secret",
    "refresh_token",
    "code",
    "code_verifier",
    "device_code",
    "token",
    "access_token",
];

/// The secrets of a request.
pub(crate) fn sent(request: &Request, mint: &Mint) -> Vec<Fingerprint> {
    let mut found = Vec::new();
    if let Some(value) = request.header("authorization") {
        let (scheme, credentials) = value.split_once(' ').unwrap_or(("", value));
        found.push((
            format!("sent authorization {scheme}").trim_end().to_owned(),
            credentials.trim().to_owned(),
        ));
    }
    let members = match request.json_object() {
        Some(object) => {
            object.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect()
        }
        None => request.form(),
    };
    let secret = members.into_iter().filter(|(name, _)| SECRET.contains(&name.as_str()));
    found.extend(secret.map(|(name, value)| (format!("sent {name}"), value)));
    found.into_iter().map(|(what, secret)| Fingerprint { what, print: mint.fingerprint(&secret) }).collect()
}

/// The tokens of an answer, by their member names.
pub(crate) fn issued(reply: &Reply) -> Vec<(&'static str, String)> {
    let Body::Json(document) = &reply.body else { return Vec::new() };
    ["access_token", "refresh_token"]
        .into_iter()
        .filter_map(|name| Some((name, document.string_at(name)?)))
        .collect()
}
