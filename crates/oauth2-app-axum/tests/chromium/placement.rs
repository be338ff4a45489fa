//! Where the router lies: below a path, behind a proxy that strips a prefix or ends TLS, at paths of the application's choice.

use axum::Router;
use oauth2_app_axum::{Builder, Paths};
use serde_json::{Value, json};
use wellspring_simulator::{Endpoint, Simulator};

use crate::chromium::{Chromium, in_time};
use crate::rigs::nginx::{Nginx, Plan};
use crate::rigs::oidc::Oidc;
use crate::rigs::web::{Web, app, login, pages, port, simulator};

/// The whole way of a user, on a site whose page is at this URL. All that the pages load must be there.
async fn in_and_out(chromium: &Chromium, page: &str, mine: &str) {
    chromium.open(page).await;
    chromium.click("login").await;
    chromium.click("allow").await;
    chromium.says("username", "user123").await;
    assert_eq!(chromium.here().await, page);
    let loaded =
        "return performance.getEntriesByType('resource').map((entry) => [entry.name, entry.responseStatus])";
    let loaded = chromium.script(loaded).await;
    let loaded = loaded.as_array().unwrap();
    assert!(loaded.len() >= 2 && loaded.iter().all(|entry| entry[1] == json!(200)), "{loaded:?}");
    // The script asks for the user info, and the page for itself.
    chromium.click("refresh").await;
    chromium.says("status", "Updated.").await;
    chromium.open(mine).await;
    chromium.says("mine", "user123").await;
    chromium.open(page).await;
    chromium.click("logout").await;
    chromium.wait_for("#login").await;
    assert_eq!(chromium.here().await, page);
    // A page of the site that needs a user leads through the sign-in and back.
    chromium.open(mine).await;
    chromium.click("allow").await;
    chromium.says("mine", "user123").await;
    assert_eq!(chromium.here().await, mine);
}

#[tokio::test]
async fn nested_below_a_path_of_the_application() {
    in_time(async {
        let (listener, url) = port().await;
        let callback = format!("{url}/app/oauth/callback");
        let simulator = simulator(&callback);
        let login = login(app(&simulator, &callback), |login| login.mounted_at("/app"));
        let site = Web::serve(listener, Router::new().nest("/app", login.router(pages())));
        let chromium = Chromium::start().await;
        in_and_out(&chromium, &site.at("/app"), &site.at("/app/mine")).await;
        assert_eq!(simulator.asked(Endpoint::Revocation), 1);
        chromium.end().await;
    })
    .await;
}

/// A site behind this proxy, which passes on what is below this prefix.
async fn behind(plan: Plan, prefix: &str, host: &str, change: impl FnOnce(Builder) -> Builder) -> Behind {
    let callback = format!("{}{prefix}oauth/callback", plan.url());
    let simulator = simulator(&callback);
    let (listener, url) = port().await;
    let site = Web::serve(listener, login(app(&simulator, &callback), change).router(pages()));
    let instance = url.strip_prefix("http://").unwrap();
    let location = format!("location {prefix} {{ proxy_pass http://site/; {host} }}");
    let nginx = plan.start(&location, &[instance]).await;
    Behind { nginx, simulator, _site: site }
}

struct Behind {
    nginx: Nginx,
    simulator: Simulator,
    _site: Web,
}

#[tokio::test]
async fn behind_a_proxy_that_strips_a_prefix() {
    in_time(async {
        let site = behind(Plan::http(), "/shop/", "", |login| login.mounted_at("/shop/")).await;
        let chromium = Chromium::start().await;
        in_and_out(&chromium, &site.nginx.at("/shop/"), &site.nginx.at("/shop/mine")).await;
        assert_eq!(site.simulator.asked(Endpoint::CodeGrant), 2);
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn behind_a_proxy_that_calls_the_host_otherwise() {
    in_time(async {
        let host = "proxy_set_header Host site.internal:8080;";
        let site = behind(Plan::http(), "/", host, |login| login).await;
        let chromium = Chromium::start().await;
        in_and_out(&chromium, &site.nginx.at("/"), &site.nginx.at("/mine")).await;
        assert_eq!(site.simulator.asked(Endpoint::CodeGrant), 2);
        chromium.end().await;
    })
    .await;
}

/// The browser's cookies of this site.
async fn cookies(chromium: &Chromium, url: &str) -> Vec<Value> {
    let cookies = chromium.devtools("Network.getCookies", json!({ "urls": [url] })).await;
    let mut cookies = cookies["cookies"].as_array().unwrap().clone();
    // The authorization server is on the same host.
    cookies.retain(|cookie| cookie["secure"] == true);
    cookies
}

#[tokio::test]
async fn behind_a_proxy_that_ends_tls() {
    in_time(async {
        let site = behind(Plan::https(), "/", "", |login| login).await;
        let chromium = Chromium::with(&[site.nginx.trust()], json!({})).await;
        in_and_out(&chromium, &site.nginx.at("/"), &site.nginx.at("/mine")).await;
        let cookies = cookies(&chromium, &site.nginx.at("/")).await;
        let [cookie] = cookies.as_slice() else { panic!("{cookies:?}") };
        assert!(cookie["name"].as_str().unwrap().starts_with("__Host-"), "{cookie}");
        let facts = json!([cookie["secure"], cookie["httpOnly"], cookie["sameSite"], cookie["path"]]);
        assert_eq!(facts, json!([true, true, "Lax", "/"]));
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn with_every_path_at_the_applications_choice() {
    in_time(async {
        let (listener, url) = port().await;
        let callback = format!("{url}/back");
        let simulator = simulator(&callback);
        let paths = Paths::new().page("/account").start("/in").user_info("/me").sign_out("/out");
        let paths = paths.script("/look.js").style("/look.css");
        let login = login(app(&simulator, &callback), |login| login.paths(paths));
        let site = Web::serve(listener, login.router(pages()));
        let chromium = Chromium::start().await;
        in_and_out(&chromium, &site.at("/account"), &site.at("/mine")).await;
        chromium.end().await;
    })
    .await;
}

/// The certified server answers with a page that posts a form to the callback, from another site.
#[tokio::test]
async fn with_a_callback_that_is_posted() {
    in_time(async {
        let plan = Plan::https();
        let callback = format!("{}/oauth/callback", plan.url());
        let oidc = Oidc::start(&callback, &plan.url()).await;
        let (listener, url) = port().await;
        let site = login(oidc.app(&callback), |login| login.form_post()).router(pages());
        let site = Web::serve(listener, site);
        let instance = url.strip_prefix("http://").unwrap();
        let nginx = plan.start("location / { proxy_pass http://site; }", &[instance]).await;
        let chromium = Chromium::with(&[nginx.trust()], json!({})).await;
        chromium.open(&nginx.at("/mine")).await;
        chromium.wait_for("input[name=login]").await;
        let pending = cookies(&chromium, &nginx.at("/")).await;
        let policies: Vec<_> =
            pending.iter().map(|cookie| [&cookie["sameSite"], &cookie["secure"]]).collect();
        assert_eq!(policies, [[&json!("None"), &json!(true)]], "{pending:?}");
        chromium.logs_in_as("carol").await;
        chromium.says("mine", "carol").await;
        assert_eq!(chromium.here().await, nginx.at("/mine"));
        let after = cookies(&chromium, &nginx.at("/")).await;
        let policies: Vec<_> = after.iter().map(|cookie| &cookie["sameSite"]).collect();
        assert_eq!(policies, [&json!("Lax")], "{after:?}");
        drop(site);
        chromium.end().await;
    })
    .await;
}
