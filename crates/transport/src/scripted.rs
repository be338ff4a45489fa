//! A provider that answers as its script says, for users' own tests.
//!
//! Each renewal takes the next line of the script; what travels meanwhile does not matter. When the script is over,
//! every further renewal fails and says so.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use wellspring_core::{
    AuthorizationGrant, HttpRequest, HttpResponse, Method, Provider, ProviderSpec, Reading, ResponseHead,
    TokenError, TokenKey, TokenResponse, UnixTime, Verdict,
};

/// A provider that answers as its script says.
#[derive(Debug)]
pub struct Scripted {
    profile: ProviderSpec,
    lines: Mutex<VecDeque<Result<TokenResponse, TokenError>>>,
}

impl Scripted {
    /// A provider with this script.
    #[must_use]
    pub fn new(lines: impl IntoIterator<Item = Result<TokenResponse, TokenError>>) -> Arc<Self> {
        let mut profile = ProviderSpec::new("scripted", TokenKey::new("scripted", ENDPOINT));
        profile.credentials = true;
        Arc::new(Self { profile, lines: Mutex::new(lines.into_iter().collect()) })
    }

    /// What the double's transport answers to every token request.
    #[must_use]
    pub fn answer() -> HttpResponse {
        HttpResponse::new(ResponseHead::new(200), Vec::new())
    }
}

const ENDPOINT: &str = "https://scripted.invalid/token";

impl Provider for Scripted {
    fn request(&self, _: &AuthorizationGrant, _: UnixTime) -> Result<HttpRequest, TokenError> {
        Ok(HttpRequest::new(Method::Post, ENDPOINT))
    }

    fn read(&self, _: &AuthorizationGrant, _: &HttpResponse, _: UnixTime) -> Reading {
        let line = self.lines.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        match line {
            Some(Ok(response)) => Reading::Granted(response),
            Some(Err(error)) => Reading::Refused(error),
            None => Reading::Refused(TokenError::misconfigured("the script of this double is over")),
        }
    }

    fn judge(&self, head: &ResponseHead, _: &[u8]) -> Verdict {
        if head.status() == 401 { Verdict::TokenRefused } else { Verdict::Accepted }
    }

    fn spec(&self) -> &ProviderSpec {
        &self.profile
    }
}
