//! What a person does not wait for: a revocation, or a user info, that hangs.
//!
//! The token source itself would wait for ten minutes, so a page that comes at all has not waited for it.

use core::time::Duration;

use oauth2_app_axum::WebLogin;
use wellspring_core::Policy;
use wellspring_simulator::Simulator;
use wellspring_store::MemoryStore;
use wellspring_transport_async::TokenSource;

use crate::chromium::{Chromium, in_time};
use crate::rigs::relay::Relay;
use crate::rigs::web::{Web, app, pages, port, simulator};

/// A site that reaches this endpoint of the simulator through a relay.
async fn site(endpoint: &str) -> (Web, Simulator, Relay) {
    let (listener, url) = port().await;
    let callback = format!("{url}/oauth/callback");
    let simulator = simulator(&callback);
    let relay = Relay::before(&simulator.url()).await;
    let there = format!("{}/api/oauth2/{endpoint}", relay.url());
    let app = app(&simulator, &callback);
    let app = if endpoint == "revoke" { app.revocation_url(there) } else { app.userinfo_url(there) };
    let app = app.build().unwrap();
    let users = app.clone();
    let long = Duration::from_secs(600);
    let policy = Policy::default().with_deadline(long).with_call_idle_timeout(long);
    let pool = TokenSource::builder(app.clone()).policy(policy).store(MemoryStore::open());
    let pool = pool.pool(move |user| users.for_user(user)).unwrap();
    let router = WebLogin::builder(app, pool).build().unwrap().router(pages());
    (Web::serve(listener, router), simulator, relay)
}

async fn signs_in(chromium: &Chromium, site: &Web) {
    chromium.open(&site.at("/")).await;
    chromium.click("login").await;
    chromium.click("allow").await;
    chromium.says("username", "user123").await;
}

#[tokio::test]
async fn a_revocation_that_hangs_does_not_hold_the_sign_out() {
    in_time(async {
        let (site, simulator, relay) = site("revoke").await;
        let chromium = Chromium::start().await;
        signs_in(&chromium, &site).await;
        relay.shut();
        chromium.click("logout").await;
        chromium.wait_for("#login").await;
        // It goes on behind the user's back.
        relay.holds(1).await;
        relay.open();
        while simulator.asked(wellspring_simulator::Endpoint::Revocation) == 0 {
            tokio::task::yield_now().await;
        }
        chromium.open(&site.at("/")).await;
        chromium.wait_for("#login").await;
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_user_info_that_hangs_does_not_hold_the_page() {
    in_time(async {
        let (site, _simulator, relay) = site("userinfo").await;
        let chromium = Chromium::start().await;
        signs_in(&chromium, &site).await;
        relay.shut();
        chromium.client.refresh().await.unwrap();
        // The user is signed in, and can sign out, whatever the server says.
        chromium.says("error", "The server cannot be reached").await;
        chromium.wait_for("#logout").await;
        relay.open();
        chromium.click("refresh").await;
        chromium.says("username", "user123").await;
        chromium.end().await;
    })
    .await;
}
