//! Asks each token endpoint for a token without a credential: a token endpoint refuses that, and any other URL answers otherwise.
//!
//! The request is that of the provider, without all that it carries: its URL, its method and its form.

use core::time::Duration;

use wellspring_core::{
    AuthorizationGrant, ErrorSubject, Header, HttpRequest, HttpResponse, Method, Origin, Reading,
    RefreshToken, TokenError, TransportError,
};
use wellspring_transport_blocking::{Clock, Transport as _, UreqTransport};

use crate::doctor::clock;
use crate::doctor::report::Report;
use crate::exit::{Exit, Failure};
use crate::source::Parts;

/// The time for one response.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

/// What was asked already.
#[derive(Debug, Default)]
pub(super) struct Questions {
    urls: Vec<String>,
    origins: Vec<Origin>,
}

/// Asks the token endpoint of this profile, unless it was asked before.
pub(super) fn check(name: &str, parts: &Parts, asked: &mut Questions, report: &mut Report) {
    let now = || Clock::system().now().unix;
    if parts.provider.own_token(now()).is_some() {
        return;
    }
    let grant = match parts.provider.spec().credentials {
        true => AuthorizationGrant::ClientCredentials,
        // Only the form of the request is used.
        false => AuthorizationGrant::RefreshToken(RefreshToken::new("none")),
    };
    let question = match parts.provider.request(&grant, now()) {
        Ok(request) => bare(&request),
        Err(error) => return report.failed(&Failure::from(error)),
    };
    let url = question.url().to_owned();
    let Ok(origin) = Origin::of(&url) else { return };
    if asked.urls.contains(&url) {
        return;
    }
    asked.urls.push(url.clone());
    let before = now();
    let answer = UreqTransport::new(parts.tls.clone()).and_then(|transport| {
        transport.exchange(&question, RESPONSE_TIMEOUT).map_err(TransportError::into_error)
    });
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let failure = Failure::from(error);
            return report.wrong(failure.exit, format_args!("{name}: no answer of {origin}: {failure}"));
        }
    };
    let refusal = match parts.provider.read(&grant, &answer, now()) {
        Reading::Refused(error) | Reading::Unusable { error, .. } => Some(error),
        Reading::Granted(_) | Reading::Next(_) => None,
    };
    match Finding::of(&answer, refusal.as_ref()) {
        Finding::Endpoint => report.fine(format_args!("{name}: {url} is a token endpoint")),
        Finding::Forbidden(failure) => {
            report.wrong(Exit::Usage, format_args!("{name}: {url}: {failure}"));
        }
        Finding::Elsewhere(what) => report.wrong(
            Exit::Usage,
            format_args!("{name}: {url} {what}: is this the token endpoint's URL? correct it in the profile"),
        ),
        Finding::Unknown(status) => report.note(format_args!(
            "{name}: {url} answers {status}, so whether it is a token endpoint is not known; try again later"
        )),
    }
    if !asked.origins.contains(&origin) {
        clock::check(&origin, answer.head(), before, now(), report);
        asked.origins.push(origin);
    }
}

/// The same request without credentials: no header but the type of its body and the profile's `User-Agent`, no query, and a
/// body that names no client.
fn bare(request: &HttpRequest) -> HttpRequest {
    let url = request.url().split('?').next().unwrap_or_default();
    let mut bare = HttpRequest::new(request.method(), url).header("Accept", "application/json");
    let named = |header: &&Header| header.name().eq_ignore_ascii_case("user-agent");
    if let Some(agent) = request.headers().iter().find(named) {
        bare = bare.header("User-Agent", agent.expose());
    }
    if request.method() != Method::Post {
        return bare;
    }
    let kind = request.headers().iter().find(|header| header.name().eq_ignore_ascii_case("content-type"));
    if kind.is_some_and(|kind| kind.expose().contains("json")) {
        return bare.header("Content-Type", "application/json").body("{}");
    }
    bare.header("Content-Type", "application/x-www-form-urlencoded").body("grant_type=client_credentials")
}

/// What a URL is that answers in this way.
#[derive(Debug)]
enum Finding {
    Endpoint,
    /// A web server before the endpoint demands a client certificate, or does not let this host in.
    Forbidden(Failure),
    Elsewhere(String),
    /// The server is busy or down.
    Unknown(u16),
}

impl Finding {
    fn of(answer: &HttpResponse, error: Option<&TokenError>) -> Self {
        let (status, body) = (answer.status(), answer.expose_body().trim_ascii_start());
        let is_page = || {
            let kind = answer.head().first("content-type").unwrap_or_default();
            kind.trim_start().to_ascii_lowercase().starts_with("text/html") || body.starts_with(b"<")
        };
        let is_forbidden = |error: &&TokenError| {
            matches!(error.subject(), Some(ErrorSubject::ClientCertificate | ErrorSubject::Admission))
        };
        if let Some(error) = error.filter(is_forbidden) {
            return Self::Forbidden(Failure::from(error.clone()));
        }
        match status {
            404 | 405 | 410 | 501 => Self::Elsewhere(format!("answers {status}")),
            300..=399 => {
                Self::Elsewhere(format!("answers {status}, a redirect, which no token request follows"))
            }
            408 | 425 | 429 | 500.. => Self::Unknown(status),
            _ if is_page() => Self::Elsewhere(format!("answers {status} with a web page")),
            _ => Self::Endpoint,
        }
    }
}

#[cfg(test)]
mod tests {
    use wellspring_core::ResponseHead;

    use super::*;

    #[test]
    fn a_refusal_is_that_of_a_token_endpoint_and_a_page_is_not() {
        let of = |status, kind: &str, body: &str| {
            Finding::of(
                &HttpResponse::new(ResponseHead::new(status).header("Content-Type", kind), body),
                None,
            )
        };
        for (status, kind, body) in [
            (400, "application/json", r#"{"error":"invalid_request"}"#),
            (401, "application/json;charset=utf-8", r#"{"error":"invalid_client"}"#),
            (401, "", ""),
            (403, "application/json", "{}"),
            (200, "application/json", r#"{"error":"bad_verification_code"}"#),
            (400, "text/plain", "error=invalid_request"),
            (422, "application/json", "{}"),
        ] {
            assert!(matches!(of(status, kind, body), Finding::Endpoint), "{status} {body}");
        }
        for (status, kind, body) in [
            (404, "application/json", "{}"),
            (405, "", ""),
            (410, "", ""),
            (301, "", ""),
            (200, "Text/HTML", "hello"),
            (403, "", "  <!DOCTYPE html>"),
        ] {
            assert!(matches!(of(status, kind, body), Finding::Elsewhere(_)), "{status} {body}");
        }
        assert!(matches!(of(503, "text/html", "<html>"), Finding::Unknown(503)));
        assert!(matches!(of(429, "", ""), Finding::Unknown(429)));
    }

    #[test]
    fn the_request_carries_no_credential() {
        let request = HttpRequest::new(Method::Post, "https://issuer.example/token?key=canary")
            .header("Authorization", "Basic canary")
            .header("content-type", "application/json")
            .body(r#"{"secret":"canary"}"#);
        let bare = bare(&request);
        assert_eq!((bare.url(), bare.expose_body()), ("https://issuer.example/token", &b"{}"[..]));
        assert!(bare.headers().iter().all(|header| !header.expose().contains("canary")));
    }
}
