//! A provider for the tests of this crate. The status of a response says what it reads.

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use crate::error::{Fate, TokenError};

use crate::http::{HttpRequest, HttpResponse, Method, ResponseHead};
use crate::key::TokenKey;
use crate::login_reason::LoginReason;
use crate::provider::{AuthorizationGrant, Provider, ProviderSpec, Reading, Replay, Rotation, Verdict};
use crate::renewal::outcome::Outcome;
use crate::renewal::{Answer, Renewal, Step};
use crate::scope::Scope;
use crate::secret::{AccessToken, RefreshToken};
use crate::time::{Clocks, Instant, UnixTime};
use crate::token::{Successor, TokenResponse};

/// Reads status 200 as a token whose text, lifetime and refresh token stand in the body, 206 as a response of which only
/// the refresh token in the body can be used, 401 as a dead grant,
/// 409 as "send the credentials instead", 429 as "not processed", anything else as unknown fate.
#[derive(Debug)]
pub(crate) struct Toy(ProviderSpec, &'static str, bool);

impl Toy {
    pub(crate) fn with_credentials() -> Self {
        Self::edit(|spec| spec.credentials = true)
    }

    pub(crate) fn rotating(replay: Replay) -> Self {
        Self::edit(|spec| spec.replay = replay)
    }

    pub(crate) fn reusable() -> Self {
        Self::edit(|spec| spec.rotation = Rotation::Reusable)
    }

    fn edit(change: impl FnOnce(&mut ProviderSpec)) -> Self {
        let mut spec = ProviderSpec::new("toy", TokenKey::new("toy", "https://toy.example/token"));
        change(&mut spec);
        Self(spec, "secret", false)
    }

    pub(crate) fn with_credentials_too(mut self) -> Self {
        self.0.credentials = true;
        self
    }

    pub(crate) fn with_secret(mut self, secret: &'static str) -> Self {
        self.1 = secret;
        self
    }

    pub(crate) fn with_key(mut self, key: TokenKey) -> Self {
        self.0.key = key;
        self
    }

    pub(crate) fn asking_for(mut self, scope: &str) -> Self {
        self.0.requested_scope = Scope::parse(scope);
        self
    }

    pub(crate) fn with_revocation(mut self) -> Self {
        self.2 = true;
        self
    }

    pub(crate) fn arc(self) -> Arc<dyn Provider> {
        Arc::new(self)
    }
}

impl Provider for Toy {
    fn request(&self, grant: &AuthorizationGrant, _now: UnixTime) -> Result<HttpRequest, TokenError> {
        let what = match grant {
            AuthorizationGrant::ClientCredentials if self.1.is_empty() => {
                return Err(TokenError::misconfigured("the secret cannot be read"));
            }
            AuthorizationGrant::ClientCredentials => "credentials".to_string(),
            AuthorizationGrant::RefreshToken(token) => token.expose().to_string(),
            AuthorizationGrant::AuthorizationCode { code, .. } => code.expose().to_string(),
            AuthorizationGrant::DeviceCode(code) => code.expose().to_string(),
            AuthorizationGrant::Extension(grant) => grant.grant_type().to_string(),
        };
        Ok(HttpRequest::new(Method::Post, "https://toy.example/token").body(what))
    }

    fn read(&self, _grant: &AuthorizationGrant, response: &HttpResponse, _now: UnixTime) -> Reading {
        match response.status() {
            200 => Reading::Granted(granted(core::str::from_utf8(response.expose_body()).unwrap())),
            206 => Reading::Unusable {
                successor: Successor::new(RefreshToken::new(
                    core::str::from_utf8(response.expose_body()).unwrap(),
                )),
                error: TokenError::protocol("the token type is not Bearer").with_fate(Fate::Unknown),
            },
            203 => Reading::Refused(TokenError::from_intermediary("a page").with_fate(Fate::Unknown)),
            401 => Reading::Refused(TokenError::login_required(LoginReason::Refused).with_status(401, None)),
            409 => Reading::Next(AuthorizationGrant::ClientCredentials),
            429 => {
                Reading::Refused(TokenError::unavailable("wait").with_retry_after(Duration::from_secs(90)))
            }
            403 => Reading::Refused(
                TokenError::misconfigured("the client is not known").with_status(403, None).with_code("no"),
            ),
            404 => Reading::Refused(
                TokenError::misconfigured("is this the URL?").with_status(404, None).without_verdict(),
            ),
            423 => Reading::Refused(
                TokenError::from_intermediary("locked").with_status(423, None).without_verdict(),
            ),
            _ => Reading::Refused(TokenError::unavailable("down").with_fate(Fate::Unknown)),
        }
    }

    fn judge(&self, head: &ResponseHead, _body_start: &[u8]) -> Verdict {
        if head.status() == 401 { Verdict::TokenRefused } else { Verdict::Accepted }
    }

    fn revocation(&self, token: &RefreshToken) -> Option<HttpRequest> {
        let request = HttpRequest::new(Method::Post, "https://toy.example/revoke");
        self.2.then(|| request.body(["revoke ", token.expose()].concat()))
    }

    fn credential(&self, hasher: &mut dyn core::hash::Hasher) {
        hasher.write(self.1.as_bytes());
    }

    fn spec(&self) -> &ProviderSpec {
        &self.0
    }
}

/// "access lifetime refresh scope", of which the last three may be missing; the words of a scope stand between commas.
pub(crate) fn granted(text: &str) -> TokenResponse {
    let mut words = text.split(' ');
    let mut response = TokenResponse::new(AccessToken::new(words.next().unwrap()));
    response.lifetime = words.next().and_then(|word| word.parse().ok()).map(Duration::from_secs);
    response.refresh_token = words.next().map(RefreshToken::new);
    response.scope = words.next().map(|scope| scope.split(',').collect());
    response
}

/// Both clocks, so many seconds after the driver's origin; the wall clock shows 1,000,000 s more.
pub(crate) const fn at(seconds: u64) -> Clocks {
    Clocks {
        instant: Instant::after_origin(Duration::from_secs(seconds)),
        unix: UnixTime::from_secs(1_000_000 + seconds),
    }
}

pub(crate) fn answer(status: u16, body: &str) -> Answer {
    Answer::Response(HttpResponse::new(ResponseHead::new(status), body))
}

/// Carries a renewal out with these answers, one for each request. Returns what was sent, and the outcome.
pub(crate) fn run(job: crate::RenewalJob, now: Clocks, answers: Vec<Answer>) -> (Vec<String>, Outcome) {
    let mut sent = Vec::new();
    let mut answers = answers.into_iter();
    let mut step = Renewal::begin(job, now);
    loop {
        step = match step {
            Step::Send(sending, next) => {
                sent.push(String::from_utf8(sending.request.expose_body().to_vec()).unwrap());
                next.resume(answers.next().expect("an answer for each request"), now)
            }
            Step::Done(outcome, None) => return (sent, outcome),
            other => panic!("a renewal without a store asks for one: {other:?}"),
        };
    }
}
