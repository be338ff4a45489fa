//! What else is on the host, and in the application: other sites, other names of the host, other cookies and sessions.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use oauth2_app_axum::SignedIn;
use serde_json::{Value, json};
use tower_sessions::cookie::time::Duration;
use tower_sessions::{Expiry, MemoryStore, Session, SessionManagerLayer};
use wellspring_simulator::{Endpoint, Simulator};

use crate::chromium::{Chromium, in_time};
use crate::rigs::web::{Web, app, login, pages, port, simulator};

async fn site() -> (Web, Simulator) {
    site_with(pages()).await
}

async fn site_with(own: Router) -> (Web, Simulator) {
    let (listener, url) = port().await;
    let callback = format!("{url}/oauth/callback");
    let simulator = simulator(&callback);
    let router = login(app(&simulator, &callback), |login| login).router(own);
    (Web::serve(listener, router), simulator)
}

impl Chromium {
    async fn opens_mine(&self, site: &Web) {
        self.open(&site.at("/mine")).await;
        self.click("allow").await;
        self.says("mine", "user123").await;
    }

    /// The names and values of the cookies that this page is sent with.
    async fn cookies(&self) -> Vec<(String, String)> {
        let answer = self.devtools("Network.getCookies", json!({})).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let cookies = answer["cookies"].as_array().unwrap().iter();
        cookies.map(|cookie| (text(&cookie["name"]), text(&cookie["value"]))).collect()
    }
}

#[tokio::test]
async fn two_sites_on_one_host_do_not_sign_each_other_out() {
    in_time(async {
        // A browser sends the cookies of a host to all its ports.
        let ((one, _at_one), (other, _at_other)) = (site().await, site().await);
        let chromium = Chromium::start().await;
        chromium.opens_mine(&one).await;
        chromium.opens_mine(&other).await;
        for site in [&one, &other, &one] {
            chromium.open(&site.at("/mine")).await;
            chromium.says("mine", "user123").await;
            assert_eq!(chromium.here().await, site.at("/mine"));
        }
        // A sign-out ends only the sign-in of its own site.
        chromium.open(&other.at("/")).await;
        chromium.click("logout").await;
        chromium.wait_for("#login").await;
        chromium.open(&one.at("/mine")).await;
        chromium.says("mine", "user123").await;
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn cookies_that_are_not_of_the_sign_in_are_left_alone() {
    in_time(async {
        let (site, _simulator) = site().await;
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/hello")).await;
        let names = ["session", "id", "__Host-session", "signed-in", "signed-in-0011", "auth"];
        let set: String =
            names.iter().map(|name| format!("document.cookie = '{name}=of-a-neighbour';")).collect();
        chromium.script(&set).await;
        let neighbours = async || {
            let mut cookies = chromium.cookies().await;
            cookies.retain(|(_, value)| value == "of-a-neighbour");
            cookies.len()
        };
        // The browser itself refuses `__Host-` without HTTPS.
        let before = neighbours().await;
        assert_eq!(before, names.len() - 1);
        chromium.open(&site.at("/")).await;
        chromium.wait_for("#login").await;
        assert_eq!(neighbours().await, before);
        chromium.opens_mine(&site).await;
        assert_eq!(neighbours().await, before);
        chromium.open(&site.at("/")).await;
        chromium.click("logout").await;
        chromium.wait_for("#login").await;
        assert_eq!(neighbours().await, before);
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_site_opened_by_another_name_of_its_host_signs_in_at_the_redirect_uris_host() {
    in_time(async {
        let (site, simulator) = site().await;
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/").replace("127.0.0.1", "localhost")).await;
        chromium.click("login").await;
        chromium.click("allow").await;
        chromium.says("username", "user123").await;
        assert_eq!(chromium.here().await, site.at("/"));
        assert_eq!(simulator.asked(Endpoint::CodeGrant), 1);
        // The same for a page of the site.
        chromium.open(&site.at("/mine").replace("127.0.0.1", "localhost")).await;
        chromium.click("allow").await;
        chromium.says("mine", "user123").await;
        assert_eq!(chromium.here().await, site.at("/mine"));
        chromium.end().await;
    })
    .await;
}

/// A page that counts its visits in a session of the application's own.
async fn count(session: Session, user: Option<SignedIn>) -> Html<String> {
    let visits = session.get::<u32>("visits").await.unwrap().unwrap_or_default() + 1;
    session.insert("visits", visits).await.unwrap();
    Html(format!("<p id=\"visits\">{visits} {}</p>", if user.is_some() { "in" } else { "out" }))
}

fn own_sessions() -> SessionManagerLayer<MemoryStore> {
    let day = Duration::days(1);
    SessionManagerLayer::new(MemoryStore::default())
        .with_secure(false)
        .with_name("id")
        .with_expiry(Expiry::OnInactivity(day))
}

#[tokio::test]
async fn an_application_with_sessions_of_its_own_keeps_them_and_signs_in() {
    // The application's layer may lie inside the router of the sign-in, or around it.
    for around in [false, true] {
        in_time(async {
            let own = pages().route("/count", get(count));
            let (listener, url) = port().await;
            let callback = format!("{url}/oauth/callback");
            let simulator = simulator(&callback);
            let login = login(app(&simulator, &callback), |login| login);
            let router = if around {
                login.router(own).layer(own_sessions())
            } else {
                login.router(own.layer(own_sessions()))
            };
            let site = Web::serve(listener, router);
            let chromium = Chromium::start().await;
            chromium.open(&site.at("/count")).await;
            chromium.says("visits", "1 out").await;
            chromium.opens_mine(&site).await;
            for visit in [2, 3] {
                chromium.open(&site.at("/count")).await;
                chromium.says("visits", &format!("{visit} in")).await;
            }
            chromium.open(&site.at("/")).await;
            chromium.says("username", "user123").await;
            chromium.click("logout").await;
            chromium.wait_for("#login").await;
            chromium.open(&site.at("/count")).await;
            chromium.says("visits", "4 out").await;
            assert_eq!(simulator.asked(Endpoint::CodeGrant), 1);
            chromium.end().await;
        })
        .await;
    }
}
