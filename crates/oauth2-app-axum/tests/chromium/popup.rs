//! Sign-in in a window of its own.

use fantoccini::wd::WindowHandle;
use wellspring_simulator::{Endpoint, Fault};

use crate::chromium::{Chromium, in_time};
use crate::page::site;
use crate::site::Site;

/// Clicks for the popup and turns to it.
async fn opens(chromium: &Chromium, page: &WindowHandle) {
    chromium.until("document.getElementById('login-popup')?.checkVisibility()").await;
    chromium.click("login-popup").await;
    let popup = chromium.window_beside(page).await;
    chromium.turn_to(&popup).await;
}

#[tokio::test]
async fn the_popup_closes_when_it_is_done_and_the_page_knows() {
    in_time(async {
        let site = site().await;
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/")).await;
        let page = chromium.client.window().await.unwrap();
        for (decision, element, says) in
            [("deny", "error", "You did not allow the sign-in."), ("allow", "username", "user123")]
        {
            opens(&chromium, &page).await;
            chromium.click(decision).await;
            chromium.turn_to(&page).await;
            chromium.says(element, says).await;
            chromium.is_alone().await;
            assert_eq!(chromium.here().await, site.at("/"));
        }
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_popup_that_the_user_closes_leaves_a_page_that_can_be_used() {
    in_time(async {
        let site = site().await;
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/")).await;
        let page = chromium.client.window().await.unwrap();
        opens(&chromium, &page).await;
        chromium.wait_for("#allow").await;
        chromium.client.close_window().await.unwrap();
        chromium.turn_to(&page).await;
        chromium.until("document.getElementById('login-popup').ariaDisabled !== 'true'").await;
        assert_eq!(site.simulator.asked(Endpoint::CodeGrant), 0);
        opens(&chromium, &page).await;
        chromium.click("allow").await;
        chromium.turn_to(&page).await;
        chromium.says("username", "user123").await;
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn an_authorization_server_that_cuts_the_popup_off_from_the_page_changes_nothing() {
    in_time(async {
        let site = site().await;
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/")).await;
        let page = chromium.client.window().await.unwrap();
        // To the page it looks as if the popup had been closed.
        let cut_off = Fault::header("Cross-Origin-Opener-Policy", "same-origin");
        site.simulator.fault(Endpoint::Authorize, cut_off);
        opens(&chromium, &page).await;
        chromium.wait_for("#allow").await;
        let popup = chromium.client.window().await.unwrap();
        chromium.turn_to(&page).await;
        chromium.until("document.getElementById('login-popup').ariaDisabled !== 'true'").await;
        chromium.turn_to(&popup).await;
        chromium.click("allow").await;
        chromium.turn_to(&page).await;
        chromium.says("username", "user123").await;
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn where_popups_are_blocked_the_same_window_is_used() {
    in_time(async {
        let site = Site::start().await;
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/")).await;
        // A driver's clicks are never blocked: this is what a browser says that blocks.
        chromium.script("window.open = () => null").await;
        chromium.click("login-popup").await;
        chromium.says("username", "user123").await;
        assert_eq!(chromium.client.windows().await.unwrap().len(), 1);
        chromium.end().await;
    })
    .await;
}
