//! The backend for front ends that keep tokens.

use serde_json::json;
use wellspring_simulator::{Endpoint, Fault, Simulator};

use super::server::Server;
use super::way::value;
use super::{Found, fails, found, holds};
use crate::browser::Browser;
use crate::site::Site;

const EXCHANGE: &str = "/api/oauth/exchange-token";
const REFRESH: &str = "/api/oauth/refresh-token";

/// A backend, and the server behind it.
struct Backend<'a> {
    simulator: &'a Simulator,
    url: &'a str,
}

impl<'a> Backend<'a> {
    fn ours(site: &'a Site) -> Self {
        Self { simulator: &site.simulator, url: &site.url }
    }

    fn published(server: &'a Server) -> Self {
        Self { simulator: &server.simulator, url: &server.url }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

async fn a15_any_site(backend: &Backend<'_>) -> Found {
    let mut browser = Browser::default();
    let from = "Origin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\n\
                Access-Control-Request-Headers: content-type\r\n";
    for (method, path) in [("OPTIONS", EXCHANGE), ("OPTIONS", REFRESH), ("GET", "/api/oauth/userinfo")] {
        let answer = browser.ask(method, &backend.at(path), from).await;
        let allowed = answer.header("access-control-allow-origin");
        found(allowed.is_some(), format!("{path} may be read by {allowed:?}"))?;
    }
    Ok(())
}

#[tokio::test]
async fn a15_no_page_of_another_site_may_request_tokens() {
    holds(a15_any_site(&Backend::ours(&Site::compat(|_, app| app).await)).await);
    fails(a15_any_site(&Backend::published(&Server::start().await)).await, "may be read by Some(\"*\")");
}

/// The requests to the server after each of these.
async fn a15_asked(
    backend: &Backend<'_>,
    body: impl Fn(&str, &str) -> String,
) -> (u16, Vec<Vec<(String, String)>>) {
    let mut browser = Browser::default();
    let callback = browser.sent_back(&backend.at("/auth/oauth/start")).await;
    let body = body(value(&callback, "code"), value(&callback, "state"));
    let answer = browser.send(&backend.at(EXCHANGE), &body).await;
    let asked = backend.simulator.received(Endpoint::CodeGrant);
    (answer.status, asked.iter().map(|request| request.form()).collect())
}

async fn a15_redirect_uri(backend: &Backend<'_>) -> Found {
    let (_, asked) = a15_asked(backend, |code, state| {
        json!({ "code": code, "state": state, "redirectUri": "https://evil.example/" }).to_string()
    })
    .await;
    let evil = asked.iter().flatten().any(|(_, value)| value.contains("evil.example"));
    found(evil, "a redirect URI of the front end's is sent on")
}

#[tokio::test]
async fn a15_a_redirect_uri_of_the_front_end_is_not_accepted() {
    holds(a15_redirect_uri(&Backend::ours(&Site::compat(|_, app| app).await)).await);
    fails(a15_redirect_uri(&Backend::published(&Server::start().await)).await, "is sent on");
}

async fn a15_state(backend: &Backend<'_>) -> Found {
    let (status, asked) =
        a15_asked(backend, |code, _| json!({ "code": code, "state": "another" }).to_string()).await;
    found(status != 400 || !asked.is_empty(), format!("a code with another state is spent: {}", asked.len()))
}

#[tokio::test]
async fn a15_a_code_with_another_state_is_not_exchanged() {
    holds(a15_state(&Backend::ours(&Site::compat(|_, app| app).await)).await);
    fails(a15_state(&Backend::published(&Server::start().await)).await, "is spent: 1");
}

async fn a15_code(backend: &Backend<'_>) -> Found {
    let (status, asked) = a15_asked(backend, |_, state| json!({ "state": state }).to_string()).await;
    found(status != 400 || !asked.is_empty(), format!("no code is sent on as {:?}", asked.first()))
}

#[tokio::test]
async fn a15_a_missing_code_is_not_forwarded() {
    holds(a15_code(&Backend::ours(&Site::compat(|_, app| app).await)).await);
    fails(a15_code(&Backend::published(&Server::start().await)).await, "undefined");
}

/// The documented 400 stays, as front ends know it.
async fn a17(backend: &Backend<'_>) -> Found {
    let later = Fault::oauth_error(503, "temporarily_unavailable").and(Fault::header("Retry-After", "7"));
    backend.simulator.fault(Endpoint::RefreshGrant, later);
    let asked = json!({ "refreshToken": "refresh_abc123def456" }).to_string();
    let answer = Browser::default().send(&backend.at(REFRESH), &asked).await;
    assert_eq!(answer.status, 400);
    found(answer.header("retry-after") != Some("7"), "the front end gets no Retry-After")
}

#[tokio::test]
async fn a17_retry_after_is_forwarded() {
    holds(a17(&Backend::ours(&Site::compat(|_, app| app).await)).await);
    fails(a17(&Backend::published(&Server::start().await)).await, "no Retry-After");
}
