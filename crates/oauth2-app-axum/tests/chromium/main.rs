//! The page in a real browser: headless Chromium, driven over WebDriver, against the simulator.
//!
//! Needs Debian's packages `chromium` and `chromium-driver`; `cargo xtask browser` installs them if it may. The
//! tests leave screenshots in the target folder (`tmp/login-*.png`).
//!
//! | file | what the user or an attacker does |
//! |---|---|
//! | `page` | signs in and out; on a phone, and without a script |
//! | `popup` | signs in with a popup, which may be blocked, closed, or isolated from the page |
//! | `tabs` | several tabs, back and forward, the callback's URL again and in another browser |
//! | `failures` | expired tokens, a server that is down, denied consent |
//! | `secrets` | searches the browser for tokens, codes and secrets |
//! | `intruders` | injects markup |
//! | `access` | uses the keyboard, a screen reader, the light and the dark theme |
//! | `processes` | panics, and leaves nothing running |
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

mod access;
#[path = "../web/browser.rs"]
#[expect(dead_code, reason = "what the other tests ask of a browser")]
mod browser;
mod chromium;
mod failures;
mod intruders;
mod page;
mod popup;
mod processes;
mod secrets;
#[path = "../web/site.rs"]
#[expect(dead_code, reason = "what the other tests ask of a site")]
mod site;
mod tabs;
