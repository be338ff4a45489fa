//! The page in a real browser: headless Chromium, driven over WebDriver, against the simulator.
//!
//! Needs Debian's packages `chromium` and `chromium-driver`; `cargo xtask browser` installs them where it may. What
//! pages look like is left as pictures in the target folder (`tmp/login-*.png`).
//!
//! | file | what a person or a stranger does |
//! |---|---|
//! | `page` | signs in, looks, signs out; on a phone, and without a script |
//! | `popup` | signs in in a window of its own, which may be blocked, closed, or cut off from the page |
//! | `tabs` | several tabs, back and forward, the callback's URL again and in another browser |
//! | `failures` | tokens that have ended, a server that is down, a no |
//! | `secrets` | looks for tokens, codes and secrets everywhere in the browser |
//! | `intruders` | puts markup where text belongs |
//! | `access` | uses the keyboard and a screen reader, in the light and in the dark |
//! | `processes` | panics, and leaves nothing running |
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

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
