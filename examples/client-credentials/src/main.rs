//! A program's own token, from any OAuth 2.0 server: the client credentials grant.
#![forbid(unsafe_code)]

// ANCHOR: program
use wellspring::TokenSource;
use wellspring::http;
use wellspring::oauth2::App;
use wellspring_simulator::Simulator;

#[tokio::main]
async fn main() -> Result<(), Box<dyn core::error::Error>> {
    // A simulated server, so that this program runs as it stands. Put the URL of yours here.
    let server = Simulator::builder().start()?;
    let url = server.url();

    let token_url = format!("{url}/api/oauth2/token");
    let app = App::client_credentials(token_url, "client_abc123def456", "secret_xyz789uvw012")
        .api_url(&url)
        .build()?;
    let source = TokenSource::builder(app).build()?;

    // Each call carries the token. The first call obtains it.
    let request = http::Request::get(format!("{url}/api/oauth2/userinfo")).body(())?;
    assert_eq!(source.send(request).await?.status(), 200);

    // The token by itself, for a client of your own.
    assert!(source.authorization().await?.to_str()?.starts_with("Bearer "));
    Ok(())
}
// ANCHOR_END: program

#[test]
fn the_example_holds_what_it_asserts() {
    main().unwrap();
}
