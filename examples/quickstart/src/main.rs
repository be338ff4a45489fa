//! The README's first example: one token for all calls, and a new one when the API refuses it.
#![forbid(unsafe_code)]

// ANCHOR: readme
use wellspring::TokenSource;
use wellspring::http;
use wellspring::pix_bacen::Gateway;
use wellspring_simulator::{Endpoint, Simulator};

#[tokio::main]
async fn main() -> Result<(), Box<dyn core::error::Error>> {
    // A simulated PIX gateway, which knows the client of the published example.
    let simulator = Simulator::builder().start()?;
    let gateway = Gateway::base_url(simulator.url())?.credentials("your-client-id", "your-client-secret")?;
    let balances = gateway.balances();
    let source = TokenSource::builder(gateway).build()?;

    // The first call obtains a token, the second call reuses it.
    for _ in 0..2 {
        let answer = source.send(http::Request::get(balances.url()).body(())?).await?;
        assert_eq!(answer.status(), 200);
    }
    assert_eq!(simulator.asked(Endpoint::Token), 1);

    // The server revokes it: the 401 leads to one renewal and one retry, and the caller sees only the 200.
    simulator.revoke_access_tokens();
    let answer = source.send(http::Request::get(balances.url()).body(())?).await?;
    assert_eq!(answer.status(), 200);
    assert_eq!(simulator.asked(Endpoint::Token), 2);
    Ok(())
}
// ANCHOR_END: readme

#[test]
fn the_example_holds_what_it_asserts() {
    main().unwrap();
}
