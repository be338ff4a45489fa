//! The page "Run the simulator": an application of your own, and a sign-in without a browser.

use crate::outcome::Outcome;

// ANCHOR: sign-in
use wellspring::blocking::TokenSource;
use wellspring::oauth2::blocking::Client;
use wellspring::oauth2::{App, Authorization, Callback, Entropy};
use wellspring::sans_io::{HttpRequest, Method};
use wellspring_simulator::{Endpoint, OauthClient, Simulator};

const CALLBACK: &str = "http://127.0.0.1:8080/callback";

pub(crate) fn run() -> Outcome {
    // The application as it is registered at the server. Its user agrees to every sign-in at once.
    let registered = OauthClient::confidential("my-client", "my-secret", CALLBACK);
    let simulator = Simulator::builder().client(registered).auto_approve().start()?;

    let app = App::builder()
        .authorize_url(format!("{}/api/oauth2/authorize", simulator.url()))
        .token_url(format!("{}/api/oauth2/token", simulator.url()))
        .userinfo_url(format!("{}/api/oauth2/userinfo", simulator.url()))
        .client_id("my-client")
        .client_secret("my-secret")
        .redirect_uri(CALLBACK)
        .build()?;
    let source = TokenSource::builder(app.clone()).build()?;
    let client = Client::with_source(app.clone(), source.clone());

    // What a browser does: it opens the URL, and the server sends it back to the application.
    let Authorization { url, login, .. } = app.authorize(&Entropy::from_system()?)?;
    let answer = source.exchange(&HttpRequest::new(Method::Get, url))?;
    let callback = Callback::read(answer.head().first("location").ok_or("the server did not redirect")?);

    client.sign_in(login, &callback)?;
    assert_eq!(client.userinfo()?.id, "12345");
    assert_eq!(simulator.asked(Endpoint::CodeGrant), 1);
    Ok(())
}
// ANCHOR_END: sign-in
