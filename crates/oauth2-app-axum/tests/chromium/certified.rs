//! At a certified server with its own login, consent and logout pages. There a revoked token ends its whole grant.

use axum::Router;

use crate::chromium::{Chromium, in_time};
use crate::rigs::oidc::Oidc;
use crate::rigs::web::{Web, login, pages, port};

/// A site at the certified server.
async fn site() -> (Web, Oidc) {
    let (listener, url) = port().await;
    let callback = format!("{url}/oauth/callback");
    let oidc = Oidc::start(&callback, &format!("{url}/")).await;
    let router: Router = login(oidc.app(&callback), |login| login).router(pages());
    (Web::serve(listener, router), oidc)
}

#[tokio::test]
async fn a_second_sign_in_in_one_browser_leaves_the_user_signed_in() {
    in_time(async {
        let (site, oidc) = site().await;
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/")).await;
        chromium.click("login").await;
        chromium.logs_in_as("alice").await;
        chromium.says("username", "alice").await;
        // The server still knows the user, so a link to the start signs in again without a page.
        chromium.open(&site.at("/auth/oauth/start")).await;
        for _ in 0..2 {
            chromium.says("username", "alice").await;
            chromium.click("refresh").await;
            chromium.says("status", "Updated.").await;
            chromium.client.refresh().await.unwrap();
        }
        assert_eq!(oidc.said("POST /token"), 2, "{}", oidc.log());
        assert_eq!(oidc.said("POST /token/revocation"), 0, "{}", oidc.log());
        // A sign-out does end what was obtained.
        chromium.click("logout").await;
        chromium.wait_for("#login, input[name=xsrf]").await;
        assert_eq!(oidc.said("POST /token/revocation"), 1, "{}", oidc.log());
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_page_of_the_site_leads_through_the_servers_pages_and_back() {
    in_time(async {
        let (site, _oidc) = site().await;
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/mine")).await;
        chromium.logs_in_as("bob").await;
        chromium.says("mine", "bob of the certified server").await;
        assert_eq!(chromium.here().await, site.at("/mine"));
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_sign_in_can_ask_for_the_login_page_and_name_the_user() {
    in_time(async {
        let (site, _oidc) = site().await;
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/mine")).await;
        chromium.logs_in_as("alice").await;
        chromium.says("mine", "alice").await;
        chromium.open(&site.at("/auth/oauth/start?prompt=login&login_hint=dave&next=/mine")).await;
        chromium.wait_for("input[name=login]").await;
        assert_eq!(chromium.script("return document.querySelector('input[name=login]').value").await, "dave");
        chromium.logs_in_as("dave").await;
        chromium.says("mine", "dave of the certified server").await;
        chromium.end().await;
    })
    .await;
}
