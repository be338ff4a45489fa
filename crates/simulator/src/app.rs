//! The OAuth2 application provider: what its endpoints share. Each endpoint has its file.

mod authorize;
mod client;
mod device;
mod metadata;
mod register;
mod resource;
mod revoke;
pub(crate) mod token;

pub(crate) use device::Device;

use core::time::Duration;

use crate::document::Document;
use crate::endpoint::Endpoint;
use crate::ledger::FamilyId;
use crate::reply::Reply;
use crate::request::Request;
use crate::world::World;

/// An authorization code, from its issue until long after its use.
pub(crate) struct Code {
    client: String,
    redirect_uri: String,
    scope: Vec<String>,
    expires: Duration,
    challenge: Option<Challenge>,
    /// What it was exchanged for, once it was.
    family: Option<FamilyId>,
}

/// [RFC 7636 §4.3](https://www.rfc-editor.org/rfc/rfc7636#section-4.3)
pub(crate) struct Challenge {
    value: String,
    is_s256: bool,
}

pub(crate) fn answer(world: &mut World, endpoint: Endpoint, request: &Request, now: Duration) -> Reply {
    match (endpoint, request.method.as_str()) {
        (Endpoint::Authorize, "GET") => authorize::answer(world, request, now),
        (Endpoint::DeviceAuthorization, "POST") => device::authorization(world, request, now),
        (Endpoint::DevicePage, "GET" | "POST") => device::page(world, request, now),
        (Endpoint::Userinfo, "GET") => resource::userinfo(world, request, now),
        (Endpoint::TopUp, "GET") => resource::top_up(world, request, now),
        (Endpoint::Metadata, "GET") => metadata::answer(world, request),
        (Endpoint::Apps, "POST") => register::answer(world, request, now),
        (Endpoint::Revocation, "POST") => revoke::answer(world, request),
        (_, "POST") if Endpoint::AppToken.covers(endpoint) => token::answer(world, endpoint, request, now),
        _ => error(405, "invalid_request", "This method is not for this endpoint", "wrong method"),
    }
}

/// An error body of [RFC 6749 §5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2).
fn error(status: u16, code: &str, description: &str, decision: impl Into<String>) -> Reply {
    Reply::tokens(status, error_body(code, description), decision)
}

pub(crate) fn error_body(code: &str, description: &str) -> Document {
    Document::new().string("error", code).string("error_description", description)
}

/// The fields of a form or query, none of them twice and the empty ones left out
/// ([RFC 6749 §3.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.1)).
struct Fields(Vec<(String, String)>);

impl Fields {
    /// The name that occurs twice, if one does.
    fn read(mut pairs: Vec<(String, String)>) -> Result<Self, String> {
        for (at, (name, _)) in pairs.iter().enumerate() {
            if pairs[..at].iter().any(|(before, _)| before == name) {
                return Err(name.clone());
            }
        }
        pairs.retain(|(_, value)| !value.is_empty());
        Ok(Self(pairs))
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }
}

/// The form of a request to a token or revocation endpoint, or the refusal.
fn form_of(request: &Request) -> Result<Fields, Reply> {
    let invalid =
        |description: &str| error(400, "invalid_request", description, format!("refused: {description}"));
    if !request.is_of_type("application/x-www-form-urlencoded") {
        return Err(invalid("Content-Type must be application/x-www-form-urlencoded"));
    }
    Fields::read(request.form()).map_err(|name| invalid(&format!("Parameter {name} is repeated")))
}

fn words(scope: &str) -> Vec<String> {
    scope.split_whitespace().map(Into::into).collect()
}
