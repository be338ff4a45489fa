//! Expired tokens, a server that is down, denied consent: the page shows a sentence for each, and works again
//! afterwards.

use core::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use wellspring_simulator::{Endpoint, Fault};

use crate::chromium::{Chromium, in_time};
use crate::page::{site, site_of};

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

/// A relay between a site and its token endpoint. While it is shut, it holds every byte back.
struct Gate {
    listener: TcpListener,
    open: watch::Sender<bool>,
}

impl Gate {
    async fn new() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap(), open: watch::Sender::new(true) }
    }

    /// The URL of the token endpoint of this server, through the gate.
    fn before(self, server: &str) -> String {
        let token_url = format!("http://{}/api/oauth2/token", self.listener.local_addr().unwrap());
        let server = server.strip_prefix("http://").unwrap().to_owned();
        tokio::spawn(async move {
            loop {
                let (site, _) = self.listener.accept().await.unwrap();
                let server = TcpStream::connect(&server).await.unwrap();
                let ((from_site, to_site), (from_server, to_server)) =
                    (site.into_split(), server.into_split());
                tokio::spawn(pass(from_site, to_server, self.open.subscribe()));
                tokio::spawn(pass(from_server, to_site, self.open.subscribe()));
            }
        });
        token_url
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut open: watch::Receiver<bool>) {
    let mut bytes = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut bytes).await
        && open.wait_for(|open| *open).await.is_ok()
        && to.write_all(&bytes[..read]).await.is_ok()
    {}
}

#[tokio::test]
async fn two_tabs_that_ask_at_the_same_moment_share_one_refresh() {
    in_time(async {
        let gate = Gate::new().await;
        let open = gate.open.clone();
        let site = site_of(|url, app| app.token_url(gate.before(url))).await;
        let chromium = Chromium::start().await;
        chromium.signs_in(&site).await;
        let first = chromium.client.window().await.unwrap();
        let second = chromium.tab(&site.at("/")).await;
        site.simulator.clock().advance(Duration::from_secs(7_201));
        open.send_replace(false);
        for tab in [&first, &second] {
            chromium.turn_to(tab).await;
            chromium.click("refresh").await;
        }
        for tab in [&first, &second] {
            chromium.turn_to(tab).await;
            assert_eq!(chromium.script("return document.getElementById('status').textContent").await, "");
        }
        open.send_replace(true);
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
        let site = site().await;
        let chromium = Chromium::start().await;
        chromium.signs_in(&site).await;
        site.simulator.revoke_families();
        chromium.click("refresh").await;
        chromium.says("error", "Your sign-in has ended. Please sign in again.").await;
        chromium.wait_for("#login").await;
        assert!(!chromium.is_there("username").await);

        chromium.signs_in(&site).await;
        // The same if the page is loaded instead.
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
        chromium.says("error", "You are signed out here, but the server could not be told.").await;
        chromium.wait_for("#login").await;
        assert!(!chromium.is_there("username").await);
        site.simulator.plug_in().unwrap();
        chromium.signs_in(&site).await;
        chromium.end().await;
    })
    .await;
}
