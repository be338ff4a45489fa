//! Expired tokens, a server that is down, denied consent: the page shows a sentence for each, and works again
//! afterwards.

use core::time::Duration;

use oauth2_app::AppBuilder;
use wellspring_simulator::{Endpoint, Fault};
use wellspring_transport::Clock;

use crate::chromium::{Chromium, in_time};
use crate::page::{site, site_of};
use crate::rigs::relay::Relay;
use crate::site::Site;

const DOWN: &str = "The server cannot be reached";

#[tokio::test]
async fn a_token_that_has_expired_on_the_server_costs_one_refresh_and_no_error() {
    in_time(async {
        let site = site().await;
        let chromium = Chromium::start().await;
        chromium.signs_in(&site).await;
        // The server's clock is two hours ahead, so a token with a lifetime of two hours has expired there.
        site.simulator.clock().advance(Duration::from_secs(7_201));
        chromium.click("refresh").await;
        chromium.says("status", "Balance updated.").await;
        assert_eq!(site.simulator.asked(Endpoint::RefreshGrant), 1);
        let expired = |entry: &wellspring_simulator::Entry| entry.decision == "expired token";
        assert_eq!(
            site.simulator.requests(Endpoint::Userinfo).iter().filter(|entry| expired(entry)).count(),
            1
        );
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn two_tabs_that_ask_at_the_same_moment_share_one_refresh() {
    in_time(async {
        let relay = Relay::new().await;
        let site = site_of(|url, app| {
            relay.to(url);
            app.token_url(format!("{}/api/oauth2/token", relay.url()))
        })
        .await;
        let chromium = Chromium::start().await;
        chromium.signs_in(&site).await;
        let first = chromium.client.window().await.unwrap();
        let second = chromium.tab(&site.at("/")).await;
        site.simulator.clock().advance(Duration::from_secs(7_201));
        relay.shut();
        for tab in [&first, &second] {
            chromium.turn_to(tab).await;
            chromium.click("refresh").await;
        }
        for tab in [&first, &second] {
            chromium.turn_to(tab).await;
            assert_eq!(chromium.script("return document.getElementById('status').textContent").await, "");
        }
        relay.holds(1).await;
        relay.open();
        for tab in [&first, &second] {
            chromium.turn_to(tab).await;
            chromium.says("status", "Balance updated.").await;
        }
        assert_eq!(site.simulator.asked(Endpoint::RefreshGrant), 1);
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn after_the_server_has_ended_a_sign_in_the_user_is_asked_to_sign_in_again() {
    in_time(async {
        let clock = Clock::manual(1_800_000_000);
        let ask = |url: &str, app: AppBuilder| {
            let app = app.authorize_parameter("auto_authorize", "");
            app.revocation_url(format!("{url}/api/oauth2/revoke"))
        };
        let site = Site::of(ask, |login| login.clock(&clock)).await;
        let chromium = Chromium::start().await;
        chromium.signs_in(&site).await;
        // Seconds after a sign-in, another one would not help.
        clock.advance(Duration::from_secs(20));
        site.simulator.revoke_families();
        chromium.click("refresh").await;
        chromium.says("error", "Your sign-in has ended. Please sign in again.").await;
        chromium.wait_for("#login").await;
        assert!(!chromium.is_there("username").await);

        chromium.signs_in(&site).await;
        // The same if the page is loaded instead.
        clock.advance(Duration::from_secs(20));
        site.simulator.revoke_families();
        chromium.client.refresh().await.unwrap();
        chromium.says("error", "Your sign-in has ended. Please sign in again.").await;
        chromium.signs_in(&site).await;
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_down_at_the_start_shows_the_browsers_error_and_back_leads_to_the_page() {
    in_time(async {
        let mut site = site().await;
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/")).await;
        site.simulator.unplug();
        chromium.click("login").await;
        chromium.until("location.protocol === 'chrome-error:'").await;
        site.simulator.plug_in().unwrap();
        chromium.client.back().await.unwrap();
        chromium.click("login").await;
        chromium.click("allow").await;
        chromium.says("username", "user123").await;
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_down_at_the_callback_shows_a_sentence_and_the_next_sign_in_works() {
    in_time(async {
        let site = site().await;
        let chromium = Chromium::start().await;
        for fault in ["reset-before", "status=503", "html-200"] {
            site.simulator.fault_times(Endpoint::CodeGrant, Fault::parse(fault).unwrap(), 3);
            chromium.open(&site.at("/")).await;
            chromium.click("login").await;
            chromium.click("allow").await;
            chromium.says("error", DOWN).await;
            chromium.wait_for("#login").await;
            site.simulator.clear_faults();
        }
        chromium.click("login").await;
        chromium.click("allow").await;
        chromium.says("username", "user123").await;
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_down_at_the_user_info_does_not_sign_the_user_out() {
    in_time(async {
        let mut site = site().await;
        let chromium = Chromium::start().await;
        chromium.signs_in(&site).await;
        site.simulator.unplug();
        chromium.click("refresh").await;
        chromium.says("error", DOWN).await;
        chromium.says("balance", "750.00").await;
        // After a reload the page has no user info, but the actions.
        chromium.client.refresh().await.unwrap();
        chromium.says("error", DOWN).await;
        assert!(chromium.is_there("logout").await && !chromium.is_there("login").await);

        site.simulator.plug_in().unwrap();
        chromium.click("refresh").await;
        chromium.says("balance", "750.00").await;
        chromium.says("username", "user123").await;
        assert!(!chromium.client.source().await.unwrap().contains("role=\"alert\">The"));
        assert_eq!(site.simulator.asked(Endpoint::CodeGrant), 1);
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_down_at_the_top_up_shows_a_sentence() {
    in_time(async {
        let mut site = site().await;
        let chromium = Chromium::start().await;
        chromium.signs_in(&site).await;
        let page = chromium.client.window().await.unwrap();
        site.simulator.unplug();
        chromium.click("topup").await;
        let topup = chromium.window_beside(&page).await;
        chromium.turn_to(&topup).await;
        chromium.says("error", DOWN).await;
        site.simulator.plug_in().unwrap();
        chromium.client.refresh().await.unwrap();
        chromium.says("username", "user123").await;
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_down_at_the_sign_out_does_not_keep_the_user_signed_in() {
    in_time(async {
        let mut site = site().await;
        let chromium = Chromium::start().await;
        chromium.signs_in(&site).await;
        site.simulator.unplug();
        chromium.click("logout").await;
        chromium.says("error", "You are signed out here, but the server has not confirmed").await;
        chromium.wait_for("#login").await;
        assert!(!chromium.is_there("username").await);
        site.simulator.plug_in().unwrap();
        chromium.signs_in(&site).await;
        chromium.end().await;
    })
    .await;
}
