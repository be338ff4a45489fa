//! Callbacks of every make, against a model of what may come of them: a few ten thousand in `cargo test`, millions in
//! `cargo xtask callbacks`.
//!
//! Browsers start sign-ins, come back, come back again, come back with what another browser got, late, and with queries
//! that somebody has written for them. A model that knows nothing but the rules says what each must lead to; and the
//! token endpoint, which is a double here, says which codes were spent, and with whose verifier.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod callback;
mod endpoint;
mod model;
#[path = "../web/numbers.rs"]
mod numbers;
mod visit;

use numbers::Numbers;
use visit::World;

/// How many callbacks are made.
const CASES: &str = "WELLSPRING_CALLBACKS";
/// Each so many in a world of their own, so that none grows old.
const A_WORLD: usize = 500;

#[tokio::test]
async fn what_a_callback_leads_to_is_what_the_rules_say() {
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
    // Neither is everything refused, nor does most of it come in.
    assert!(signed_in > made / 50 && signed_in < made / 4, "{signed_in} of {made}");
    #[expect(clippy::print_stdout, reason = "the long run says what it did")]
    {
        println!("{made} callbacks, {signed_in} of them sign-ins, each as the rules say");
    }
}
