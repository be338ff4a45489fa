//! A service: it keeps its token warm while it runs, and waits for a running renewal before it ends.
#![forbid(unsafe_code)]

use core::time::Duration;

use wellspring::pix_bacen::Gateway;
use wellspring::{Clock, TokenSource};
use wellspring::{Need, Policy};
use wellspring_simulator::{Endpoint, SimClock, Simulator};

const NOW: u64 = 1_700_000_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn core::error::Error>> {
    // This program moves the clocks of the server and the client. A service leaves `.clock` out.
    let (server_clock, clock) = (SimClock::manual(NOW), Clock::manual(NOW));
    let simulator = Simulator::builder().clock(server_clock.clone()).start()?;
    let gateway = Gateway::base_url(simulator.url())?.credentials("your-client-id", "your-client-secret")?;

    // ANCHOR: policy
    let policy =
        Policy::default().with_margin(Duration::from_secs(120)).with_deadline(Duration::from_secs(10));
    let source = TokenSource::builder(gateway).policy(policy).clock(&clock).build()?;
    // ANCHOR_END: policy

    // ANCHOR: warm
    // At the start, fail early: wait at most this long, retries and the pauses between them included.
    let first = source.acquire(Need::Fresh, Duration::from_secs(60)).await?;
    // The source renews the token whenever it is due, until the guard is dropped.
    let warm = source.keep_warm()?;
    // ANCHOR_END: warm

    server_clock.advance(Duration::from_secs(3_500));
    clock.advance(Duration::from_secs(3_500));
    // The source renews the token without any caller.
    let renewed = async {
        while simulator.asked(Endpoint::Token) < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), renewed).await?;
    let second = source.acquire(Need::Newer(first.generation()), Duration::from_secs(60)).await?;
    assert_eq!(simulator.asked(Endpoint::Token), 2);

    // ANCHOR: read
    // On the hot path: no lock, no allocation, no await.
    let token = source.try_token()?;
    assert_eq!(token.generation(), second.generation());
    let header = token.authorization()?;
    assert!(header.is_sensitive());
    // ANCHOR_END: read
    drop(token);

    // ANCHOR: close
    drop(warm);
    // No renewal starts after this. A running one may take this long.
    source.close(Duration::from_secs(5)).await?;
    // ANCHOR_END: close
    assert_eq!(source.token().await?.generation(), second.generation());
    Ok(())
}

#[test]
fn the_example_holds_what_it_asserts() {
    main().unwrap();
}
