//! A provider whose renewals have scripted results, for users' own tests.
//!
//! Each renewal takes the next line of the script, whatever the response holds. After the last line every renewal
//! fails.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use wellspring_core::{
    AuthorizationGrant, HttpRequest, HttpResponse, Method, Provider, ProviderSpec, Reading, ResponseHead,
    TokenError, TokenKey, TokenResponse, UnixTime, Verdict,
};

/// A provider whose renewals have scripted results.
#[derive(Debug)]
pub struct Scripted {
    spec: ProviderSpec,
    lines: Mutex<VecDeque<Result<TokenResponse, TokenError>>>,
}

impl Scripted {
    /// A provider with this script.
    #[must_use]
    pub fn new(lines: impl IntoIterator<Item = Result<TokenResponse, TokenError>>) -> Arc<Self> {
        let mut spec = ProviderSpec::new("scripted", TokenKey::new("scripted", ENDPOINT));
        spec.credentials = true;
        Arc::new(Self { spec, lines: Mutex::new(lines.into_iter().collect()) })
    }

    /// The response of the double's transport to every token request.
    #[must_use]
    pub fn response() -> HttpResponse {
        HttpResponse::new(ResponseHead::new(200), Vec::new())
    }
}

const ENDPOINT: &str = "https://scripted.invalid/token";

impl Provider for Scripted {
    fn request(&self, _: &AuthorizationGrant, _: UnixTime) -> Result<HttpRequest, TokenError> {
        Ok(HttpRequest::new(Method::Post, ENDPOINT))
    }

    fn read(&self, _: &AuthorizationGrant, _: &HttpResponse, _: UnixTime) -> Reading {
        match self.lines.lock().unwrap_or_else(PoisonError::into_inner).pop_front() {
            Some(Ok(response)) => Reading::Granted(response),
            Some(Err(error)) => Reading::Refused(error),
            None => Reading::Refused(TokenError::misconfigured(
                "this double's script has no more lines: add one for each renewal",
            )),
        }
    }

    fn judge(&self, head: &ResponseHead, _: &[u8]) -> Verdict {
        if head.status() == 401 { Verdict::TokenRefused } else { Verdict::Accepted }
    }

    fn spec(&self) -> &ProviderSpec {
        &self.spec
    }
}
