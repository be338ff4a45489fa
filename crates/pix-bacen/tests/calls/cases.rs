// Each case runs over the `Client` and the `wait` of the including module.

use pix_bacen::{CallError, Gateway, Txid};
use wellspring_simulator::{Endpoint, Fault, Simulator};

fn txid() -> Txid {
    Txid::new("7978c0c97ea847e78e8849634473c1f1").unwrap()
}

fn client(simulator: &Simulator, secret: &str) -> Client {
    let endpoint = Gateway::base_url(simulator.url()).unwrap();
    Client::new(endpoint.credentials("your-client-id", secret).unwrap()).unwrap()
}

#[test]
fn a_charge_is_created_and_the_balances_are_read_with_one_token() {
    let simulator = Simulator::builder().start().unwrap();
    let client = client(&simulator, "your-client-secret");
    let charge = wait(client.put_cob(&txid(), r#"{"valor":{"original":"1.00"}}"#)).unwrap();
    assert_eq!(charge.txid.as_deref(), Some(txid().as_str()));
    let balances = wait(client.balances()).unwrap();
    assert_eq!(balances[0].available.as_deref(), Some("1500.75"));
    assert_eq!(simulator.asked(Endpoint::PixToken), 1);
    let token = wait(client.source().token()).unwrap();
    assert_eq!(token.scope().unwrap().to_string(), "balance:read pix:read pix:write");
}

#[test]
fn a_revoked_token_is_renewed_and_the_call_is_repeated() {
    let simulator = Simulator::builder().start().unwrap();
    let client = client(&simulator, "your-client-secret");
    wait(client.balances()).unwrap();
    simulator.revoke_access_tokens();
    wait(client.put_cob(&txid(), "{}")).unwrap();
    assert_eq!(simulator.asked(Endpoint::PixToken), 2);
}

#[test]
fn an_error_of_the_api_is_typed_and_leads_to_no_renewal() {
    let simulator = Simulator::builder().start().unwrap();
    let client = client(&simulator, "your-client-secret");
    simulator.fault(Endpoint::PixApi, Fault::parse("nest-403").unwrap());
    let CallError::Api(error) = wait(client.balances()).unwrap_err() else { panic!("the API answered") };
    assert_eq!(error.status, 403);
    assert_eq!(simulator.asked(Endpoint::PixToken), 1);
}

#[test]
fn wrong_credentials_are_an_error_and_are_not_sent_again() {
    let simulator = Simulator::builder().start().unwrap();
    let client = client(&simulator, "wrong-secret");
    for _ in 0..3 {
        let CallError::Token(error) = wait(client.balances()).unwrap_err() else {
            panic!("there is no token")
        };
        assert_eq!(error.kind(), wellspring_core::ErrorKind::Misconfigured);
    }
    assert_eq!(simulator.asked(Endpoint::PixToken), 1);
}
