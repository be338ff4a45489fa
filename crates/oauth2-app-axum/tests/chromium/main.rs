//! The page in a real browser: headless Chromium, driven over WebDriver, against the simulator.
//!
//! Needs Debian's packages `chromium` and `chromium-driver`, and says so where they are missing. What pages look like is
//! left as pictures in the target folder (`tmp/login-*.png`).
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../web/browser.rs"]
#[expect(dead_code, reason = "what the other tests ask of a browser")]
mod browser;
mod chromium;
mod page;
#[path = "../web/site.rs"]
#[expect(dead_code, reason = "what the other tests ask of a site")]
mod site;
