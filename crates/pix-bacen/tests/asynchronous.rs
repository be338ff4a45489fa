//! Typed calls against a gateway on loopback, on tokio.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use pix_bacen::asynchronous::Client;
use pix_bacen::{CallError, Gateway, Txid};
use wellspring_simulator::{Endpoint, Fault, Simulator};

fn txid() -> Txid {
    Txid::new("7978c0c97ea847e78e8849634473c1f1").unwrap()
}

fn client(simulator: &Simulator) -> Client {
    let endpoint = Gateway::base_url(&simulator.url()).unwrap();
    Client::new(endpoint.credentials("your-client-id", "your-client-secret").unwrap()).unwrap()
}

#[tokio::test]
async fn a_charge_is_made_and_the_balances_are_read_with_one_token() {
    let simulator = Simulator::builder().start().unwrap();
    let client = client(&simulator);
    let charge = client.put_cob(&txid(), r#"{"valor":{"original":"1.00"}}"#).await.unwrap();
    assert_eq!(charge.txid.as_deref(), Some(txid().as_str()));
    let balances = client.balances().await.unwrap();
    assert_eq!(balances[0].available.as_deref(), Some("1500.75"));
    assert_eq!(simulator.asked(Endpoint::PixToken), 1);
    assert_eq!(
        client.source().token().await.unwrap().scope().unwrap().to_string(),
        "balance:read pix:read pix:write"
    );
}

#[tokio::test]
async fn a_revoked_token_is_renewed_and_the_call_made_again() {
    let simulator = Simulator::builder().start().unwrap();
    let client = client(&simulator);
    client.balances().await.unwrap();
    simulator.revoke_access_tokens();
    client.put_cob(&txid(), "{}").await.unwrap();
    assert_eq!(simulator.asked(Endpoint::PixToken), 2);
}

#[tokio::test]
async fn the_apis_no_is_typed_and_asks_for_no_new_token() {
    let simulator = Simulator::builder().start().unwrap();
    let client = client(&simulator);
    simulator.fault(Endpoint::PixApi, Fault::parse("nest-403").unwrap());
    let CallError::Api(error) = client.balances().await.unwrap_err() else { panic!("an answer came") };
    assert_eq!(error.status, 403);
    assert_eq!(simulator.asked(Endpoint::PixToken), 1);
}

#[tokio::test]
async fn wrong_credentials_are_told_and_not_tried_again() {
    let simulator = Simulator::builder().start().unwrap();
    let endpoint = Gateway::base_url(&simulator.url()).unwrap();
    let client = Client::new(endpoint.credentials("your-client-id", "wrong-secret").unwrap()).unwrap();
    for _ in 0..3 {
        let CallError::Token(error) = client.balances().await.unwrap_err() else {
            panic!("there is no token")
        };
        assert_eq!(error.kind(), wellspring_core::ErrorKind::Misconfigured);
    }
    assert_eq!(simulator.asked(Endpoint::PixToken), 1);
}
