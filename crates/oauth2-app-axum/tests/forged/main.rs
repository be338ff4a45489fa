//! Random callbacks, checked against a model of the rules: a few ten thousand in `cargo test`, millions in
//! `cargo xtask callbacks`.
//!
//! Browsers start sign-ins and load callbacks: valid ones, repeated ones, those of other browsers, late ones, and
//! forged ones; with the cookies of other sign-ins and other browsers, with answers that are lost on the way, and with
//! requests that no user waits for. A model that consists of the rules gives the expected result of each. The token endpoint, which is a
//! test double, records which codes were exchanged with which verifier.
#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

mod callback;
mod endpoint;
mod model;
#[path = "../web/numbers.rs"]
mod numbers;
mod visit;

use numbers::Numbers;
use visit::World;

/// The number of callbacks.
const CASES: &str = "WELLSPRING_CALLBACKS";
/// The number of callbacks in one world, so that no world grows large.
const A_WORLD: usize = 500;

#[tokio::test]
async fn the_result_of_every_callback_follows_the_rules() {
    #[expect(clippy::disallowed_methods, reason = "the long run says here how long it is")]
    let cases = std::env::var(CASES).map_or(20_000, |text| text.parse().expect("a number of callbacks"));
    let (mut made, mut signed_in, mut seed) = (0, 0, 0);
    while made < cases {
        seed += 1;
        let mut world = World::new();
        let mut numbers = Numbers(seed);
        for _ in 0..A_WORLD {
            world.step(&mut numbers, seed).await;
        }
        made += world.callbacks;
        signed_in += world.signed_in;
    }
    // Some callbacks succeed, and most are refused.
    assert!(signed_in > made / 50 && signed_in < made / 4, "{signed_in} of {made}");
    #[expect(clippy::print_stdout, reason = "the long run says what it did")]
    {
        println!("{made} callbacks, {signed_in} of them sign-ins, each as the rules say");
    }
}
