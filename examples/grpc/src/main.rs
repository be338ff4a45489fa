//! A client of tonic whose calls carry tokens, and renew them when the server answers UNAUTHENTICATED.
#![forbid(unsafe_code)]

mod orders;
mod server;

use core::error::Error;

use orders::{Order, OrdersClient};
use server::Orders;
use wellspring::TokenSource;
use wellspring::http::Uri;
use wellspring::pix_bacen::Gateway;
use wellspring_simulator::{Endpoint, Simulator};

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome {
    let simulator = Simulator::builder().start()?;
    let gateway = Gateway::base_url(simulator.url())?.credentials("your-client-id", "your-client-secret")?;
    let api = Orders::default();
    let origin = api.serve().await?;

    let source = TokenSource::builder(gateway).allow_origin(origin.to_string())?.build()?;
    place_two_orders(source, origin, &api).await?;

    // The first order, the second one under the revoked token, and the second one again.
    assert_eq!(api.calls(), 3);
    assert_eq!(simulator.asked(Endpoint::Token), 2);
    Ok(())
}

// ANCHOR: grpc
async fn place_two_orders(source: TokenSource, origin: Uri, api: &Orders) -> Outcome {
    use tonic::transport::Channel;
    use tower::ServiceBuilder;
    use wellspring::AttachLayer;

    let channel = ServiceBuilder::new()
        .layer(AttachLayer::new(source).map_body(tonic::body::Body::new))
        .service(Channel::builder(origin.clone()).connect_lazy());
    // The layer checks where a token goes, so the client names the origin.
    let mut client = OrdersClient::with_origin(channel, origin);

    let receipt = client.place(Order { item: "tea".to_owned(), quantity: 1 }).await?;
    assert_eq!(receipt.get_ref().number, 1);

    api.revoke_all();
    let receipt = client.place(Order { item: "tea".to_owned(), quantity: 2 }).await?;
    assert_eq!(receipt.get_ref().number, 2);
    Ok(())
}
// ANCHOR_END: grpc

#[test]
fn the_example_holds_what_it_asserts() {
    main().unwrap();
}
