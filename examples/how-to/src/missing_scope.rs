//! The page "Handle a 401": a call that lacks a scope.

use wellspring::oauth2::App;
use wellspring_simulator::{Endpoint, Fault, Simulator};

use crate::outcome::Outcome;

// ANCHOR: missing
use wellspring::blocking::TokenSource;
use wellspring::http::Request;

/// The scope that this call lacks. It is empty if the API does not name it.
fn missing(source: &TokenSource, url: &str) -> Result<Option<String>, Box<dyn core::error::Error>> {
    let answer = source.send(Request::get(url).body(())?)?;
    Ok(source.missing_scope(&answer).map(|scope| scope.to_string()))
}
// ANCHOR_END: missing

pub(crate) fn run() -> Outcome {
    let simulator = Simulator::start()?;
    let url = |name: &str| format!("{}/api/oauth2/{name}", simulator.url());
    let app = App::client_credentials(url("token"), "client_abc123def456", "secret_xyz789uvw012")
        .api_url(simulator.url())
        .build()?;
    let source = TokenSource::builder(app).build()?;
    assert_eq!(missing(&source, &url("userinfo"))?, None);
    simulator.fault(Endpoint::Userinfo, Fault::parse("challenge-insufficient-scope")?);
    assert_eq!(missing(&source, &url("userinfo"))?.as_deref(), Some("admin"));
    Ok(())
}
