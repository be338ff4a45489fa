//! Sign-ins that overlap: cold tabs, a callback that is loaded twice while it runs, an old request that ends late.

use core::time::Duration;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::map_request;
use axum::routing::get;
use oauth2_app_axum::{Builder, SignedIn};
use serde_json::json;
use tokio::sync::{Notify, watch};
use wellspring_simulator::{Endpoint, Fault, Simulator};
use wellspring_transport::Clock;

use crate::browser::Browser;
use crate::chromium::{Chromium, in_time};
use crate::rigs::relay::Relay;
use crate::rigs::web::{Web, app, login, pages, port, simulator};

#[tokio::test]
async fn four_tabs_without_a_cookie_that_open_at_once_all_sign_in() {
    in_time(async {
        let (listener, _) = port().await;
        let front = Relay::new().await;
        let callback = format!("{}/oauth/callback", front.url());
        let simulator = simulator(&callback);
        let site = Web::serve(listener, login(app(&simulator, &callback), |login| login).router(pages()));
        front.to(&site.url);
        let chromium = Chromium::start().await;
        chromium.open(&format!("{}/hello", front.url())).await;
        let page = chromium.client.window().await.unwrap();
        // No tab gets an answer before all four have asked.
        front.shut();
        chromium.script("for (let n = 0; n < 4; n += 1) window.open('/mine', `tab${n}`)").await;
        front.holds(4).await;
        front.open();
        let tabs = chromium.windows_beside(&page, 4).await;
        for tab in &tabs {
            chromium.turn_to(tab).await;
            chromium.wait_for("#allow").await;
        }
        for tab in &tabs {
            chromium.turn_to(tab).await;
            chromium.click("allow").await;
            chromium.says("mine", "user123").await;
        }
        assert_eq!(simulator.asked(Endpoint::CodeGrant), 4);
        assert_eq!(simulator.asked(Endpoint::Revocation), 0);
        for tab in &tabs {
            chromium.turn_to(tab).await;
            chromium.client.refresh().await.unwrap();
            chromium.says("mine", "user123").await;
        }
        chromium.end().await;
    })
    .await;
}

/// A site whose token endpoint is behind a relay, and a browser that has been sent to the server's page.
struct BeforeTheCallback {
    site: Web,
    simulator: Simulator,
    relay: Relay,
    /// Where the server sends the browser.
    callback: String,
    /// The number of callbacks that have reached the site.
    arrived: watch::Receiver<usize>,
}

impl BeforeTheCallback {
    async fn of(chromium: &Chromium) -> Self {
        let (listener, url) = port().await;
        let callback = format!("{url}/oauth/callback");
        let simulator = simulator(&callback);
        let relay = Relay::before(&simulator.url()).await;
        let app = app(&simulator, &callback).token_url(format!("{}/api/oauth2/token", relay.url()));
        let (count, arrived) = watch::channel(0);
        let counts = move |request: Request| {
            if request.uri().path() == "/oauth/callback" {
                count.send_modify(|count| *count += 1);
            }
            core::future::ready(request)
        };
        let router = login(app, |login| login).router(pages()).layer(map_request(counts));
        let site = Web::serve(listener, router);
        chromium.open(&site.at("/mine")).await;
        chromium.wait_for("#allow").await;
        let allowed = format!("{}&decision=allow", chromium.here().await);
        let callback = Browser::default().get(&allowed).await.location().to_owned();
        Self { site, simulator, relay, callback, arrived }
    }
}

#[tokio::test]
async fn a_callback_loaded_again_while_it_runs_gets_the_same_result() {
    in_time(async {
        let chromium = Chromium::that_waits_for_no_page().await;
        let mut at = BeforeTheCallback::of(&chromium).await;
        let gone = chromium.client.window().await.unwrap();
        at.relay.shut();
        chromium.open(&at.callback).await;
        at.relay.holds(1).await;
        let again = chromium.tab(&at.site.at("/hello")).await;
        // The browser gives the first request up with its tab.
        chromium.turn_to(&gone).await;
        chromium.client.close_window().await.unwrap();
        chromium.turn_to(&again).await;
        chromium.open(&at.callback).await;
        at.arrived.wait_for(|count| *count == 2).await.unwrap();
        at.relay.open();
        chromium.says("mine", "user123").await;
        assert_eq!(chromium.here().await, at.site.at("/mine"));
        assert_eq!(at.simulator.asked(Endpoint::CodeGrant), 1);
        assert_eq!(at.simulator.asked(Endpoint::Revocation), 0);
        chromium.client.refresh().await.unwrap();
        chromium.says("mine", "user123").await;
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn two_tabs_with_the_same_callback_get_the_same_result() {
    in_time(async {
        let chromium = Chromium::that_waits_for_no_page().await;
        let mut at = BeforeTheCallback::of(&chromium).await;
        let first = chromium.client.window().await.unwrap();
        at.relay.shut();
        chromium.open(&at.callback).await;
        at.relay.holds(1).await;
        let second = chromium.tab(&at.callback).await;
        at.arrived.wait_for(|count| *count == 2).await.unwrap();
        at.relay.open();
        for tab in [&first, &second] {
            chromium.turn_to(tab).await;
            chromium.says("mine", "user123").await;
        }
        assert_eq!(at.simulator.asked(Endpoint::CodeGrant), 1);
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_callback_loaded_again_after_the_sign_in_leads_to_where_the_first_one_led() {
    in_time(async {
        let chromium = Chromium::start().await;
        let at = BeforeTheCallback::of(&chromium).await;
        for _ in 0..3 {
            chromium.open(&at.callback).await;
            chromium.says("mine", "user123").await;
            assert_eq!(chromium.here().await, at.site.at("/mine"));
        }
        assert_eq!(at.simulator.asked(Endpoint::CodeGrant), 1);
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn the_answer_to_an_old_request_does_not_sign_out() {
    in_time(async {
        let (listener, url) = port().await;
        let callback = format!("{url}/oauth/callback");
        let simulator = simulator(&callback);
        let (asked, answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (tell, wait) = (Arc::clone(&asked), Arc::clone(&answer));
        // What a polling tab asks: the request has a cookie that the site no longer knows, and is answered late.
        let poll = async move |_: Option<SignedIn>| {
            tell.notify_one();
            wait.notified().await;
            "polled"
        };
        let own = pages().route("/poll", get(poll));
        let clock = Clock::manual(1_800_000_000);
        let day = Duration::from_secs(86_400);
        let build = |builder: Builder| builder.clock(&clock).session_lifetime(day);
        let site = Web::serve(listener, login(app(&simulator, &callback), build).router(own));
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/mine")).await;
        chromium.click("allow").await;
        chromium.says("mine", "user123").await;
        // The session has ended on the server, and the browser still has its cookie.
        clock.advance(2 * day);
        chromium.script("fetch('/poll').then(() => { window.polled = true; })").await;
        asked.notified().await;
        let polling = chromium.client.window().await.unwrap();
        chromium.tab(&site.at("/mine")).await;
        chromium.click("allow").await;
        chromium.says("mine", "user123").await;
        answer.notify_one();
        chromium.turn_to(&polling).await;
        chromium.until("window.polled").await;
        chromium.client.refresh().await.unwrap();
        chromium.says("mine", "user123").await;
        assert_eq!(simulator.asked(Endpoint::CodeGrant), 2);
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_late_answer_gets_a_sentence_and_the_next_sign_in_leads_to_the_same_page() {
    in_time(async {
        let (listener, url) = port().await;
        let callback = format!("{url}/oauth/callback");
        let simulator = simulator(&callback);
        let clock = Clock::manual(1_800_000_000);
        let build = |builder: Builder| builder.clock(&clock);
        let site = Web::serve(listener, login(app(&simulator, &callback), build).router(pages()));
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/mine")).await;
        chromium.wait_for("#allow").await;
        clock.advance(Duration::from_secs(660));
        chromium.click("allow").await;
        chromium.says("error", "sign in again").await;
        assert_eq!(simulator.asked(Endpoint::CodeGrant), 0);
        chromium.click("login").await;
        chromium.click("allow").await;
        chromium.says("mine", "user123").await;
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn after_a_refusal_the_next_sign_in_leads_to_the_page_that_was_asked_for() {
    in_time(async {
        let (listener, url) = port().await;
        let callback = format!("{url}/oauth/callback");
        let simulator = simulator(&callback);
        let site = Web::serve(listener, login(app(&simulator, &callback), |login| login).router(pages()));
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/mine")).await;
        for _ in 0..2 {
            chromium.click("deny").await;
            chromium.says("error", "You did not allow the sign-in.").await;
            chromium.click("login").await;
        }
        chromium.click("allow").await;
        chromium.says("mine", "user123").await;
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_browser_with_cookies_of_a_site_that_has_forgotten_them_signs_in_as_any_other() {
    in_time(async {
        let (listener, url) = port().await;
        let callback = format!("{url}/oauth/callback");
        let simulator = simulator(&callback);
        let build = || -> Router { login(app(&simulator, &callback), |login| login).router(pages()) };
        let site = Web::serve(listener, build());
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/mine")).await;
        chromium.click("allow").await;
        chromium.says("mine", "user123").await;
        // A sign-in that stays pending, in the browser only.
        chromium.open(&site.at("/auth/oauth/start")).await;
        chromium.wait_for("#allow").await;
        let site = site.restarted(build()).await;
        // Its answer, with a state that the site does not know: a sentence, and no redirect round.
        chromium.click("allow").await;
        chromium.says("error", "sign in again").await;
        chromium.open(&site.at("/mine")).await;
        chromium.click("allow").await;
        chromium.says("mine", "user123").await;
        let cookies = chromium.devtools("Network.getCookies", json!({})).await;
        assert!(cookies["cookies"].as_array().unwrap().len() <= 4, "{cookies}");
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_sign_in_that_does_not_help_ends_in_a_sentence_and_not_in_a_round_of_redirects() {
    in_time(async {
        let (listener, url) = port().await;
        let callback = format!("{url}/oauth/callback");
        let simulator = simulator(&callback);
        // The server asks no user, grants no refresh token, and its API accepts no token.
        let app = app(&simulator, &callback).authorize_parameter("auto_authorize", "true");
        simulator.fault_times(Endpoint::CodeGrant, Fault::without("refresh_token"), u32::MAX);
        simulator.fault_times(Endpoint::Userinfo, Fault::status(401), u32::MAX);
        let site = Web::serve(listener, login(app, |login| login).router(pages()));
        let chromium = Chromium::start().await;
        for _ in 0..2 {
            chromium.open(&site.at("/strict")).await;
            chromium.until("document.getElementById('error')?.checkVisibility()").await;
            assert_eq!(simulator.asked(Endpoint::CodeGrant), 1);
        }
        // When the server accepts tokens again, the user signs in as ever.
        simulator.clear_faults();
        chromium.click("logout").await;
        chromium.wait_for("#login").await;
        chromium.open(&site.at("/strict")).await;
        chromium.wait_for("#strict").await;
        chromium.end().await;
    })
    .await;
}
