//! The README's first example: one token for all calls, and another one when the API refuses it.
#![forbid(unsafe_code)]

// ANCHOR: readme
use pix_bacen::Gateway;
use wellspring_simulator::{Endpoint, Simulator};
use wellspring_transport_async::TokenSource;

#[tokio::main]
async fn main() -> Result<(), Box<dyn core::error::Error>> {
    // A PIX gateway on this machine, which knows the published page's own example of a client.
    let simulator = Simulator::builder().start()?;
    let gateway = Gateway::base_url(&simulator.url())?.credentials("your-client-id", "your-client-secret")?;
    let balances = gateway.balances();
    let source = TokenSource::builder(gateway).build()?;

    // The first call obtains a token, the second one finds it there.
    for _ in 0..2 {
        let answer = source.send(http::Request::get(balances.url()).body(())?).await?;
        assert_eq!(answer.status(), 200);
    }
    assert_eq!(simulator.asked(Endpoint::Token), 1);

    // The server revokes it: the 401 causes one renewal and one retry, and the caller gets the 200.
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
