//! Injected markup, from the server and from forged links.

use serde_json::json;
use wellspring_simulator::{Endpoint, Fault};

use crate::chromium::{Chromium, in_time};
use crate::page::site;

/// Markup that runs if the page does not escape it.
const MARKUP: &str = "<img src=x onerror=window.ran=1><script>window.ran=1</script>";

#[tokio::test]
async fn a_user_name_with_markup_is_shown_as_text() {
    in_time(async {
        let site = site().await;
        let chromium = Chromium::start().await;
        let quoted = json!(format!("\"'><b>{MARKUP}")).to_string();
        let named = Fault::member("username", &quoted).and(Fault::member("balance_formatted", &quoted));
        site.simulator.fault_times(Endpoint::Userinfo, named, u32::MAX);
        chromium.open(&site.at("/auth/oauth/start")).await;
        chromium.click("allow").await;
        for _ in 0..2 {
            for id in ["username", "balance"] {
                chromium.says(id, "<script>window.ran=1</script>").await;
            }
            assert_eq!(
                chromium.script("return [window.ran ?? null, document.images.length]").await,
                json!([null, 0])
            );
            chromium.click("refresh").await;
            chromium.says("status", "Balance updated.").await;
        }
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn a_forged_link_shows_a_sentence_of_the_page_and_runs_nothing() {
    in_time(async {
        let site = site().await;
        let chromium = Chromium::start().await;
        let encoded: String = MARKUP.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for link in [
            format!("/?error={encoded}"),
            format!("/?error=%22%3E{encoded}"),
            format!("/oauth/callback?error={encoded}&error_description={encoded}"),
            format!("/?login={encoded}&popup={encoded}#{MARKUP}"),
            "/?error=javascript:window.ran=1".to_owned(),
        ] {
            chromium.open(&site.at(&link)).await;
            chromium.wait_for("#login").await;
            assert_eq!(
                chromium.script("return [window.ran ?? null, document.images.length]").await,
                json!([null, 0])
            );
            assert!(!chromium.client.source().await.unwrap().contains("window.ran"), "{link}");
        }
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn injected_markup_would_run_nothing_and_the_browser_would_report_it() {
    in_time(async {
        let site = site().await;
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/")).await;
        let put = format!(
            "window.refused = []; \
             addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective)); \
             document.querySelector('main').innerHTML = `{MARKUP}<style>main {{ color: red }}</style>`; \
             const script = document.createElement('script'); script.textContent = 'window.ran = 1'; \
             document.body.append(script);"
        );
        chromium.script(&put).await;
        for directive in ["script-src-attr", "script-src-elem", "style-src-elem"] {
            chromium.until(&format!("refused.includes('{directive}')")).await;
        }
        assert_eq!(chromium.script("return window.ran ?? null").await, json!(null));
        // Every other test checks for these reports at its end.
        let log = chromium.log("browser").await;
        assert!(log.iter().any(|line| line.contains("Content Security Policy")), "{log:?}");
        chromium.end().await;
    })
    .await;
}
