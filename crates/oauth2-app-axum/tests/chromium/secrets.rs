//! Tokens, codes and secrets are looked for wherever a browser keeps anything. All of them are those that the simulator
//! saw or gave.

use serde_json::{Value, json};
use wellspring_simulator::{Endpoint, Fault, Simulator};

use crate::chromium::{Chromium, in_time};
use crate::page::site;
use crate::site::SECRET;

/// What a script can read of what is kept, and what a page can read of itself.
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

/// Everything that is found in the page, as one text. Nothing may be kept at all.
async fn found(chromium: &Chromium) -> String {
    let found = chromium.client.execute_async(KEPT, vec![]).await.unwrap();
    assert_eq!(found["kept"], json!([[], [], [], [], [], []]));
    let history = chromium.devtools("Page.getNavigationHistory", json!({})).await;
    let cookies = chromium.devtools("Network.getCookies", json!({})).await;
    assert_eq!(cookies["cookies"].as_array().unwrap().len(), 1, "{cookies}");
    assert_eq!(cookies["cookies"][0]["httpOnly"], true);
    format!("{} {history} {cookies}", found["shown"])
}

/// The values of these parameters in what an endpoint was asked.
fn sent(simulator: &Simulator, endpoint: Endpoint, name: &str) -> Vec<String> {
    let asked = simulator.received(endpoint);
    let all = asked.iter().flat_map(|request| [request.form(), request.parameters()].concat());
    all.filter(|(known, _)| known == name).map(|(_, value)| value).collect()
}

/// All that nobody but the two servers may know.
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
        // The page that was there before.
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
        // On their way: the state and the code in the URLs that lead there and back, and in nothing that names them
        // afterwards. The rest never was.
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
async fn a_secret_in_the_page_would_be_found() {
    in_time(async {
        let site = site().await;
        let chromium = Chromium::start().await;
        chromium.signs_in(&site).await;
        let code = sent(&site.simulator, Endpoint::CodeGrant, "code").remove(0);
        assert!(!found(&chromium).await.contains(&code));
        chromium.open(&site.at(&format!("/?code={code}"))).await;
        // The page has taken it out of its URL, and what the browser measured still tells.
        assert!(!chromium.here().await.contains(&code));
        assert!(found(&chromium).await.contains(&code));
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn no_other_site_is_told_where_the_browser_comes_from() {
    in_time(async {
        let site = site().await;
        let elsewhere = Simulator::start().unwrap();
        // Another site to a browser, which tells names and not addresses apart.
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
        // The picture of a page, which the browser asks for by itself, is asked for by that page.
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
