//! The page "Your own types": URLs, secrets and requests as programs have them.

use crate::outcome::Outcome;

// ANCHOR: types
use secrecy::SecretString;
use url::Url;
use wellspring::TokenError;
use wellspring::http::{self, Uri};
use wellspring::oauth2::App;
use wellspring::sans_io::{HttpRequest, HttpResponse, HttpTypeError};

/// The configuration of a program: a parsed URL, and a secret of the crate `secrecy`.
fn app(token_url: &Url, api: &Uri, client_secret: SecretString) -> Result<App, TokenError> {
    App::client_credentials(token_url, "client-id", client_secret).api_url(api).build()
}

/// A request that another library built, for `source.exchange(..)`.
fn exchanged(request: http::Request<Vec<u8>>) -> Result<HttpRequest, HttpTypeError> {
    request.try_into()
}

/// And the response, for that library.
fn response(response: HttpResponse) -> Result<http::Response<Vec<u8>>, HttpTypeError> {
    response.try_into()
}
// ANCHOR_END: types

pub(crate) fn run() -> Outcome {
    use wellspring::sans_io::{Method, Provider as _, ResponseHead};

    let (token_url, api) =
        ("https://login.example.com/token".parse()?, Uri::from_static("https://api.example.com"));
    let app = app(&token_url, &api, "client-secret".into())?;
    assert!(app.spec().origins.iter().any(|origin| origin.covers("https://api.example.com/v1")));

    let built = http::Request::post("https://login.example.com/introspect").body(b"token=t".to_vec())?;
    let request = exchanged(built)?;
    assert_eq!((request.method(), request.expose_body()), (Method::Post, &b"token=t"[..]));

    let head = ResponseHead::new(200).header("Content-Type", "application/json");
    let response = response(HttpResponse::new(head, "{}"))?;
    assert_eq!((response.status().as_u16(), response.body().as_slice()), (200, &b"{}"[..]));
    Ok(())
}
