//! A web application that people sign in to with their browsers: `cargo run -p login-web`, and open what it prints.
//!
//! The authorization server is the simulator, which this program starts beside itself and which asks the user to allow or
//! to deny. `--listen 127.0.0.1:8080` takes this port instead of a free one.
#![forbid(unsafe_code)]

use core::error::Error;

use axum::Router;
use axum::extract::Extension;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use oauth2_app::App;
use oauth2_app_axum::{SignedIn, WebLogin};
use tokio::net::TcpListener;
use wellspring_simulator::{OauthClient, Simulator};
use wellspring_store::MemoryStore;
use wellspring_transport_async::TokenSource;

const ID: &str = "client_of_this_example";
const SECRET: &str = "secret_of_this_example";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let address = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => "127.0.0.1:0",
        ["--listen", address] => address,
        _ => return Err("usage: login-web [--listen 127.0.0.1:PORT]".into()),
    };
    let listener = TcpListener::bind(address).await?;
    let url = format!("http://{}", listener.local_addr()?);
    // The application has to be registered with the address that the browser is sent back to, to the byte.
    let redirect_uri = format!("{url}/oauth/callback");
    let simulator =
        Simulator::builder().client(OauthClient::confidential(ID, SECRET, &redirect_uri)).start()?;
    println!("Open {url}/ in a browser. Ctrl-C ends it.");
    let ended = async { drop(tokio::signal::ctrl_c().await) };
    axum::serve(listener, site(&simulator.url(), &redirect_uri)?).with_graceful_shutdown(ended).await?;
    Ok(())
}

// ANCHOR: site
fn site(server: &str, redirect_uri: &str) -> Result<Router, Box<dyn Error>> {
    let app = App::aihubmix(server)?
        .client_id(ID)
        .client_secret(SECRET)
        .redirect_uri(redirect_uri)
        .scopes(["profile", "balance"])
        // Without this, one click signs in whoever is signed in there: here the user is asked.
        .authorize_parameter("auto_authorize", "")
        .revocation_url(format!("{server}/api/oauth2/revoke"))
        .build()?;
    let users = app.clone();
    let pool = TokenSource::builder(app.clone())
        .store(MemoryStore::open())
        .pool(move |user| users.for_user(user))?;
    let login = WebLogin::builder(app, pool).title("A third-party application").build()?;
    let own = Router::new().route("/quota", get(quota)).layer(Extension(server.to_owned()));
    Ok(login.router(own))
}

/// A page of this application's own: whoever has not signed in is sent to, and comes back here.
async fn quota(signed_in: SignedIn, Extension(server): Extension<String>) -> Response {
    let call = http::Request::get(format!("{server}/api/oauth2/userinfo")).body(()).expect("a URL made here");
    match signed_in.send(call).await {
        Ok(answer) if answer.status().is_success() => match answer.into_body().text(65_536).await {
            Ok(said) => said.into_response(),
            Err(_) => StatusCode::BAD_GATEWAY.into_response(),
        },
        // Renewed where that was possible: what is left is for the user, or for the server.
        Ok(_) | Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}
// ANCHOR_END: site

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn the_page_is_there_and_its_link_leads_to_the_server() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let simulator = Simulator::start().unwrap();
        let router = site(&simulator.url(), &format!("http://{address}/oauth/callback")).unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        for (path, holds) in [
            ("/", "id=\"login\"".to_owned()),
            ("/auth/oauth/start", format!("location: {}/api/oauth2/authorize?", simulator.url())),
            ("/quota", "401 Unauthorized".to_owned()),
        ] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.contains(&holds), "{path}: {answer}");
        }
    }
}
