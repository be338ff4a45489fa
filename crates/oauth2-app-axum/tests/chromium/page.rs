//! The page, as a user works with it.

use fantoccini::Locator;
use oauth2_app::AppBuilder;
use serde_json::json;
use wellspring_simulator::{Endpoint, Fault};

use crate::chromium::{Chromium, in_time};
use crate::site::Site;

/// A site whose server asks for consent.
pub(crate) async fn site() -> Site {
    site_of(|_, app| app).await
}

/// With changes to the app, which is told the simulator's URL.
pub(crate) async fn site_of(change: impl FnOnce(&str, AppBuilder) -> AppBuilder) -> Site {
    let ask = |url: &str, app: AppBuilder| {
        let app = app.authorize_parameter("auto_authorize", "");
        change(url, app.revocation_url(format!("{url}/api/oauth2/revoke")))
    };
    Site::of(ask, |login| login.title("A third-party application")).await
}

impl Chromium {
    /// Signs in to this site, in this window.
    pub(crate) async fn signs_in(&self, site: &Site) {
        self.open(&site.at("/")).await;
        self.click("login").await;
        self.click("allow").await;
        self.says("username", "user123").await;
    }
}

#[tokio::test]
async fn in_one_window_from_sign_in_to_sign_out() {
    in_time(async {
        let site = site().await;
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/")).await;
        chromium.picture("light").await;

        chromium.click("login").await;
        chromium.click("deny").await;
        chromium.says("error", "You did not allow the sign-in.").await;
        chromium.picture("error").await;

        chromium.click("login").await;
        chromium.click("allow").await;
        chromium.says("username", "user123").await;
        chromium.says("balance", "750.00").await;
        assert_eq!(chromium.here().await, site.at("/"));
        chromium.picture("signed-in").await;

        site.simulator.fault(Endpoint::Userinfo, Fault::member("balance_formatted", "\"740.00\""));
        chromium.click("refresh").await;
        chromium.says("status", "Balance updated.").await;
        chromium.says("balance", "740.00").await;

        chromium.click("logout").await;
        chromium.wait_for("#login").await;
        assert!(!chromium.is_there("username").await);
        assert_eq!(site.simulator.asked(Endpoint::Revocation), 1);
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn without_a_script() {
    in_time(async {
        let site = site().await;
        let no_script = json!({ "prefs": { "profile.managed_default_content_settings.javascript": 2 } });
        let chromium = Chromium::with(&["--window-size=500,800", "--force-dark-mode"], no_script).await;
        chromium.open(&site.at("/")).await;
        // The page offers nothing that needs a script.
        let popup = chromium.client.find(Locator::Id("login-popup")).await.unwrap();
        assert!(!popup.is_displayed().await.unwrap());
        chromium.click("login").await;
        chromium.click("allow").await;
        chromium.says("username", "user123").await;
        site.simulator.fault(Endpoint::Userinfo, Fault::member("balance_formatted", "\"740.00\""));
        chromium.click("refresh").await;
        chromium.says("balance", "740.00").await;
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
        let site = Site::of(|_, app| app, |login| login.title("A third-party application")).await;
        let phone =
            json!({ "mobileEmulation": { "deviceMetrics": { "width": 320, "height": 560, "pixelRatio": 1.0 } } });
        let chromium = Chromium::with(&["--force-dark-mode"], phone).await;
        chromium.open(&site.at("/auth/oauth/start")).await;
        chromium.says("username", "user123").await;
        let width = "return document.documentElement.scrollWidth";
        assert_eq!(chromium.script(width).await, json!(320));
        chromium.picture("dark-phone").await;
        chromium.end().await;
    })
    .await;
}
