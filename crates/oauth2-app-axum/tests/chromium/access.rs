//! Accessibility: keyboard, screen reader, and contrast in the light and the dark theme.

use serde_json::{Value, json};
use wellspring_simulator::Endpoint;

use crate::chromium::{Chromium, in_time};
use crate::page::site;

const TAB: char = '\u{e004}';
const ENTER: char = '\u{e007}';

/// The focused element, and whether the focus is visible.
const FOCUS: &str = "const one = document.activeElement, look = getComputedStyle(one); \
     return [one.id, one.matches(':focus-visible') && look.outlineStyle !== 'none' && parseInt(look.outlineWidth) >= 2]";

async fn next(chromium: &Chromium, id: &str) {
    chromium.press(TAB).await;
    assert_eq!(chromium.script(FOCUS).await, json!([id, true]));
}

#[tokio::test]
async fn every_action_works_by_keyboard() {
    in_time(async {
        let site = site().await;
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/")).await;
        next(&chromium, "login").await;
        next(&chromium, "login-popup").await;
        chromium.open(&site.at("/")).await;
        next(&chromium, "login").await;
        chromium.press(ENTER).await;
        chromium.wait_for("#allow").await;
        chromium.press(TAB).await;
        chromium.press(ENTER).await;
        chromium.says("username", "user123").await;
        next(&chromium, "refresh").await;
        chromium.press(ENTER).await;
        chromium.says("status", "Balance updated.").await;
        // The focus stays on the button, so that the user can refresh again.
        assert_eq!(chromium.script(FOCUS).await, json!(["refresh", true]));
        next(&chromium, "topup").await;
        next(&chromium, "logout").await;
        chromium.press(ENTER).await;
        chromium.wait_for("#login").await;
        assert_eq!(site.simulator.asked(Endpoint::Revocation), 1);
        chromium.end().await;
    })
    .await;
}

/// The accessibility tree as `role name`, in the page's order.
async fn heard(chromium: &Chromium) -> Vec<String> {
    let tree = chromium.devtools("Accessibility.getFullAXTree", json!({})).await;
    let nodes = tree["nodes"].as_array().unwrap().iter().filter(|node| node["ignored"] != true);
    let text = |value: &Value| value["value"].as_str().unwrap_or_default().to_owned();
    nodes.map(|node| format!("{} {}", text(&node["role"]), text(&node["name"]))).collect()
}

#[tokio::test]
async fn a_screen_reader_gets_a_role_and_a_name_for_every_element() {
    in_time(async {
        let site = site().await;
        let chromium = Chromium::start().await;
        chromium.open(&site.at("/")).await;
        let facts = "return [document.documentElement.lang, document.title, document.querySelectorAll('h1').length, \
                     document.querySelectorAll('main').length, document.querySelectorAll('[tabindex]').length]";
        let expected = json!(["en", "A third-party application", 1, 1, 0]);
        assert_eq!(chromium.script(facts).await, expected);
        let tree = heard(&chromium).await;
        for what in ["heading A third-party application", "link Sign in", "button Sign in using a new window"] {
            assert!(tree.iter().any(|heard| heard == what), "{what}: {tree:?}");
        }
        chromium.signs_in(&site).await;
        assert_eq!(chromium.script(facts).await, expected);
        let tree = heard(&chromium).await;
        for what in ["button Refresh balance", "link Top up", "button Sign out", "status ", "term Balance"] {
            assert!(tree.iter().any(|heard| heard == what), "{what}: {tree:?}");
        }
        chromium.end().await;
    })
    .await;
}

#[tokio::test]
async fn errors_are_announced_and_not_only_shown() {
    in_time(async {
        let mut site = site().await;
        let chromium = Chromium::start().await;
        // Screen readers announce an alert only if its text changes after the page has loaded.
        let watch = "addEventListener('load', () => { \
                         window.announced = []; \
                         const alert = document.querySelector('[role=alert]'); \
                         const said = () => alert.hidden || alert.textContent && announced.push(alert.textContent); \
                         new MutationObserver(said).observe(alert, { childList: true, attributeFilter: ['hidden'] }); \
                     })";
        chromium.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": watch })).await;
        chromium.open(&site.at("/?error=access_denied")).await;
        chromium.until("window.announced?.at(-1)?.startsWith('You did not allow the sign-in.')").await;
        chromium.says("error", "You did not allow the sign-in.").await;
        let tree = heard(&chromium).await;
        assert!(tree.iter().any(|heard| heard.starts_with("alert")), "{tree:?}");

        chromium.signs_in(&site).await;
        assert_eq!(chromium.script("return announced").await, json!([]));
        site.simulator.unplug();
        chromium.click("refresh").await;
        chromium.until("announced.at(-1)?.startsWith('The server cannot be reached')").await;
        chromium.end().await;
    })
    .await;
}

/// The lowest contrast of any visible text, with the text
/// ([WCAG 2.2 §1.4.3](https://www.w3.org/TR/WCAG22/#contrast-minimum)).
const CONTRAST: &str = "
    const channels = (color) => color.match(/[\\d.]+/g).map(Number);
    const opaque = (element) => {
        const [r, g, b, a = 1] = channels(getComputedStyle(element).backgroundColor);
        return a === 1 ? [r, g, b] : element.parentElement ? opaque(element.parentElement) : [255, 255, 255];
    };
    const luminance = (rgb) => {
        const [r, g, b] = rgb.map((c) => c / 255).map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (texts.nextNode()) {
        const element = texts.currentNode.parentElement;
        if (!texts.currentNode.textContent.trim() || !element.checkVisibility()) continue;
        const [light, dark] = [channels(getComputedStyle(element).color).slice(0, 3), opaque(element)]
            .map(luminance).sort((a, b) => b - a);
        found.push([(light + 0.05) / (dark + 0.05), texts.currentNode.textContent]);
    }
    return [found.length, ...found.sort((a, b) => a[0] - b[0])[0], getComputedStyle(document.body).backgroundColor];";

#[tokio::test]
async fn every_text_has_enough_contrast_in_the_light_and_the_dark_theme() {
    in_time(async {
        let site = site().await;
        let chromium = Chromium::start().await;
        let mut grounds = Vec::new();
        for scheme in ["light", "dark"] {
            let scheme = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
            chromium.devtools("Emulation.setEmulatedMedia", scheme).await;
            chromium.open(&site.at("/?error=access_denied")).await;
            chromium.says("error", "You did not allow").await;
            let signed_out = chromium.script(CONTRAST).await;
            chromium.signs_in(&site).await;
            let signed_in = chromium.script(CONTRAST).await;
            for (page, texts) in [(&signed_out, 5), (&signed_in, 8)] {
                assert!(page[0].as_u64().unwrap() >= texts, "{page}");
                assert!(page[1].as_f64().unwrap() >= 4.5, "{page}");
            }
            grounds.push(signed_in[3].clone());
            chromium.click("logout").await;
            chromium.wait_for("#login").await;
        }
        assert_ne!(grounds[0], grounds[1]);
        chromium.end().await;
    })
    .await;
}
