//! What a person does with the page.

use fantoccini::Locator;
use serde_json::json;
use wellspring_simulator::Endpoint;

use crate::chromium::{Chromium, in_time};
use crate::site::Site;

/// A site whose users are asked, and not signed in by one click.
async fn site() -> Site {
    let ask = |url: &str, app: oauth2_app::AppBuilder| {
        app.authorize_parameter("auto_authorize", "").revocation_url(format!("{url}/api/oauth2/revoke"))
    };
    Site::of(ask, |login| login.title("A third-party application")).await
}

#[tokio::test]
async fn in_one_window_from_sign_in_to_sign_out() {
    in_time(async {
        let mut site = site().await;
        let chromium = Chromium::start(&["--window-size=1000,700"], json!({})).await;
        let client = &chromium.client;
        client.goto(&site.at("/")).await.unwrap();
        chromium.picture("light").await;

        chromium.click("login").await;
        chromium.click("deny").await;
        chromium.says("error", "You did not allow the sign-in.").await;
        chromium.picture("error").await;

        chromium.click("login").await;
        chromium.click("allow").await;
        chromium.says("username", "user123").await;
        chromium.says("balance", "750.00").await;
        chromium.picture("signed-in").await;
        // The history and the page's own memory know nothing.
        assert_eq!(client.current_url().await.unwrap().as_str(), site.at("/"));
        let kept =
            "return JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, document.referrer])";
        assert_eq!(client.execute(kept, vec![]).await.unwrap(), json!(r#"[{},{},"",""]"#));

        // A token that ended early: the page works on, after one refresh.
        site.simulator.revoke_access_tokens();
        chromium.click("refresh").await;
        chromium.says("status", "Balance updated.").await;
        assert_eq!(site.simulator.asked(Endpoint::RefreshGrant), 1);

        site.simulator.unplug();
        chromium.click("refresh").await;
        chromium.says("error", "The server cannot be reached").await;
        assert!(chromium.is_there("logout").await);
        site.simulator.plug_in().unwrap();
        chromium.click("refresh").await;
        chromium.says("status", "Balance updated.").await;

        // What was signed out stays signed out, whatever the back button shows.
        chromium.click("logout").await;
        chromium.wait_for("#login").await;
        client.back().await.unwrap();
        client.goto(&site.at("/")).await.unwrap();
        chromium.wait_for("#login").await;
        assert!(!chromium.is_there("username").await);

        chromium.click("login").await;
        chromium.click("allow").await;
        chromium.says("username", "user123").await;
        site.simulator.revoke_families();
        chromium.click("refresh").await;
        chromium.says("error", "Your sign-in has ended.").await;
        chromium.wait_for("#login").await;
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn in_a_window_of_its_own_that_closes_when_it_is_done() {
    in_time(async {
        let site = site().await;
        let chromium = Chromium::start(&["--window-size=1000,700"], json!({})).await;
        let client = &chromium.client;
        client.goto(&site.at("/")).await.unwrap();
        let page = client.window().await.unwrap();
        for (decision, element, says) in
            [("deny", "error", "You did not allow the sign-in."), ("allow", "username", "user123")]
        {
            chromium.click("login-popup").await;
            let popup = loop {
                let windows = client.windows().await.unwrap();
                if let Some(popup) = windows.into_iter().find(|window| *window != page) {
                    break popup;
                }
            };
            client.switch_to_window(popup).await.unwrap();
            chromium.click(decision).await;
            client.switch_to_window(page.clone()).await.unwrap();
            chromium.says(element, says).await;
            assert_eq!(client.windows().await.unwrap().len(), 1, "the popup is closed");
            assert_eq!(client.current_url().await.unwrap().query(), None);
        }
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn without_a_script() {
    in_time(async {
        let site = site().await;
        let no_script = json!({ "prefs": { "profile.managed_default_content_settings.javascript": 2 } });
        let chromium = Chromium::start(&["--window-size=500,800", "--force-dark-mode"], no_script).await;
        let client = &chromium.client;
        client.goto(&site.at("/")).await.unwrap();
        // What needs a script is not offered.
        let popup = client.find(Locator::Id("login-popup")).await.unwrap();
        assert!(!popup.is_displayed().await.unwrap());
        chromium.click("login").await;
        chromium.click("allow").await;
        chromium.says("username", "user123").await;
        chromium.click("refresh").await;
        chromium.says("balance", "750.00").await;
        assert_eq!(site.simulator.asked(Endpoint::Userinfo), 2);
        chromium.click("logout").await;
        chromium.wait_for("#login").await;
        chromium.picture("dark").await;
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn nothing_is_cut_off_on_a_phone() {
    in_time(async {
        let site = Site::start().await;
        let phone =
            json!({ "mobileEmulation": { "deviceMetrics": { "width": 320, "height": 560, "pixelRatio": 1.0 } } });
        let chromium = Chromium::start(&["--force-dark-mode"], phone).await;
        let client = &chromium.client;
        client.goto(&site.at("/auth/oauth/start")).await.unwrap();
        chromium.says("username", "user123").await;
        let width = "return document.documentElement.scrollWidth";
        assert_eq!(client.execute(width, vec![]).await.unwrap(), json!(320));
        chromium.picture("dark-phone").await;
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn where_popups_are_blocked_the_same_window_is_used() {
    in_time(async {
        let site = Site::start().await;
        let chromium = Chromium::start(&[], json!({})).await;
        chromium.client.goto(&site.at("/")).await.unwrap();
        // A driver's clicks are never blocked: this is what a browser says that blocks.
        chromium.client.execute("window.open = () => null", vec![]).await.unwrap();
        chromium.click("login-popup").await;
        chromium.says("username", "user123").await;
        assert_eq!(chromium.client.windows().await.unwrap().len(), 1);
        chromium.end().await;
    })
    .await;
}
