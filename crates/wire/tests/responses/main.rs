//! The decisions of the reader of token responses. Test names begin with the id of their row in `DECISIONS.md`.

mod bodies;
mod certificate_pages;
mod kept;
mod lifetimes;
mod mangled;
mod own_members;
mod redaction;
mod refusals;
mod token_fields;
mod vendors;

use core::time::Duration;

use wellspring_core::{
    AuthorizationCode, AuthorizationGrant, CodeVerifier, DeviceCode, HttpResponse, RefreshToken,
    ResponseHead, TokenError, TokenResponse, UnixTime,
};
use wellspring_wire::TokenFormat;

/// Sun, 06 Nov 1994 08:49:37 GMT
const NOW: UnixTime = UnixTime::from_secs(784_111_777);

fn response(status: u16, body: impl Into<Vec<u8>>) -> HttpResponse {
    HttpResponse::new(ResponseHead::new(status).header("content-type", "application/json"), body)
}

fn response_of_type(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> HttpResponse {
    HttpResponse::new(ResponseHead::new(status).header("content-type", content_type), body)
}

fn refresh() -> AuthorizationGrant {
    AuthorizationGrant::RefreshToken(RefreshToken::new("refresh-canary-1"))
}

fn code() -> AuthorizationGrant {
    AuthorizationGrant::AuthorizationCode {
        code: AuthorizationCode::new("code-canary-2"),
        redirect_uri: "https://app.example/callback".into(),
        verifier: Some(CodeVerifier::new("verifier-canary-3")),
    }
}

fn device_code() -> AuthorizationGrant {
    AuthorizationGrant::DeviceCode(DeviceCode::new("device-canary-4"))
}

/// A token response with these members after `access_token` and `token_type`.
fn token_body(members: &str) -> String {
    let comma = if members.is_empty() { "" } else { "," };
    format!(r#"{{"access_token":"mF_9.B5f-4.1JqM","token_type":"Bearer"{comma}{members}}}"#)
}

fn read_with(format: &TokenFormat, body: &str) -> Result<TokenResponse, TokenError> {
    format.read(&AuthorizationGrant::ClientCredentials, &response(200, body), NOW)
}

fn read(body: &str) -> Result<TokenResponse, TokenError> {
    read_with(&TokenFormat::new(), body)
}

fn error_of(grant: &AuthorizationGrant, response: &HttpResponse) -> TokenError {
    TokenFormat::new().read(grant, response, NOW).expect_err("the response has no token")
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
