//! Expired tokens, failing servers, and the requests of a signed-in browser.

use core::time::Duration;

use oauth2_app_axum::SignedIn;
use wellspring_simulator::{Endpoint, Fault, Rotation};
use wellspring_transport_async::TokenSource;

use super::sdk::Sdk;
use super::server::Server;
use super::way::{Ours, User, Way, signed_in};
use super::{Found, fails, found, holds};

async fn a4(way: &impl Way) -> Found {
    way.simulator().revoke_access_tokens();
    let user = way.asks().await;
    found(user != User::Shown, format!("a token that ended early: {user:?}"))
}

#[tokio::test]
async fn a4_a_refused_token_is_renewed_without_a_new_sign_in() {
    holds(a4(&signed_in(Ours::start().await).await).await);
    // The page's code, and its fifth good practice.
    holds(a4(&signed_in(Sdk::start()).await).await);
    fails(a4(&signed_in(Sdk::with_the_fifth_practice()).await).await, "SignInAgain");
}

async fn a11(way: &impl Way) -> Found {
    way.simulator().revoke_access_tokens();
    way.simulator().fault(Endpoint::RefreshGrant, Fault::stall(Duration::from_secs(1)));
    let users = tokio::join!(way.asks(), way.asks());
    found(users != (User::Shown, User::Shown), format!("of two who ask at once: {users:?}"))?;
    let refreshes = way.simulator().asked(Endpoint::RefreshGrant);
    found(refreshes != 1, format!("{refreshes} refreshes"))
}

#[tokio::test]
async fn a11_a_request_during_a_refresh_waits_for_it() {
    holds(a11(&signed_in(Ours::start().await).await).await);
    fails(a11(&signed_in(Sdk::start()).await).await, "SignInAgain");
}

async fn a12(way: &impl Way) -> Found {
    way.simulator().revoke_access_tokens();
    way.simulator().fault_times(Endpoint::RefreshGrant, Fault::status(503), 9);
    let user = way.asks().await;
    found(user != User::ServerDown, format!("a server that is down: {user:?}"))
}

#[tokio::test]
async fn a12_a_server_that_is_down_does_not_sign_the_user_out() {
    holds(a12(&signed_in(Ours::start().await).await).await);
    fails(a12(&signed_in(Sdk::start()).await).await, "SignInAgain");
}

async fn a13(way: &impl Way, later: impl Fn()) -> Found {
    way.simulator().configure(|config| config.app.rotation = Rotation::None);
    for turn in ["first", "second"] {
        way.simulator().revoke_access_tokens();
        let user = way.asks().await;
        found(user != User::Shown, format!("at the {turn} refresh: {user:?}"))?;
        later();
    }
    Ok(())
}

#[tokio::test]
async fn a13_an_answer_without_a_refresh_token_leaves_the_one_that_is_there() {
    let ours = signed_in(Ours::start().await).await;
    // A token that is refused again immediately is not renewed again immediately.
    holds(a13(&ours, || ours.clock.advance(Duration::from_secs(61))).await);
    let sdk = signed_in(Sdk::start()).await;
    fails(a13(&sdk, || sdk.reload()).await, "at the second refresh: SignInAgain");
    let sent = sdk.simulator().received(Endpoint::RefreshGrant);
    assert!(sent.last().unwrap().form().contains(&("refresh_token".to_owned(), "undefined".to_owned())));
}

fn a14(way: &impl Way) -> Found {
    let asked = way.simulator().received(Endpoint::Userinfo);
    let header = asked.last().unwrap().header("authorization").unwrap_or_default().to_owned();
    assert!(header.starts_with("Bearer "), "{header}");
    found(header == "Bearer the-callers-own", format!("the server was sent {header}"))
}

#[tokio::test]
async fn a14_a_callers_own_authorization_does_not_take_the_tokens_place() {
    let ours = Ours::start().await;
    let user = SignedIn::over("user", TokenSource::fixed("the-users"));
    let call = http::Request::get(format!("{}/api/oauth2/userinfo", ours.simulator().url()));
    let call = call.header("authorization", "Bearer the-callers-own").body(()).unwrap();
    // The server does not know this token either; the check only looks at what was sent.
    let _ = user.send(call).await;
    holds(a14(&ours));
    let sdk = signed_in(Sdk::start()).await;
    sdk.api_request("/api/oauth2/userinfo", Some("Bearer the-callers-own")).await;
    fails(a14(&sdk), "the-callers-own");
}

async fn a16(way: &impl Way) -> Found {
    a4(way).await?;
    let refreshes = way.simulator().asked(Endpoint::RefreshGrant);
    found(refreshes != 1, format!("{refreshes} refreshes"))
}

#[tokio::test]
async fn a16_user_info_after_an_early_end_is_user_info_after_one_refresh() {
    holds(a16(&signed_in(Ours::start().await).await).await);
    fails(a16(&signed_in(Server::start().await).await).await, "ServerDown");
}

async fn a22(way: &impl Way) -> Found {
    for (url, good) in [
        ("https://aihubmix.com/topup", true),
        ("https://evil.example/topup", false),
        ("http://aihubmix.com/topup", false),
        ("javascript:alert(1)", false),
        ("https://aihubmix.com@evil.example/", false),
        ("https://aihubmix.com.evil.example/", false),
        ("//evil.example/", false),
    ] {
        way.simulator().fault(Endpoint::TopUp, Fault::member("topup_url", &format!("\"{url}\"")));
        let opened = way.tops_up().await;
        found(opened.is_some() != good, format!("{opened:?} is opened"))?;
    }
    Ok(())
}

#[tokio::test]
async fn a22_only_the_vendors_own_page_is_opened_to_top_up() {
    holds(a22(&signed_in(Ours::start().await).await).await);
    fails(a22(&signed_in(Sdk::start()).await).await, "https://evil.example/topup");
}

async fn a25(way: &impl Way) -> Found {
    way.simulator().revoke_families();
    let user = way.asks().await;
    found(user != User::SignInAgain, format!("a sign-in that was ended: {user:?}"))
}

#[tokio::test]
async fn a25_a_sign_in_that_the_vendor_ended_is_asked_for_again() {
    holds(a25(&signed_in(Ours::start().await).await).await);
    fails(a25(&signed_in(Server::start().await).await).await, "ServerDown");
}
