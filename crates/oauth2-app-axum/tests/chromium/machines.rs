//! Requests that no person has made: a browser that prefetches or prerenders, a program that looks at links.

use axum::response::Html;
use axum::routing::get;
use serde_json::json;
use wellspring_simulator::Endpoint;

use crate::browser::Browser;
use crate::chromium::{Chromium, in_time};
use crate::rigs::web::{Web, app, login, pages, port, simulator};

/// Asks the browser to load the start of a sign-in ahead of time, in both ways that it knows.
const AHEAD: &str = "<p id=\"ahead\">A page with a link</p>
    <link rel=\"prefetch\" href=\"/auth/oauth/start\">
    <script type=\"speculationrules\">{
        \"prefetch\": [{ \"source\": \"list\", \"urls\": [\"/auth/oauth/start?next=/hello\"], \"eagerness\": \"immediate\" }],
        \"prerender\": [{ \"source\": \"list\", \"urls\": [\"/auth/oauth/start?next=/\"], \"eagerness\": \"immediate\" }]
    }</script>";

#[tokio::test]
async fn a_browser_that_loads_the_start_ahead_of_time_starts_no_sign_in() {
    in_time(async {
        let (listener, url) = port().await;
        let callback = format!("{url}/oauth/callback");
        let simulator = simulator(&callback);
        // A server that asks nothing: whatever is followed, signs in.
        let app = app(&simulator, &callback).authorize_parameter("auto_authorize", "true");
        let own = pages().route("/ahead", get(async || Html(AHEAD)));
        let site = Web::serve(listener, login(app, |login| login).router(own));
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/ahead")).await;
        // The browser has asked ahead of time when its own list of resources says so.
        chromium
            .until("performance.getEntriesByType('resource').some((entry) => entry.name.endsWith('/auth/oauth/start'))")
            .await;
        let cookies = chromium.devtools("Network.getCookies", json!({})).await;
        assert_eq!(cookies["cookies"], json!([]));
        chromium.open(&site.at("/")).await;
        chromium.wait_for("#login").await;
        assert_eq!(simulator.asked(Endpoint::Authorize), 0);
        assert_eq!(simulator.asked(Endpoint::CodeGrant), 0);
        // The person's own click does sign in.
        chromium.click("login").await;
        chromium.says("username", "user123").await;
        assert_eq!(simulator.asked(Endpoint::CodeGrant), 1);
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_callback_that_a_machine_loads_first_still_signs_the_person_in() {
    in_time(async {
        let (listener, url) = port().await;
        let callback = format!("{url}/oauth/callback");
        let simulator = simulator(&callback);
        let site = Web::serve(listener, login(app(&simulator, &callback), |login| login).router(pages()));
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/mine")).await;
        chromium.wait_for("#allow").await;
        let allowed = format!("{}&decision=allow", chromium.here().await);
        let callback = Browser::default().get(&allowed).await.location().to_owned();
        // With the browser's own cookies, as a prefetch has them.
        let mut machine = Browser::default();
        let cookies = chromium.devtools("Network.getCookies", json!({ "urls": [site.at("/")] })).await;
        for cookie in cookies["cookies"].as_array().unwrap() {
            let text = |name: &str| cookie[name].as_str().unwrap().to_owned();
            machine.cookies.insert(text("name"), text("value"));
        }
        for (method, headers) in [
            ("HEAD", ""),
            ("GET", "Sec-Purpose: prefetch\r\n"),
            ("GET", "Sec-Purpose: prefetch;prerender\r\n"),
            ("GET", "Purpose: prefetch\r\n"),
        ] {
            let answer = machine.ask(method, &callback, headers).await;
            assert_eq!(answer.header("set-cookie"), None, "{method} {headers}: {answer:?}");
            assert_eq!(answer.header("location"), None, "{method} {headers}: {answer:?}");
        }
        assert_eq!(simulator.asked(Endpoint::CodeGrant), 0);
        chromium.open(&callback).await;
        chromium.says("mine", "user123").await;
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_script_without_a_user_gets_a_401_and_a_page_a_redirect() {
    in_time(async {
        let (listener, url) = port().await;
        let callback = format!("{url}/oauth/callback");
        let simulator = simulator(&callback);
        let site = Web::serve(listener, login(app(&simulator, &callback), |login| login).router(pages()));
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/hello")).await;
        // As htmx does: a part of a page, which no other site can answer.
        let script = "const done = arguments[arguments.length - 1];
            fetch('/mine', { headers: { accept: 'text/html' } })
                .then((answer) => done([answer.status, answer.redirected]), (error) => done(String(error)));";
        let answer = chromium.client.execute_async(script, vec![]).await.unwrap();
        assert_eq!(answer, json!([401, false]));
        assert_eq!(simulator.asked(Endpoint::Authorize), 0);
        chromium.open(&site.at("/mine")).await;
        chromium.click("allow").await;
        chromium.says("mine", "user123").await;
        chromium.end().await;
    })
    .await;
}
