//! The OAuth2 application provider: which endpoint answers which request.

mod authorize;
mod client;
mod device;
mod fields;
mod html;
mod metadata;
mod register;
mod resource;
mod revoke;
mod token;

use core::time::Duration;

use crate::endpoint::Endpoint;
use crate::oauth_error::error;
use crate::providers::Providers;
use crate::reply::Reply;
use crate::request::Request;

pub(crate) fn answer(
    providers: &mut Providers,
    endpoint: Endpoint,
    request: &Request,
    now: Duration,
) -> Reply {
    match (endpoint, request.method.as_str()) {
        (Endpoint::Authorize, "GET") => authorize::answer(providers, request, now),
        (Endpoint::DeviceAuthorization, "POST") => device::authorization(providers, request, now),
        (Endpoint::DevicePage, "GET" | "POST") => device::page(providers, request, now),
        (Endpoint::Userinfo, "GET") => resource::userinfo(providers, request, now),
        (Endpoint::TopUp, "GET") => resource::top_up(providers, request, now),
        (Endpoint::Metadata, "GET") => metadata::answer(providers, request),
        (Endpoint::Apps, "POST") => register::answer(providers, request, now),
        (Endpoint::Revocation, "POST") => revoke::answer(providers, request),
        (_, "POST") if Endpoint::AppToken.covers(endpoint) => {
            token::answer(providers, endpoint, request, now)
        }
        _ => error(405, "invalid_request", "This method is not for this endpoint", "wrong method"),
    }
}
