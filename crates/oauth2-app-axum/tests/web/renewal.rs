//! Renewals that a signed-in user does not notice, and failures that require a new sign-in.

use core::time::Duration;
use std::sync::Arc;

use oauth2_app_axum::MemorySessions;
use wellspring_core::Store;
use wellspring_simulator::Endpoint;
use wellspring_store::contract::Folder;
use wellspring_store_sqlite::SqliteStore;
use wellspring_transport::Clock;

use crate::site::Site;

#[tokio::test]
async fn a_token_that_expired_early_is_renewed_once_for_all_callers_without_an_error() {
    let site = Site::start().await;
    let browser = site.signed_in().await;
    site.simulator.revoke_access_tokens();
    let all: Vec<_> = (0..8)
        .map(|_| {
            let (mut tab, url) = (browser.clone(), site.at("/api/user/info"));
            tokio::spawn(async move { tab.fetch(&url).await.status })
        })
        .collect();
    for one in all {
        assert_eq!(one.await.unwrap(), 200);
    }
    assert_eq!(site.simulator.asked(Endpoint::RefreshGrant), 1);
}

#[tokio::test]
async fn if_the_refresh_token_is_revoked_too_the_user_is_asked_to_sign_in_again() {
    let clock = Clock::manual(Clock::system().now().unix.as_secs());
    let site = Site::of(|_, app| app, |login| login.clock(&clock)).await;
    let mut browser = site.signed_in().await;
    site.simulator.revoke_families();
    // Within seconds after the sign-in a new one would not help either.
    let page = browser.get(&site.at("/")).await;
    assert!(page.body.contains("the server does not accept the sign-in"), "{}", page.body);
    clock.advance(Duration::from_secs(15));
    let info = browser.fetch(&site.at("/api/user/info")).await;
    assert_eq!((info.status, info.body.as_str()), (401, r#"{"error":"Not authenticated"}"#));
    let page = browser.get(&site.at("/")).await;
    assert!(page.body.contains("Your sign-in has ended."), "{}", page.body);
    assert!(page.body.contains("id=\"login\""), "{}", page.body);
    assert_eq!(browser.get(&site.at("/api/user/topup")).await.location(), "/?error=login_required");
    assert_eq!(site.simulator.asked(Endpoint::RefreshGrant), 1);

    let callback = browser.sent_back(&site.at("/auth/oauth/start")).await;
    assert_eq!(browser.get(&callback).await.location(), "/?login=success");
    assert_eq!(browser.fetch(&site.at("/api/user/info")).await.status, 200);
}

#[tokio::test]
async fn a_server_that_is_down_does_not_sign_the_user_out() {
    let mut site = Site::start().await;
    let mut browser = site.signed_in().await;
    let away = browser.get(&site.at("/auth/oauth/start")).await.location().to_owned();
    site.simulator.unplug();
    let info = browser.fetch(&site.at("/api/user/info")).await;
    assert_eq!((info.status, info.body.as_str()), (500, r#"{"error":"Server error"}"#));
    let page = browser.get(&site.at("/")).await;
    assert!(page.body.contains(">The server cannot be reached"), "{}", page.body);
    assert!(page.body.contains("id=\"logout\""), "{}", page.body);
    assert_eq!(browser.get(&site.at("/api/user/topup")).await.location(), "/?error=server_error");
    // A code that cannot be exchanged.
    let state = away.split("state=").nth(1).unwrap().split('&').next().unwrap();
    let back = browser.get(&site.at(&format!("/oauth/callback?code=c&state={state}"))).await;
    assert_eq!(back.location(), "/?error=server_error");

    site.simulator.plug_in().unwrap();
    assert_eq!(browser.fetch(&site.at("/api/user/info")).await.status, 200);
}

#[tokio::test]
async fn a_logout_without_the_server_ends_the_session_and_reports_it() {
    let mut site =
        Site::of(|url, app| app.revocation_url(format!("{url}/api/oauth2/revoke")), |login| login).await;
    let mut browser = site.signed_in().await;
    site.simulator.unplug();
    assert_eq!(browser.post(&site.at("/auth/logout")).await.location(), "/?error=logout_incomplete");
    site.simulator.plug_in().unwrap();
    assert_eq!(browser.fetch(&site.at("/api/user/info")).await.status, 401);
}

fn open(folder: &Folder) -> impl Store + 'static + use<> {
    SqliteStore::open(folder.path().join("tokens.db")).unwrap()
}

#[tokio::test]
async fn many_users_sign_in_at_once_and_each_has_one_refresh_when_all_tokens_expire() {
    const PEOPLE: usize = 200;
    let folder = Folder::new();
    let site = Arc::new(Site::over(open(&folder), |_, app| app, |login| login).await);
    let all: Vec<_> = (0..PEOPLE)
        .map(|_| {
            let site = Arc::clone(&site);
            tokio::spawn(async move { site.signed_in().await })
        })
        .collect();
    let mut browsers = Vec::new();
    for one in all {
        browsers.push(one.await.unwrap());
    }
    site.simulator.revoke_access_tokens();
    let all: Vec<_> = browsers
        .into_iter()
        .map(|mut browser| {
            let url = site.at("/api/user/info");
            tokio::spawn(async move { browser.fetch(&url).await.status })
        })
        .collect();
    for one in all {
        assert_eq!(one.await.unwrap(), 200);
    }
    assert_eq!(site.simulator.asked(Endpoint::CodeGrant), PEOPLE as u64);
    assert_eq!(site.simulator.asked(Endpoint::RefreshGrant), PEOPLE as u64);
    assert_eq!(site.pool.len(), PEOPLE);
}

#[tokio::test]
async fn after_a_restart_the_user_is_still_signed_in() {
    let folder = Folder::new();
    let sessions = MemorySessions::default();
    let site = Site::over(open(&folder), |_, app| app, |login| login.sessions(sessions.clone())).await;
    let mut browser = site.signed_in().await;
    let site = site.restarted(open(&folder), sessions).await;
    site.simulator.revoke_access_tokens();
    assert_eq!(browser.fetch(&site.at("/api/user/info")).await.status, 200);
    assert_eq!(site.simulator.asked(Endpoint::CodeGrant), 1);
    assert_eq!(site.simulator.asked(Endpoint::RefreshGrant), 1);
}
