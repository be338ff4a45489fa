//! Several tabs, back and forward, and repeated or moved callback URLs.

use wellspring_simulator::{Endpoint, Fault};

use crate::browser::Browser;
use crate::chromium::{Chromium, in_time};
use crate::page::site;
use crate::rigs::web::{Web, app, login, pages, port, simulator};

#[tokio::test]
async fn two_tabs_may_sign_in_at_the_same_time() {
    in_time(async {
        let site = site().await;
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/")).await;
        chromium.click("login").await;
        chromium.wait_for("#allow").await;
        let first = chromium.client.window().await.unwrap();
        let second = chromium.tab(&site.at("/")).await;
        chromium.click("login").await;
        chromium.wait_for("#allow").await;
        for tab in [&first, &second] {
            chromium.turn_to(tab).await;
            chromium.click("allow").await;
            chromium.says("username", "user123").await;
        }
        // The second sign-in has replaced the first and revoked nothing; the first tab continues to work.
        assert_eq!(site.simulator.asked(Endpoint::CodeGrant), 2);
        assert_eq!(site.simulator.asked(Endpoint::Revocation), 0);
        for tab in [&first, &second] {
            chromium.turn_to(tab).await;
            chromium.click("refresh").await;
            chromium.says("status", "Balance updated.").await;
        }
        assert_eq!(site.simulator.asked(Endpoint::RefreshGrant), 0);
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn back_and_forward_after_the_sign_in_show_who_is_signed_in() {
    in_time(async {
        let site = site().await;
        let chromium = Chromium::start().await;
        chromium.signs_in(&site).await;
        chromium.client.back().await.unwrap();
        chromium.wait_for("#allow").await;
        // The browser does not show the page from before the sign-in again.
        chromium.client.back().await.unwrap();
        chromium.says("username", "user123").await;
        chromium.client.forward().await.unwrap();
        // Allowing again exchanges nothing, because this sign-in has led to a user already, who stays signed in.
        chromium.click("allow").await;
        chromium.says("username", "user123").await;
        assert_eq!(site.simulator.asked(Endpoint::CodeGrant), 1);
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_reloaded_callback_exchanges_nothing_and_says_that_the_user_is_signed_in() {
    in_time(async {
        let site = site().await;
        let chromium = Chromium::start().await;
        chromium.signs_in(&site).await;
        let callback = chromium.redirected_through("/oauth/callback?").await;
        chromium.open(&callback).await;
        chromium.says("username", "user123").await;
        assert!(chromium.script("return document.getElementById('error').hidden").await == true);
        assert_eq!(site.simulator.asked(Endpoint::CodeGrant), 1);
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn the_callback_in_another_browser_signs_no_user_in_and_the_first_browser_can_still_use_it() {
    in_time(async {
        let site = site().await;
        let (chromium, stranger) = (Chromium::start().await, Chromium::start().await);
        chromium.open(&site.at("/")).await;
        chromium.click("login").await;
        chromium.wait_for("#allow").await;
        let allowed = format!("{}&decision=allow", chromium.here().await);
        let callback = Browser::default().get(&allowed).await.location().to_owned();

        stranger.open(&callback).await;
        stranger.says("error", "started in another browser").await;
        stranger.wait_for("#login").await;
        // Nor with its own pending sign-in.
        stranger.click("login").await;
        stranger.wait_for("#allow").await;
        stranger.open(&callback).await;
        stranger.says("error", "started in another browser").await;
        assert!(!stranger.is_there("username").await);
        assert_eq!(site.simulator.asked(Endpoint::CodeGrant), 0);

        chromium.open(&callback).await;
        chromium.says("username", "user123").await;
        stranger.client.refresh().await.unwrap();
        stranger.wait_for("#login").await;
        chromium.end().await;
        stranger.end().await;
    })
    .await;
}

#[tokio::test]
async fn back_after_the_sign_out_shows_nothing_of_the_user() {
    in_time(async {
        let site = site().await;
        let chromium = Chromium::start().await;
        chromium.signs_in(&site).await;
        chromium.click("logout").await;
        chromium.wait_for("#login").await;
        chromium.client.back().await.unwrap();
        chromium.wait_for("#login").await;
        assert!(!chromium.is_there("username").await);
        assert!(!chromium.client.source().await.unwrap().contains("user123"));
        // A page from the back/forward cache reloads itself.
        chromium.script("window.kept = true").await;
        chromium.script("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))").await;
        chromium.until("document.readyState === 'complete' && window.kept === undefined").await;
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn back_after_the_sign_out_shows_nothing_of_the_user_on_a_page_of_the_application() {
    in_time(async {
        let (listener, url) = port().await;
        let callback = format!("{url}/oauth/callback");
        let simulator = simulator(&callback);
        let site = Web::serve(listener, login(app(&simulator, &callback), |login| login).router(pages()));
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/mine")).await;
        chromium.click("allow").await;
        chromium.says("mine", "user123").await;
        chromium.open(&site.at("/")).await;
        chromium.click("logout").await;
        chromium.wait_for("#login").await;
        while chromium.here().await != site.at("/mine") && !chromium.is_there("allow").await {
            chromium.client.back().await.unwrap();
        }
        chromium.wait_for("#allow").await;
        assert!(!chromium.is_there("mine").await);
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn signed_out_in_one_tab_is_signed_out_in_the_other() {
    in_time(async {
        let site = site().await;
        let chromium = Chromium::start().await;
        chromium.signs_in(&site).await;
        let first = chromium.client.window().await.unwrap();
        chromium.tab(&site.at("/")).await;
        chromium.click("logout").await;
        chromium.wait_for("#login").await;
        chromium.turn_to(&first).await;
        chromium.click("refresh").await;
        chromium.says("error", "Your sign-in has ended.").await;
        chromium.wait_for("#login").await;
        assert!(!chromium.is_there("username").await);
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_tab_never_shows_the_balance_of_one_user_with_the_name_of_another() {
    in_time(async {
        let site = site().await;
        let chromium = Chromium::start().await;
        chromium.signs_in(&site).await;
        let first = chromium.client.window().await.unwrap();
        chromium.tab(&site.at("/")).await;
        let other =
            Fault::member("username", "\"another\"").and(Fault::member("balance_formatted", "\"9.00\""));
        site.simulator.fault_times(Endpoint::Userinfo, other, u32::MAX);
        chromium.click("logout").await;
        chromium.click("login").await;
        chromium.click("allow").await;
        chromium.says("username", "another").await;
        chromium.turn_to(&first).await;
        chromium.click("refresh").await;
        chromium.says("balance", "9.00").await;
        chromium.says("username", "another").await;
        chromium.end().await;
    })
    .await;
}
