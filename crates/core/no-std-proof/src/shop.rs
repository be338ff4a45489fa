//! A provider of the plainest kind: a standard endpoint with client credentials and rotating refresh tokens.

use alloc::string::String;

use wellspring_core::{
    AuthorizationGrant, ClientSecret, HttpRequest, HttpResponse, Method, Provider, ProviderSpec, Reading,
    ResponseHead, TokenError, TokenKey, UnixTime, Verdict,
};
use wellspring_wire::{BasicEncoding, Form, TokenFormat, basic_authorization, judge_bearer};

const ENDPOINT: &str = "https://shop.example/oauth/token";

/// The endpoint's dialect.
#[derive(Debug)]
pub struct Shop {
    secret: ClientSecret,
    format: TokenFormat,
    profile: ProviderSpec,
}

impl Shop {
    pub fn new() -> Self {
        let mut profile = ProviderSpec::new("shop", TokenKey::new("shop", ENDPOINT).client("till"));
        profile.credentials = true;
        Self { secret: ClientSecret::new("open sesame"), format: TokenFormat::new(), profile }
    }
}

impl Provider for Shop {
    fn request(&self, spend: &AuthorizationGrant, _: UnixTime) -> Result<HttpRequest, TokenError> {
        let form = match spend {
            AuthorizationGrant::ClientCredentials => Form::new().pair("grant_type", "client_credentials"),
            AuthorizationGrant::RefreshToken(token) => {
                Form::new().pair("grant_type", "refresh_token").pair("refresh_token", token.expose())
            }
            _ => return Err(TokenError::misconfigured("the shop has no sign-in")),
        };
        let client = basic_authorization("till", &self.secret, BasicEncoding::Form);
        Ok(HttpRequest::new(Method::Post, ENDPOINT)
            .header("Authorization", client)
            .header("Content-Type", Form::CONTENT_TYPE)
            .body(form.encode()))
    }

    fn read(&self, spend: &AuthorizationGrant, response: &HttpResponse, now: UnixTime) -> Reading {
        self.format.reading(spend, response, now)
    }

    fn judge(&self, head: &ResponseHead, _: &[u8]) -> Verdict {
        judge_bearer(head)
    }

    fn spec(&self) -> &ProviderSpec {
        &self.profile
    }
}

/// What the shop's endpoint answers when it grants.
pub fn granted(access_token: &str, refresh_token: &str) -> HttpResponse {
    let body = [
        r#"{"access_token":""#,
        access_token,
        r#"","token_type":"Bearer","expires_in":3600,"refresh_token":""#,
        refresh_token,
        r#""}"#,
    ];
    json(200, body.concat())
}

/// What it answers when it does not.
pub fn refused(code: &str) -> HttpResponse {
    json(400, [r#"{"error":""#, code, r#""}"#].concat())
}

fn json(status: u16, body: String) -> HttpResponse {
    HttpResponse::new(ResponseHead::new(status).header("Content-Type", "application/json"), body)
}
