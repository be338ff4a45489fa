//! Invalid callbacks: forged, replayed, duplicated, oversized, late, and in another browser.

use core::time::Duration;

use oauth2_app::{App, Discovery};
use oauth2_app_axum::MemorySessions;
use serde_json::json;
use wellspring_core::{HttpResponse, ResponseHead, UnixTime};
use wellspring_simulator::{Endpoint, Fault};
use wellspring_transport::Clock;

use crate::browser::Browser;
use crate::numbers::Numbers;
use crate::site::Site;

const INVALID_STATE: &str = "/?error=invalid_state";
const MISSING: &str = "/?error=missing_parameters";

/// The value of a parameter of this URL.
fn value<'a>(url: &'a str, name: &str) -> &'a str {
    let pairs = url.split_once('?').unwrap().1.split('&');
    pairs.filter_map(|pair| pair.split_once('=')).find(|(known, _)| *known == name).unwrap().1
}

#[tokio::test]
async fn a_callback_that_does_not_match_the_sign_in_exchanges_nothing_and_ends_nothing() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    let good = browser.sent_back(&site.at("/auth/oauth/start")).await;
    let (code, state) = (value(&good, "code"), value(&good, "state"));
    let long = "s".repeat(20_000);
    for (query, then) in [
        (String::new(), MISSING),
        ("code=&state=".to_owned(), MISSING),
        (format!("code={code}"), MISSING),
        (format!("code={code}&state="), MISSING),
        (format!("code={code}&state=null"), INVALID_STATE),
        (format!("code={code}&state={state}x"), INVALID_STATE),
        (format!("code={code}&state={state}&state={state}"), INVALID_STATE),
        (format!("code={code}&state={state}&state=other"), INVALID_STATE),
        (format!("code={code}&state={long}"), INVALID_STATE),
        (format!("code={code}&state={}", state.to_ascii_uppercase()), INVALID_STATE),
        (format!("code={code}&state=%00%ff%0d%0a"), INVALID_STATE),
        ("error=access_denied".to_owned(), "/?error=access_denied"),
        ("error=access_denied&error=x&state=y".to_owned(), "/?error=server_error"),
        ("error=%3Cscript%3E%26x%3D1%0d%0aA:b".to_owned(), "/?error=server_error"),
        (format!("error={}", "e".repeat(65)), "/?error=server_error"),
        ("error=a%20b%26c%23".to_owned(), "/?error=a%20b%26c%23"),
    ] {
        let answer = browser.get(&site.at(&format!("/oauth/callback?{query}"))).await;
        assert_eq!((answer.status, answer.location()), (302, then), "{query}");
    }
    assert_eq!(site.simulator.asked(Endpoint::CodeGrant), 0);
    // The sign-in is still pending.
    assert_eq!(browser.get(&good).await.location(), "/?login=success");
}

#[tokio::test]
async fn without_a_pending_sign_in_an_empty_state_matches_nothing() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    for query in ["code=c", "code=c&state=", "code=c&state=null", "code=c&state=undefined"] {
        let back = browser.get(&site.at(&format!("/oauth/callback?{query}"))).await;
        assert!([MISSING, INVALID_STATE].contains(&back.location()), "{query}: {back:?}");
    }
    assert_eq!(site.simulator.asked(Endpoint::CodeGrant), 0);
}

#[tokio::test]
async fn a_callback_in_another_browser_signs_no_user_in_and_ends_nothing() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    let callback = browser.sent_back(&site.at("/auth/oauth/start")).await;

    let mut stranger = Browser::default();
    assert_eq!(stranger.get(&callback).await.location(), INVALID_STATE);
    // Also if it has a pending sign-in, or is signed in itself.
    let own = stranger.sent_back(&site.at("/auth/oauth/start")).await;
    assert_eq!(stranger.get(&callback).await.location(), INVALID_STATE);
    assert_eq!(stranger.get(&own).await.location(), "/?login=success");
    let before = stranger.cookies.clone();
    assert_eq!(stranger.get(&callback).await.location(), INVALID_STATE);
    assert_eq!(stranger.cookies, before);

    assert_eq!(browser.get(&callback).await.location(), "/?login=success");
}

#[tokio::test]
async fn a_reloaded_callback_exchanges_nothing_and_the_user_stays_signed_in() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    let callback = browser.sent_back(&site.at("/auth/oauth/start")).await;
    let before = browser.clone();
    assert_eq!(browser.get(&callback).await.location(), "/?login=success");
    assert_eq!(browser.get(&callback).await.location(), "/?login=success");
    // The same browser, which has not received the first answer: it gets the same session.
    let mut again = before.clone();
    assert_eq!(again.get(&callback).await.location(), "/?login=success");
    assert_eq!(again.cookies, browser.cookies);
    assert_eq!(browser.fetch(&site.at("/api/user/info")).await.status, 200);
    // After a sign-out there is no session to get.
    browser.post(&site.at("/auth/logout")).await;
    let mut old = before;
    assert_eq!(old.get(&callback).await.location(), INVALID_STATE);
    assert_eq!(old.fetch(&site.at("/api/user/info")).await.status, 401);
    assert_eq!(site.simulator.asked(Endpoint::CodeGrant), 1);
}

#[tokio::test]
async fn of_many_concurrent_callbacks_one_exchanges_the_code() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    let callback = browser.sent_back(&site.at("/auth/oauth/start")).await;
    let all = (0..16).map(|_| {
        let (mut tab, callback) = (browser.clone(), callback.clone());
        tokio::spawn(async move { tab.get(&callback).await.location().to_owned() })
    });
    for one in all.collect::<Vec<_>>() {
        assert_eq!(one.await.unwrap(), "/?login=success", "all get the result of the first");
    }
    assert_eq!(site.simulator.asked(Endpoint::CodeGrant), 1);
}

#[tokio::test]
async fn a_failed_exchange_ends_the_sign_in() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    let callback = browser.sent_back(&site.at("/auth/oauth/start")).await;
    site.simulator.fault(Endpoint::CodeGrant, Fault::parse("status=503").unwrap());
    assert_eq!(browser.get(&callback).await.location(), "/?error=server_error");
    assert_eq!(browser.get(&callback).await.location(), "/?error=server_error", "the same result");
    assert_eq!(site.simulator.asked(Endpoint::CodeGrant), 1);
    assert_eq!(browser.fetch(&site.at("/api/user/info")).await.status, 401);
}

#[tokio::test]
async fn a_sign_in_is_pending_for_ten_minutes() {
    let now = Clock::system().now().unix.as_secs();
    for (later, then) in [(595, "/?login=success"), (601, INVALID_STATE)] {
        let clock = Clock::manual(now);
        let sessions = MemorySessions::default();
        // The session itself does not expire here; the pending sign-in must.
        let site = Site::of(|_, app| app, |login| login.sessions(sessions).clock(clock.clone())).await;
        let mut browser = Browser::default();
        let callback = browser.sent_back(&site.at("/auth/oauth/start")).await;
        clock.advance(Duration::from_secs(later));
        assert_eq!(browser.get(&callback).await.location(), then);
    }
}

#[tokio::test]
async fn a_callback_of_another_issuer_is_refused_if_the_issuer_is_announced() {
    for (issuer, iss, then) in [
        ("https://issuer.example", "", "/?login=success"),
        ("https://issuer.example", "&iss=https%3A%2F%2Fissuer.example", "/?login=success"),
        ("https://issuer.example", "&iss=https%3A%2F%2Fissuer.example%2F", "/?error=invalid_issuer"),
        ("https://issuer.example", "&iss=a&iss=a", "/?error=invalid_issuer"),
    ] {
        let site = Site::of(|_, app| app.issuer(issuer).pkce(true), |login| login).await;
        let mut browser = Browser::default();
        let callback = browser.sent_back(&site.at("/auth/oauth/start")).await;
        let back = browser.get(&format!("{callback}{iss}")).await;
        assert_eq!(back.location(), then, "{iss}");
        let spent = u64::from(then == "/?login=success");
        assert_eq!(site.simulator.asked(Endpoint::CodeGrant), spent);
    }
}

#[tokio::test]
async fn if_the_issuer_is_announced_a_callback_without_it_is_refused() {
    for (promised, then) in [(true, "/?error=invalid_issuer"), (false, "/?login=success")] {
        let site = Site::of(
            |url, _| {
                let metadata = json!({
                    "issuer": url,
                    "authorization_endpoint": format!("{url}/api/oauth2/authorize"),
                    "token_endpoint": format!("{url}/api/oauth2/token"),
                    "authorization_response_iss_parameter_supported": promised,
                });
                let head = ResponseHead::new(200).header("Content-Type", "application/json");
                let answer = HttpResponse::new(head, metadata.to_string());
                let metadata = Discovery::new(url).unwrap();
                let metadata = metadata.read(&answer, UnixTime::from_secs(1)).unwrap();
                App::from_metadata(&metadata).authorize_parameter("auto_authorize", "true")
            },
            |login| login,
        )
        .await;
        let mut browser = Browser::default();
        let callback = browser.sent_back(&site.at("/auth/oauth/start")).await;
        assert!(!callback.contains("iss="), "{callback}");
        assert_eq!(browser.get(&callback).await.location(), then);
        assert_eq!(site.simulator.asked(Endpoint::CodeGrant), u64::from(!promised));
    }
}

#[tokio::test]
async fn a_duplicated_or_oversized_code_is_no_code() {
    let site = Site::start().await;
    for (code, then) in [("c&code=d".to_owned(), MISSING), ("c".repeat(20_000), "/?error=server_error")] {
        let mut browser = Browser::default();
        let callback = browser.sent_back(&site.at("/auth/oauth/start")).await;
        let state = value(&callback, "state");
        let back = browser.get(&site.at(&format!("/oauth/callback?code={code}&state={state}"))).await;
        assert_eq!(back.location(), then);
    }
}

#[tokio::test]
async fn a_session_id_that_the_browser_made_up_is_not_adopted() {
    let site = Site::start().await;
    let name = site.signed_in().await.cookies.into_keys().next().unwrap();
    for made_up in ["AAAAAAAAAAAAAAAAAAAAAA", "x", "", "%00", "a b", &"A".repeat(5_000)] {
        let mut browser = Browser::default();
        browser.cookies.insert(name.clone(), made_up.into());
        assert_eq!(browser.fetch(&site.at("/api/user/info")).await.status, 401);
        let callback = browser.sent_back(&site.at("/auth/oauth/start")).await;
        assert_eq!(browser.get(&callback).await.location(), "/?login=success");
        assert_ne!(browser.cookies[&name], made_up);
    }
}

#[tokio::test]
async fn any_callback_is_answered_with_an_error_code_in_a_redirect_home() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    let good = browser.sent_back(&site.at("/auth/oauth/start")).await;
    let state = value(&good, "state");
    // Parts of queries, headers, pages and URLs of other sites.
    let pieces = [
        "code=",
        "state=",
        "error=",
        "iss=",
        "next=",
        "error_description=",
        "popup=1",
        "&",
        "&",
        "=",
        "%",
        "%0d%0a",
        "%00",
        "%ff",
        "%3Cscript%3E",
        "<b>",
        "\"",
        "'",
        "//evil.example",
        "https://evil.example/",
        "null",
        "undefined",
        "?",
        "+",
        ";",
        "%26",
        "[]",
        "a",
        &state[..20],
        &state[20..],
        "%E2%80%AE",
        "__proto__",
        "{{7*7}}",
        "../../",
        "@",
    ];
    let mut numbers = Numbers(7);
    for _ in 0..2_000 {
        let query: String = (0..numbers.below(12)).map(|_| pieces[numbers.below(pieces.len())]).collect();
        // Characters that no browser sends in a request line are encoded.
        let query = query.replace('"', "%22").replace('<', "%3C").replace('>', "%3E");
        let answer = browser.get(&site.at(&format!("/oauth/callback?{query}"))).await;
        assert_eq!(answer.status, 302, "{query}");
        let word =
            answer.location().strip_prefix("/?error=").unwrap_or_else(|| panic!("{query}: {answer:?}"));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte);
        assert!(word.len() <= 3 * 64 && word.bytes().all(plain), "{query}: {word}");
        assert!(answer.body.is_empty(), "{query}");
    }
    assert_eq!(site.simulator.asked(Endpoint::CodeGrant), 0);
    assert_eq!(browser.get(&good).await.location(), "/?login=success");
}
