//! The page in a real browser: headless Chromium, driven over WebDriver, against the simulator.
//!
//! Needs Debian's packages `chromium`, `chromium-driver`, `nginx` and `redis-server`, and oidc-provider from npm;
//! `cargo xtask browser` installs them if it may. The tests leave screenshots in the target folder (`tmp/login-*.png`).
//!
//! | file | what the user or an attacker does |
//! |---|---|
//! | `page` | signs in and out; on a phone, and without a script |
//! | `popup` | signs in with a popup, which may be blocked, closed, or isolated from the page |
//! | `tabs` | several tabs, back and forward, the callback's URL again and in another browser |
//! | `failures` | expired tokens, a server that is down, denied consent |
//! | `secrets` | searches the browser for tokens, codes and secrets |
//! | `intruders` | injects markup |
//! | `at_once` | opens several tabs at once, loads a callback twice, comes back late |
//! | `neighbours` | has other sites, other host names and other cookies beside this site |
//! | `placement` | finds the site below a path, behind a proxy, or with a callback that is posted |
//! | `certified` | signs in at a certified server with its own pages |
//! | `providers` | signs out at the server too, or chooses one of two providers |
//! | `bounds` | does not wait for a server that hangs |
//! | `machines` | has a browser that loads pages ahead of time |
//! | `instances` | is served by two processes, which are restarted one after the other |
//! | `rigs` | the servers beside the browser |
//! | `access` | uses the keyboard, a screen reader, the light and the dark theme |
//! | `processes` | panics, and leaves nothing running |
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

mod access;
mod at_once;
mod bounds;
#[path = "../web/browser.rs"]
#[expect(dead_code, reason = "what the other tests ask of a browser")]
mod browser;
mod certified;
mod chromium;
mod failures;
mod instances;
mod intruders;
mod machines;
mod neighbours;
mod page;
mod placement;
mod popup;
mod processes;
mod providers;
mod rigs;
mod secrets;
#[path = "../web/site.rs"]
#[expect(dead_code, reason = "what the other tests ask of a site")]
mod site;
mod tabs;
