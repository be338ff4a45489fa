//! A call that carries the program's own token, in blocking code, from any OAuth 2.0 server: the client credentials grant.
#![forbid(unsafe_code)]
#![expect(
    clippy::disallowed_methods,
    clippy::std_instead_of_core,
    reason = "a program reads its environment"
)]

use std::env::var;
use wellspring::{blocking::TokenSource, http::Request, oauth2::App};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = App::client_credentials(var("TOKEN_URL")?, var("CLIENT_ID")?, var("CLIENT_SECRET")?)
        .api_url(var("API_URL")?)
        .build()?;
    let source = TokenSource::builder(app).build()?;
    let response = source.send(Request::get(var("API_URL")?).body(())?)?;
    assert_eq!(response.status(), 200);
    println!("{}", response.into_body().text(1 << 20)?);
    Ok(())
}
