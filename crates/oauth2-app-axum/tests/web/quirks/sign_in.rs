//! The way to the authorization server and back.

use std::collections::BTreeSet;

use wellspring_simulator::{Endpoint, Fault};

use super::sdk::Sdk;
use super::server::{Server, encoded};
use super::way::{Ours, Way, allowed, secrets, signed_in, value};
use super::{Found, fails, found, holds};

async fn a1(way: &impl Way) -> Found {
    // Another access token and another refresh token.
    way.simulator().revoke_access_tokens();
    way.asks().await;
    let (held, secrets) = (way.held(), secrets(way.simulator()));
    assert!(secrets.len() >= 4, "{secrets:?}");
    let leaked = secrets.iter().filter(|secret| held.contains(secret.as_str())).count();
    found(leaked > 0, format!("{leaked} secrets are in the browser"))
}

#[tokio::test]
async fn a1_no_token_and_no_secret_is_in_the_browser() {
    holds(a1(&signed_in(Ours::start().await).await).await);
    fails(a1(&signed_in(Sdk::start()).await).await, "secrets are in the browser");
}

async fn a2(way: &impl Way) -> Found {
    let query = allowed(way).await;
    way.comes_back(&query).await;
    let with_code = way.shown().into_iter().find(|url| url.contains(value(&query, "code")));
    found(with_code.is_some(), format!("a page is shown with the code in its URL: {with_code:?}"))
}

#[tokio::test]
async fn a2_no_page_that_is_shown_has_the_code_in_its_url() {
    let ours = Ours::start().await;
    holds(a2(&ours).await);
    assert!(!ours.shown().is_empty());
    fails(a2(&Sdk::start()).await, "/oauth/callback.html?code=");
}

async fn a5(way: &impl Way) -> Found {
    for query in
        ["code=forged", "code=forged&state=", "code=forged&state=null", "code=forged&state=undefined"]
    {
        way.comes_back(query).await;
        let spent = way.simulator().asked(Endpoint::CodeGrant);
        found(spent > 0, format!("{query} is exchanged without a started sign-in"))?;
    }
    Ok(())
}

#[tokio::test]
async fn a5_without_a_sign_in_under_way_no_code_is_spent() {
    holds(a5(&Ours::start().await).await);
    holds(a5(&Server::start().await).await);
    fails(a5(&Sdk::start()).await, "code=forged is exchanged");
}

async fn a6(way: &impl Way) -> Found {
    let shown = way.comes_back("error=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E").await;
    found(shown.contains("<img"), format!("markup out of the query: {shown}"))
}

#[tokio::test]
async fn a6_what_stands_in_an_error_is_never_markup() {
    holds(a6(&Ours::start().await).await);
    fails(a6(&Sdk::start()).await, "<img src=x onerror=alert(1)>");
}

async fn a7(way: &impl Way) -> Found {
    let code = "a&b=c+d e#f%20g/h?i";
    let away = way.starts().await;
    way.comes_back(&format!("code={}&state={}", encoded(code), value(&away, "state"))).await;
    let spent = way.simulator().received(Endpoint::CodeGrant);
    let arrived = spent.iter().any(|request| request.form().contains(&("code".to_owned(), code.to_owned())));
    found(!arrived, format!("{} codes arrive, and none as it was", spent.len()))
}

#[tokio::test]
async fn a7_a_code_of_any_characters_arrives_as_it_was() {
    holds(a7(&Ours::start().await).await);
    fails(a7(&Sdk::start()).await, "none as it was");
}

async fn a8(way: &impl Way) -> Found {
    let (mut characters, mut shortest, mut all) = (BTreeSet::new(), usize::MAX, BTreeSet::new());
    for _ in 0..100 {
        let state = value(&way.starts().await, "state").to_owned();
        shortest = shortest.min(state.len());
        characters.extend(state.chars());
        all.insert(state);
    }
    let each = characters.len().ilog2();
    let bits = shortest * usize::try_from(each).unwrap();
    found(bits < 128 || all.len() < 100, format!("a state has no more than {bits} bits"))
}

#[tokio::test]
async fn a8_a_state_has_at_least_128_bits() {
    holds(a8(&Ours::start().await).await);
    fails(a8(&Sdk::start()).await, "no more than");
}

async fn a9(way: &impl Way) -> Found {
    let query = allowed(way).await;
    way.simulator().fault(Endpoint::CodeGrant, Fault::status(503));
    way.comes_back(&query).await;
    way.comes_back(&query).await;
    let asked = way.simulator().asked(Endpoint::CodeGrant);
    found(asked != 1, format!("one callback was good for {asked} exchanges"))
}

#[tokio::test]
async fn a9_a_callback_is_good_for_one_exchange_even_if_that_fails() {
    holds(a9(&Ours::start().await).await);
    fails(a9(&Server::start().await).await, "good for 2 exchanges");
    fails(a9(&Sdk::start()).await, "good for 2 exchanges");
}

async fn a10(way: &impl Way) -> Found {
    way.starts().await;
    let shown = way.comes_back("code=c&state=another").await;
    found(
        !shown.contains("invalid_state") && !shown.contains("This sign-in has ended"),
        format!("shows {shown:?}"),
    )
}

#[tokio::test]
async fn a10_a_state_that_does_not_match_is_reported() {
    holds(a10(&Ours::start().await).await);
    holds(a10(&Server::start().await).await);
    fails(a10(&Sdk::start()).await, "shows \"\"");
}

async fn a23(way: &impl Way) -> Found {
    let shown = way.comes_back(&format!("error={}", "call-0900-1234-".repeat(400))).await;
    found(shown.contains("0900"), format!("{} bytes of an attacker's text are repeated", shown.len()))
}

#[tokio::test]
async fn a23_an_error_of_any_length_is_not_repeated() {
    holds(a23(&Ours::start().await).await);
    fails(a23(&Server::start().await).await, "6008 bytes");
    fails(a23(&Sdk::start()).await, "bytes of an attacker's text");
}
