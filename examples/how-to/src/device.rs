//! The page "Sign a user in": a program without a browser.

use core::time::Duration;

use wellspring::oauth2::App;
use wellspring_simulator::{Endpoint, Simulator};

use crate::outcome::Outcome;

// ANCHOR: device
use wellspring::Token;
use wellspring::oauth2::SignInError;
use wellspring::oauth2::asynchronous::Client;

/// Shows the user where to sign in, and waits for it.
async fn sign_in(client: &Client) -> Result<Token, SignInError> {
    let mut login = client.authorize_device().await?;
    println!("Open {} and enter {}", login.verification_uri(), login.user_code());
    loop {
        tokio::time::sleep(login.pause()).await;
        if let Some(token) = client.poll(&mut login).await? {
            return Ok(token);
        }
    }
}
// ANCHOR_END: device

pub(crate) async fn run() -> Outcome {
    // The user agrees at once, and the client waits for the shortest time that it waits at all.
    let no_time = Duration::ZERO;
    let simulator = Simulator::builder()
        .auto_approve()
        .configure(|config| config.app.device_interval = no_time)
        .start()?;
    let url = |name: &str| format!("{}/api/oauth2/{name}", simulator.url());
    let app = App::builder()
        .device_authorization_url(url("device_authorization"))
        .token_url(url("token"))
        .client_id("client_public")
        .build()?;
    let client = Client::new(app)?;
    sign_in(&client).await?;
    assert_eq!(simulator.asked(Endpoint::DeviceGrant), 1);
    Ok(())
}
