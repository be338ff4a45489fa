//! Many users sign in at once, and later all tokens expire at one moment: no user sees an error, and each refresh
//! token is used once.
//!
//! The site is a process of its own, so that the reported memory is only the site's; the authorization server and the
//! browsers are here. `cargo xtask crowd` plays 1,000 sign-ins at once and 10,000 users, `cargo test` a few of each.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a trial that cannot continue has failed; it tells numbers"
)]

#[path = "../web/browser.rs"]
#[expect(dead_code, reason = "what the other tests ask of a browser")]
mod browser;
mod crowd;
mod site;
mod site_process;

use crowd::Crowd;

const USAGE: &str = "usage: crowd [SIGN-INS-AT-ONCE USERS]";

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["site", folder] => site::serve(folder).await,
        [] => Crowd { at_once: 50, users: 200 }.play().await,
        [at_once, users] => {
            let [at_once, users] = [at_once, users].map(|number| number.parse().expect(USAGE));
            Crowd { at_once, users }.play().await;
        }
        _ => panic!("{USAGE}"),
    }
}
