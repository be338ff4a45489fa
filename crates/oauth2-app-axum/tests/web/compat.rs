//! The three endpoints for a front end that keeps the tokens: what they answer, and what they refuse.

use serde_json::{Value, json};
use wellspring_simulator::{Endpoint, Fault};

use crate::browser::{Browser, Page};
use crate::site::{SECRET, Site};

const EXCHANGE: &str = "/api/oauth/exchange-token";
const REFRESH: &str = "/api/oauth/refresh-token";
const USERINFO: &str = "/api/oauth/userinfo";

fn object(page: &Page) -> Value {
    assert_eq!(page.header("content-type"), Some("application/json"), "{page:?}");
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("access-control-allow-origin"), None);
    serde_json::from_str(&page.body).unwrap()
}

/// Starts a sign-in in this browser, and returns the parameters of the front end's callback.
async fn back(site: &Site, browser: &mut Browser) -> (String, String) {
    let url = browser.sent_back(&site.at("/auth/oauth/start")).await;
    assert!(url.starts_with(&site.at("/oauth/callback.html?")), "{url}");
    let pairs = url.split_once('?').unwrap().1.split('&').filter_map(|pair| pair.split_once('='));
    let value = |name| pairs.clone().find(|(known, _)| *known == name).unwrap().1.to_owned();
    (value("code"), value("state"))
}

#[tokio::test]
async fn a_front_end_gets_tokens_renews_them_and_reads_the_user_info() {
    let site = Site::compat(|_, app| app.pkce(true)).await;
    let mut browser = Browser::default();
    let (code, state) = back(&site, &mut browser).await;
    let uri = site.at("/oauth/callback.html");
    let asked = json!({ "code": code, "redirectUri": uri, "state": state }).to_string();
    let tokens = browser.send(&site.at(EXCHANGE), &asked).await;
    assert_eq!(tokens.status, 200, "{tokens:?}");
    let tokens = object(&tokens);
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(7200)));
    let sent = site.simulator.received(Endpoint::CodeGrant).remove(0).form();
    assert!(sent.iter().any(|(name, _)| name == "code_verifier"), "{sent:?}");

    let bearer = format!("Authorization: Bearer {}\r\n", tokens["access_token"].as_str().unwrap());
    let user = browser.ask("GET", &site.at(USERINFO), &bearer).await;
    assert_eq!((user.status, &object(&user)["username"]), (200, &json!("user123")));

    let asked = json!({ "refreshToken": tokens["refresh_token"] }).to_string();
    let renewed = object(&browser.send(&site.at(REFRESH), &asked).await);
    assert_ne!(renewed["access_token"], tokens["access_token"]);
    assert!(browser.seen.iter().all(|(_, page)| !page.body.contains(SECRET)));
}

#[tokio::test]
async fn a_code_without_a_sign_in_of_this_browser_is_not_exchanged() {
    let site = Site::compat(|_, app| app).await;
    let mut browser = Browser::default();
    let (code, state) = back(&site, &mut browser).await;
    for (asked, says) in [
        (json!({}), "missing_parameters"),
        (json!({ "state": "other" }), "missing_parameters"),
        (json!({ "code": "", "state": state.to_ascii_uppercase() }), "missing_parameters"),
        (json!({ "code": code }), "missing_parameters"),
        (json!({ "code": code, "state": null }), "missing_parameters"),
        (json!({ "code": code, "state": "null" }), "invalid_state"),
        (json!({ "code": code, "state": [state] }), "missing_parameters"),
        (json!({ "code": code, "state": "s".repeat(9_999) }), "invalid_state"),
        (
            json!({ "code": code, "state": state, "redirectUri": "https://evil.example/" }),
            "invalid_redirect_uri",
        ),
        (json!({ "code": code, "state": state, "redirectUri": 7 }), "invalid_redirect_uri"),
        (json!([code, state]), "invalid_request"),
        (json!("code"), "invalid_request"),
    ] {
        let refused = browser.send(&site.at(EXCHANGE), &asked.to_string()).await;
        assert_eq!((refused.status, object(&refused)), (400, json!({ "error": says })), "{asked}");
    }
    let asked = json!({ "code": code, "state": state }).to_string();
    // Another browser, without and with its own sign-in.
    let mut stranger = Browser::default();
    assert_eq!(object(&stranger.send(&site.at(EXCHANGE), &asked).await), json!({ "error": "invalid_state" }));
    back(&site, &mut stranger).await;
    assert_eq!(object(&stranger.send(&site.at(EXCHANGE), &asked).await), json!({ "error": "invalid_state" }));
    assert_eq!(site.simulator.asked(Endpoint::CodeGrant), 0);

    assert_eq!(browser.send(&site.at(EXCHANGE), &asked).await.status, 200);
    assert_eq!(object(&browser.send(&site.at(EXCHANGE), &asked).await), json!({ "error": "invalid_state" }));
    assert_eq!(site.simulator.asked(Endpoint::CodeGrant), 1);
}

#[tokio::test]
async fn a_page_of_another_site_gets_nothing() {
    let site = Site::compat(|_, app| app).await;
    let mut browser = Browser::default();
    let (code, state) = back(&site, &mut browser).await;
    let asked = json!({ "code": code, "state": state, "refreshToken": "r" }).to_string();
    let length = format!("Content-Length: {}\r\n", asked.len());
    for path in [EXCHANGE, REFRESH] {
        // What a form can send without a preflight request.
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""] {
            let headers = format!("Content-Type: {kind}\r\n{length}");
            assert_eq!(
                browser.ask_with("POST", &site.at(path), &headers, &asked).await.status,
                415,
                "{kind}"
            );
        }
        for from in ["cross-site", "same-site"] {
            let headers = format!("Content-Type: application/json\r\nSec-Fetch-Site: {from}\r\n{length}");
            assert_eq!(
                browser.ask_with("POST", &site.at(path), &headers, &asked).await.status,
                403,
                "{from}"
            );
        }
        let asks_first = "Origin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\n";
        let answer = browser.ask("OPTIONS", &site.at(path), asks_first).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (405, None));
        let long = format!("{{\"code\":\"{}\"}}", "c".repeat(70_000));
        assert_eq!(browser.send(&site.at(path), &long).await.status, 413);
    }
    let headers = "Authorization: Bearer t\r\nSec-Fetch-Site: cross-site\r\n";
    assert_eq!(browser.ask("GET", &site.at(USERINFO), headers).await.status, 403);
    for asked in [Endpoint::CodeGrant, Endpoint::RefreshGrant, Endpoint::Userinfo] {
        assert_eq!(site.simulator.asked(asked), 0);
    }
}

#[tokio::test]
async fn missing_parameters_are_reported_in_the_published_words() {
    let site = Site::compat(|_, app| app).await;
    let mut browser = Browser::default();
    for asked in ["{}", r#"{"refreshToken":""}"#, r#"{"refreshToken":null}"#, r#"{"refreshToken":7}"#] {
        let refused = browser.send(&site.at(REFRESH), asked).await;
        assert_eq!((refused.status, refused.body.as_str()), (400, r#"{"error":"Missing refresh token"}"#));
    }
    for headers in ["", "Authorization: \r\n", "Authorization: Basic Y2xpZW50OnNlY3JldA==\r\n"] {
        let refused = browser.ask("GET", &site.at(USERINFO), headers).await;
        let says = (refused.status, refused.body.as_str());
        assert_eq!(says, (401, r#"{"error":"Missing authorization header"}"#), "{headers}");
    }
    assert_eq!(site.simulator.asked(Endpoint::Any), 0);
}

#[tokio::test]
async fn a_refusal_of_the_server_is_forwarded_and_no_answer_is_a_500() {
    let site = Site::compat(|_, app| app).await;
    let mut browser = Browser::default();
    let refresh = r#"{"refreshToken":"unknown"}"#;
    let bearer = "Authorization: Bearer unknown\r\n";

    let refused = browser.send(&site.at(REFRESH), refresh).await;
    assert_eq!((refused.status, &object(&refused)["error"]), (400, &json!("invalid_grant")));
    let refused = browser.ask("GET", &site.at(USERINFO), bearer).await;
    assert_eq!(refused.status, 401);
    object(&refused);

    // Refusals of the token endpoint become a 400; those of the userinfo endpoint keep their status.
    let later = Fault::oauth_error(503, "temporarily_unavailable").and(Fault::header("Retry-After", "7"));
    site.simulator.fault(Endpoint::RefreshGrant, later.clone());
    let refused = browser.send(&site.at(REFRESH), refresh).await;
    assert_eq!((refused.status, refused.header("retry-after")), (400, Some("7")));
    site.simulator.fault(Endpoint::Userinfo, later);
    assert_eq!(browser.ask("GET", &site.at(USERINFO), bearer).await.status, 503);

    for fault in [Fault::raw(200, "text/html", b"<html>"), Fault::parse("reset-before").unwrap()] {
        site.simulator.clear_faults();
        for endpoint in [Endpoint::CodeGrant, Endpoint::RefreshGrant, Endpoint::Userinfo] {
            site.simulator.fault(endpoint, fault.clone());
        }
        let (code, state) = back(&site, &mut browser).await;
        let asked = json!({ "code": code, "state": state }).to_string();
        for (answer, says) in [
            (browser.send(&site.at(EXCHANGE), &asked).await, r#"{"error":"Token exchange failed"}"#),
            (browser.send(&site.at(REFRESH), refresh).await, r#"{"error":"Token refresh failed"}"#),
            (
                browser.ask("GET", &site.at(USERINFO), bearer).await,
                r#"{"error":"Failed to fetch user info"}"#,
            ),
        ] {
            assert_eq!((answer.status, answer.body.as_str()), (500, says));
        }
    }
}

#[tokio::test]
async fn an_announced_issuer_is_required() {
    let site = Site::compat(|_, app| app.issuer("https://issuer.example").pkce(true)).await;
    let mut browser = Browser::default();
    for (iss, status) in [("https://other.example", 400), ("https://issuer.example", 200)] {
        let (code, state) = back(&site, &mut browser).await;
        let asked = json!({ "code": code, "state": state, "iss": iss }).to_string();
        assert_eq!(browser.send(&site.at(EXCHANGE), &asked).await.status, status, "{iss}");
    }
}
