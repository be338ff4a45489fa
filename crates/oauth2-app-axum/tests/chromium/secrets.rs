//! Searches everything that a browser keeps for tokens, codes and secrets: all those that the simulator received or
//! issued.

use serde_json::{Value, json};
use wellspring_simulator::{Endpoint, Fault, Simulator};

use crate::chromium::{Chromium, in_time};
use crate::page::site;
use crate::site::SECRET;

/// A script that reads everything that a page can read.
const KEPT: &str = "
    const done = arguments[arguments.length - 1];
    (async () => {
        const workers = navigator.serviceWorker ? await navigator.serviceWorker.getRegistrations() : [];
        const info = await fetch('/api/user/info');
        done({
            kept: [
                Object.entries(localStorage), Object.entries(sessionStorage),
                (await indexedDB.databases()).map((database) => database.name),
                await caches.keys(), workers.map((worker) => worker.scope), document.cookie ? [document.cookie] : [],
            ],
            shown: [
                location.href, document.referrer, window.name, JSON.stringify(history.state),
                performance.getEntries().map((entry) => entry.name).join(' '),
                navigation.entries().map((entry) => entry.url).join(' '),
                document.documentElement.outerHTML,
                await info.text(), [...info.headers].join(' '),
            ],
        });
    })();";

/// Everything that the page can read, as one text. The storages must be empty.
async fn found(chromium: &Chromium) -> String {
    let found = chromium.client.execute_async(KEPT, vec![]).await.unwrap();
    assert_eq!(found["kept"], json!([[], [], [], [], [], []]));
    let history = chromium.devtools("Page.getNavigationHistory", json!({})).await;
    let cookies = chromium.devtools("Network.getCookies", json!({})).await;
    assert_eq!(cookies["cookies"].as_array().unwrap().len(), 1, "{cookies}");
    assert_eq!(cookies["cookies"][0]["httpOnly"], true);
    format!("{} {history} {cookies}", found["shown"])
}

/// The values of a parameter in the requests to an endpoint.
fn sent(simulator: &Simulator, endpoint: Endpoint, name: &str) -> Vec<String> {
    let asked = simulator.received(endpoint);
    let all = asked.iter().flat_map(|request| [request.form(), request.parameters()].concat());
    all.filter(|(known, _)| known == name).map(|(_, value)| value).collect()
}

/// All secrets of the two servers.
fn secrets(simulator: &Simulator) -> Vec<String> {
    let asked = simulator.received(Endpoint::Userinfo);
    let bearer = |request: &wellspring_simulator::Request| {
        request.header("authorization")?.strip_prefix("Bearer ").map(str::to_owned)
    };
    let mut all: Vec<String> = asked.iter().filter_map(bearer).collect();
    all.extend(sent(simulator, Endpoint::RefreshGrant, "refresh_token"));
    all.extend(sent(simulator, Endpoint::Revocation, "token"));
    all.push(SECRET.to_owned());
    all.sort_unstable();
    all.dedup();
    all
}

#[tokio::test]
async fn no_token_code_or_secret_is_anywhere_in_the_browser() {
    in_time(async {
        let site = site().await;
        let chromium = Chromium::start().await;
        let mut places = Vec::new();
        chromium.signs_in(&site).await;
        places.push(found(&chromium).await);
        // Another access token, and another refresh token.
        site.simulator.revoke_access_tokens();
        chromium.click("refresh").await;
        chromium.says("status", "Balance updated.").await;
        places.push(found(&chromium).await);
        // The page before.
        chromium.client.back().await.unwrap();
        chromium.client.back().await.unwrap();
        chromium.says("username", "user123").await;
        places.push(found(&chromium).await);
        let network = chromium.log("performance").await;
        chromium.click("logout").await;
        chromium.wait_for("#login").await;

        let secrets = secrets(&site.simulator);
        assert!(secrets.len() >= 5, "two access tokens, two refresh tokens, one client secret");
        let codes = sent(&site.simulator, Endpoint::CodeGrant, "code");
        let states = sent(&site.simulator, Endpoint::Authorize, "state");
        assert!(codes.len() == 1 && !states.is_empty());
        for place in &places {
            for secret in secrets.iter().chain(&codes) {
                assert!(!place.contains(secret.as_str()), "{secret} in {place}");
            }
        }
        // The state and the code were in the URLs of the redirects, and are nowhere afterwards. The other secrets never
        // reached the browser.
        for line in &network {
            for secret in &secrets {
                assert!(!line.contains(secret.as_str()), "{secret} in {line}");
            }
            let event: Value = serde_json::from_str(line).unwrap();
            let headers = &event["message"]["params"]["request"]["headers"];
            for name in ["Referer", "referer"] {
                let referer = headers[name].as_str().unwrap_or_default();
                assert!(!codes.iter().chain(&states).any(|secret| referer.contains(secret)), "{referer}");
            }
        }
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn the_search_finds_a_secret_in_the_page() {
    in_time(async {
        let site = site().await;
        let chromium = Chromium::start().await;
        chromium.signs_in(&site).await;
        let code = sent(&site.simulator, Endpoint::CodeGrant, "code").remove(0);
        assert!(!found(&chromium).await.contains(&code));
        chromium.open(&site.at(&format!("/?code={code}"))).await;
        // The page has removed it from its URL, but the browser's performance entries still contain it.
        assert!(!chromium.here().await.contains(&code));
        assert!(found(&chromium).await.contains(&code));
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn no_other_site_gets_a_referrer() {
    in_time(async {
        let site = site().await;
        let elsewhere = Simulator::start().unwrap();
        // Another site, because a browser compares host names and not addresses.
        let page = format!("\"http://localhost:{}/top-up\"", elsewhere.port());
        site.simulator.fault(Endpoint::TopUp, Fault::member("topup_url", &page));
        let chromium = Chromium::start().await;
        chromium.signs_in(&site).await;
        let page = chromium.client.window().await.unwrap();
        chromium.click("topup").await;
        let topup = chromium.window_beside(&page).await;
        chromium.turn_to(&topup).await;
        chromium.until("location.pathname === '/top-up'").await;
        assert_eq!(chromium.script("return [window.opener, document.referrer]").await, json!([null, ""]));
        // The browser requests the icon of a page with that page as its referrer.
        let mut asked = elsewhere.received(Endpoint::Any);
        asked.retain(|request| request.path != "/favicon.ico");
        assert_eq!(asked.iter().map(|request| request.path.as_str()).collect::<Vec<_>>(), ["/top-up"]);
        asked.extend(site.simulator.received(Endpoint::Authorize));
        // One from this site, one from the authorization server's own page.
        assert_eq!(asked.len(), 3);
        for request in asked {
            assert_eq!(request.header("referer"), None, "{}", request.path);
        }
        chromium.end().await;
    })
    .await;
}
