//! The same with oauth2 and reqwest by hand: the token is kept until it expires, and renewed once after a 401.
#![expect(clippy::disallowed_methods, reason = "a program reads its environment and its clock")]

use std::env::var;
use std::error::Error;
use std::time::{Duration, Instant};

use oauth2::basic::BasicClient;
use oauth2::reqwest::{Client, Response, StatusCode, redirect::Policy};
use oauth2::{ClientId, ClientSecret, EndpointNotSet, EndpointSet, TokenResponse, TokenUrl};
use tokio::sync::Mutex;

type OAuth = BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

struct Source {
    oauth: OAuth,
    http: Client,
    token: Mutex<Option<(String, Instant)>>,
}

impl Source {
    async fn token(&self) -> Result<String, Box<dyn Error>> {
        let mut kept = self.token.lock().await;
        if let Some((token, expires)) = &*kept
            && Instant::now() + Duration::from_secs(60) < *expires
        {
            return Ok(token.clone());
        }
        let answer = self.oauth.exchange_client_credentials().request_async(&self.http).await?;
        let token = answer.access_token().secret().clone();
        *kept = Some((token.clone(), Instant::now() + answer.expires_in().unwrap_or_default()));
        Ok(token)
    }

    async fn get(&self, url: &str) -> Result<Response, Box<dyn Error>> {
        let response = self.http.get(url).bearer_auth(self.token().await?).send().await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        *self.token.lock().await = None;
        Ok(self.http.get(url).bearer_auth(self.token().await?).send().await?)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let oauth = BasicClient::new(ClientId::new(var("CLIENT_ID")?))
        .set_client_secret(ClientSecret::new(var("CLIENT_SECRET")?))
        .set_token_uri(TokenUrl::new(var("TOKEN_URL")?)?);
    let http = Client::builder().redirect(Policy::none()).build()?;
    let source = Source { oauth, http, token: Mutex::new(None) };
    println!("{}", source.get(&var("API_URL")?).await?.text().await?);
    Ok(())
}
