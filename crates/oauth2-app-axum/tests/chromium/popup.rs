//! Sign-in with a popup.

use fantoccini::wd::WindowHandle;
use wellspring_simulator::{Endpoint, Fault};

use crate::chromium::{Chromium, in_time};
use crate::page::site;
use crate::site::Site;

/// Opens the popup and switches to it.
async fn opens(chromium: &Chromium, page: &WindowHandle) {
    chromium.until("document.getElementById('login-popup')?.checkVisibility()").await;
    chromium.click("login-popup").await;
    let popup = chromium.window_beside(page).await;
    chromium.turn_to(&popup).await;
}

#[tokio::test]
async fn the_popup_closes_after_the_sign_in_and_the_page_is_updated() {
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
async fn the_page_works_after_the_user_has_closed_the_popup() {
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
async fn an_authorization_server_that_isolates_the_popup_from_the_page_changes_nothing() {
    in_time(async {
        let site = site().await;
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/")).await;
        let page = chromium.client.window().await.unwrap();
        // To the page the popup looks closed.
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

/// Emulates a popup blocker, because the browser never blocks popups for a driver's clicks.
const BLOCKS: &str = "window.open = () => null";

/// The exceptions in the browser's console.
async fn exceptions(chromium: &Chromium) -> Vec<String> {
    let log = chromium.log("browser").await.into_iter();
    log.filter(|line| line.contains("TypeError: Cannot read properties of null")).collect()
}

#[tokio::test]
async fn a21_if_popups_are_blocked_the_same_window_is_used() {
    in_time(async {
        let site = Site::start().await;
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/")).await;
        chromium.script(BLOCKS).await;
        chromium.click("login-popup").await;
        chromium.says("username", "user123").await;
        assert_eq!(chromium.client.windows().await.unwrap().len(), 1);
        assert_eq!(exceptions(&chromium).await, [""; 0]);
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn a21_the_published_page_fails_if_popups_are_blocked() {
    in_time(async {
        let site = Site::start().await;
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/")).await;
        chromium.script(BLOCKS).await;
        // The part of `oneClickLogin` that opens the window.
        let published = "const popup = window.open('/auth/oauth/start', 'oauth_login', 'width=500,height=600'); \
             const checkClosed = setInterval(() => { \
                 if (popup.closed) { clearInterval(checkClosed); setTimeout(() => location.reload(), 1000); } \
             }, 1000)";
        chromium.script(published).await;
        chromium.script("window.failed = 0; addEventListener('error', () => failed += 1)").await;
        chromium.until("window.failed >= 2").await;
        assert!(exceptions(&chromium).await.len() >= 2, "one each second");
        assert!(!chromium.is_there("username").await);
        chromium.end().await;
    })
    .await;
}
