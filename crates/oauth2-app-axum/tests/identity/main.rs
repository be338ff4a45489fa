//! Sign-ins at a server that sends ID tokens: what the site believes, and when it asks for the server's keys.
#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

mod server;
mod site;

use core::time::Duration;

use oauth2_app_axum::{Accepted, Refused, SignInAttempt};

use server::Server;
use site::{Browser, Site};

/// Takes the email out of the claims, and asks for the user info if the user wants that.
async fn judge(attempt: SignInAttempt) -> Result<Accepted, Refused> {
    let Some(claims) = attempt.claims() else { return Ok(Accepted::user_id("no claims")) };
    if claims.text("email") == Some("ask@example.com") {
        let info = attempt.userinfo().await?;
        return Ok(Accepted::user_id(info.id));
    }
    Ok(Accepted::user_id(claims.text("email").unwrap_or_default()))
}

fn site() -> Site {
    Site::of(Server::default(), |app| app, |login| login.on_sign_in(judge))
}

#[tokio::test]
async fn the_claims_reach_the_hook_and_every_handler_without_a_call() {
    let site = site();
    for _ in 0..3 {
        let mut browser = Browser::default();
        assert_eq!(site.sign_in(&mut browser, "").await, "/?login=success");
        assert_eq!(browser.get(&site, "/who").await.body, "248289761001 ann@example.com");
    }
    assert_eq!(site.server.count("/jwks"), 1, "the keys are kept");
    assert_eq!(site.server.count("/userinfo"), 0);
    assert!(site.server.asked().iter().all(|url| !url.contains("eyJ")), "no ID token is in a URL");
}

#[tokio::test]
async fn an_id_token_that_must_not_be_believed_signs_no_user_in() {
    for claims in [
        r#""nonce":"of another sign-in""#,
        r#""iss":"https://evil.example""#,
        r#""aud":"another client""#,
        r#""exp":1"#,
        r#""sub":"""#,
    ] {
        let site = site();
        site.server.claims(claims);
        let mut browser = Browser::default();
        assert_eq!(site.sign_in(&mut browser, "").await, "/?error=invalid_id_token", "{claims}");
        assert_eq!(browser.get(&site, "/who").await.status, 401, "{claims}");
    }
    let site = site();
    site.server.sign_with(9);
    assert_eq!(site.sign_in(&mut Browser::default(), "").await, "/?error=invalid_id_token");
}

#[tokio::test]
async fn an_exchanged_key_is_fetched_once_and_a_made_up_one_at_most_once_a_minute() {
    let site = site();
    assert_eq!(site.sign_in(&mut Browser::default(), "").await, "/?login=success");
    site.server.sign_with(2);
    site.server.publish(&[1, 2]);
    assert_eq!(site.sign_in(&mut Browser::default(), "").await, "/?login=success");
    assert_eq!(site.server.count("/jwks"), 2);
    site.server.sign_with(3);
    for _ in 0..3 {
        assert_eq!(site.sign_in(&mut Browser::default(), "").await, "/?error=invalid_id_token");
    }
    assert_eq!(site.server.count("/jwks"), 2, "the minute has not passed");
    site.server.publish(&[3]);
    site.clock.advance(Duration::from_secs(60));
    assert_eq!(site.sign_in(&mut Browser::default(), "").await, "/?login=success");
    assert_eq!(site.server.count("/jwks"), 3);
    // A key that the server has withdrawn is not believed for longer than an hour.
    site.server.sign_with(4);
    site.server.publish(&[4]);
    site.clock.advance(Duration::from_secs(3_600));
    assert_eq!(site.sign_in(&mut Browser::default(), "").await, "/?login=success");
    site.server.sign_with(3);
    assert_eq!(site.sign_in(&mut Browser::default(), "").await, "/?error=invalid_id_token");
}

#[tokio::test]
async fn keys_that_do_not_arrive_hold_a_person_for_two_seconds_and_serve_the_next_sign_in() {
    let site = site();
    site.server.hold(true);
    let waiting = [site.begin_sign_in(), site.begin_sign_in()];
    site.until(|| site.server.count("/jwks") == 1).await;
    // Each waits for two seconds from the moment at which it needs the keys.
    site.until(|| {
        site.clock.advance(Duration::from_millis(100));
        waiting.iter().all(|sign_in| sign_in.is_finished())
    })
    .await;
    for sign_in in waiting {
        assert_eq!(sign_in.await.unwrap(), "/?error=server_error");
    }
    assert_eq!(site.server.count("/jwks"), 1, "one request serves all");
    site.server.hold(false);
    site.until(|| site.server.count("answered /jwks") == 1).await;
    assert_eq!(site.sign_in(&mut Browser::default(), "").await, "/?login=success");
    assert_eq!(site.server.count("/jwks"), 1);
}

#[tokio::test]
async fn sign_ins_that_wait_for_the_keys_share_one_request() {
    let site = site();
    site.server.hold(true);
    let mut waiting = Vec::new();
    for number in 1..=3 {
        // The double knows one nonce at a time: the next sign-in begins when this one has its tokens.
        waiting.push(site.begin_sign_in());
        site.until(|| site.server.count("/token") == number).await;
    }
    site.server.hold(false);
    for sign_in in waiting {
        assert_eq!(sign_in.await.unwrap(), "/?login=success");
    }
    assert_eq!(site.server.count("/jwks"), 1);
}

#[tokio::test]
async fn a_server_without_its_keys_is_an_error_and_old_keys_serve_while_it_has_none() {
    let site = site();
    site.server.keys_fail(true);
    assert_eq!(site.sign_in(&mut Browser::default(), "").await, "/?error=server_error");
    site.server.keys_fail(false);
    assert_eq!(site.sign_in(&mut Browser::default(), "").await, "/?login=success");
    site.server.keys_fail(true);
    site.clock.advance(Duration::from_secs(3_600));
    assert_eq!(site.sign_in(&mut Browser::default(), "").await, "/?login=success");
    assert_eq!(site.server.count("/jwks"), 3);
}

#[tokio::test]
async fn what_only_an_id_token_proves_is_not_believed_without_one() {
    let site = site();
    let now = site.now();
    site.server.claims(&format!(r#""auth_time":{now},"acr":"urn:mfa""#));
    assert_eq!(
        site.sign_in(&mut Browser::default(), "?max_age=60&acr_values=urn:mfa").await,
        "/?login=success"
    );
    site.server.claims(&format!(r#""auth_time":{},"acr":"urn:mfa""#, now - 200));
    assert_eq!(site.sign_in(&mut Browser::default(), "?max_age=60").await, "/?error=invalid_id_token");
    site.server.claims(r#""acr":"urn:password""#);
    assert_eq!(
        site.sign_in(&mut Browser::default(), "?acr_values=urn:mfa").await,
        "/?error=invalid_id_token"
    );
    site.server.without_id_token();
    assert_eq!(site.sign_in(&mut Browser::default(), "?max_age=60").await, "/?error=invalid_id_token");
    let mut browser = Browser::default();
    assert_eq!(site.sign_in(&mut browser, "").await, "/?login=success");
    assert_eq!(browser.get(&site, "/who").await.body, "no subject no claims");
}

#[tokio::test]
async fn an_app_without_the_servers_keys_has_no_claims() {
    let site = Site::without_keys(Server::default(), |login| login.on_sign_in(judge));
    site.server.sign_with(9);
    let mut browser = Browser::default();
    assert_eq!(site.sign_in(&mut browser, "").await, "/?login=success");
    assert_eq!(browser.get(&site, "/who").await.body, "no subject no claims");
    assert_eq!(site.server.count("/jwks"), 0);
}

#[tokio::test]
async fn user_info_of_another_user_than_the_id_token_is_not_believed() {
    let site = site();
    site.server.claims(r#""email":"ask@example.com""#);
    let mut browser = Browser::default();
    assert_eq!(site.sign_in(&mut browser, "").await, "/?login=success");
    assert_eq!(browser.get(&site, "/who").await.body, "248289761001 248289761001");
    site.server.user_info(r#"{"sub":"another","name":"Bob"}"#);
    assert_eq!(site.sign_in(&mut Browser::default(), "").await, "/?error=server_error");
}

#[tokio::test]
async fn user_info_that_hangs_holds_a_person_for_two_seconds() {
    let site = site();
    site.server.claims(r#""email":"ask@example.com""#);
    assert_eq!(site.sign_in(&mut Browser::default(), "").await, "/?login=success");
    site.server.hold_calls();
    let waiting = site.begin_sign_in();
    site.until(|| site.server.count("/userinfo") == 2).await;
    site.until(|| site.waits() >= 1).await;
    site.clock.advance(Duration::from_secs(2));
    assert_eq!(waiting.await.unwrap(), "/?error=server_error");
}
