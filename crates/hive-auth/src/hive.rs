//! The auth service as one owner of credentials knows it: its requests, its options, its verdicts.

use core::hash::Hasher;

use wellspring_core::{
    AuthorizationGrant, ClientSecret, HttpRequest, HttpResponse, Method, Origin, Provider, ProviderSpec,
    Reading, ResponseHead, TokenError, TokenKey, UnixTime, Verdict,
};
use wellspring_wire::{Object, TokenFormat, bearer_authorization, json_body, judge_bearer};

use crate::Endpoint;
use crate::envelope::Envelope;
use crate::reading::{read, token_format};

const LIVE: &str = "https://bc-platform-auth.withhive.com";
const SANDBOX: &str = "https://sandbox-bc-platform-auth.withhive.com";

const ISSUE: &str = "/v2/auth-token";
const REISSUE: &str = "/v2/refresh-token";

/// An API's envelope that refuses a token is shorter than this; a longer answer is an answer.
const JUDGED_BYTES: usize = 16 * 1024;

/// The auth service and the credentials that are known to it. This is what a token source is made from.
///
/// ```
/// use hive_auth::HiveAuth;
///
/// let hive = HiveAuth::sandbox().credentials("test", "1234")?.api_origin("https://api.example")?;
/// assert_eq!(hive.token_url(), "https://sandbox-bc-platform-auth.withhive.com/v2/auth-token");
/// # Ok::<(), wellspring_core::TokenError>(())
/// ```
#[derive(Clone, Debug)]
pub struct HiveAuth {
    token_url: String,
    refresh_url: String,
    id: String,
    secret_key: ClientSecret,
    label_reissue: bool,
    /// Besides 0, and with the message "success" alone.
    success_codes: Vec<i64>,
    auth_error_codes: Vec<i64>,
    format: TokenFormat,
    profile: ProviderSpec,
}

impl HiveAuth {
    /// The live service.
    #[must_use]
    pub fn live() -> Endpoint {
        Endpoint::published(LIVE)
    }

    /// The sandbox.
    #[must_use]
    pub fn sandbox() -> Endpoint {
        Endpoint::published(SANDBOX)
    }

    /// The service behind this URL.
    ///
    /// # Errors
    ///
    /// When the URL is neither HTTPS nor plain HTTP to loopback, or carries a query.
    pub fn base_url(url: &str) -> Result<Endpoint, TokenError> {
        Endpoint::at(url)
    }

    pub(crate) fn new(endpoint: Endpoint, id: String, secret_key: ClientSecret) -> Self {
        let token_url = endpoint.url(ISSUE);
        let mut profile = ProviderSpec::new("hive-auth", TokenKey::new("hive-auth", &token_url).client(&id));
        // Whether a reissue spends the old refresh token is not published, so it counts as spent.
        profile.credentials = true;
        Self {
            refresh_url: endpoint.url(REISSUE),
            format: token_format().secret(secret_key.expose()),
            token_url,
            id,
            secret_key,
            label_reissue: true,
            success_codes: vec![1000],
            auth_error_codes: Vec::new(),
            profile,
        }
    }

    /// Calls to the origin of this URL may carry the token. The page names no API host, so there is none at
    /// first.
    ///
    /// # Errors
    ///
    /// When the URL is neither HTTPS nor plain HTTP to loopback.
    pub fn api_origin(mut self, url: &str) -> Result<Self, TokenError> {
        let origin = Origin::of(url)
            .map_err(|error| TokenError::misconfigured(format!("the API's URL is no good: {error}")))?;
        self.profile.origins.push(origin);
        Ok(self)
    }

    /// Sends the reissue, which has no body, without a `Content-Type`. The page wants `application/json` there;
    /// its own sample sends something else, and some servers take an empty body for broken JSON.
    #[must_use]
    pub const fn without_reissue_content_type(mut self) -> Self {
        self.label_reissue = false;
        self
    }

    /// The codes that mean success beside 0, each only together with the message "success". By default 1000,
    /// which the page's own sample shows.
    #[must_use]
    pub fn success_codes(mut self, codes: impl IntoIterator<Item = i64>) -> Self {
        self.success_codes = codes.into_iter().collect();
        self
    }

    /// The codes by which an API's answer refuses the token, whatever its status. None by default, for none is
    /// published; 101 is the likely one.
    #[must_use]
    pub fn auth_error_codes(mut self, codes: impl IntoIterator<Item = i64>) -> Self {
        self.auth_error_codes = codes.into_iter().collect();
        self.profile.judged_bytes = if self.auth_error_codes.is_empty() { 0 } else { JUDGED_BYTES };
        self
    }

    /// Where tokens come from.
    #[must_use]
    pub fn token_url(&self) -> &str {
        &self.token_url
    }

    pub(crate) const fn format(&self) -> &TokenFormat {
        &self.format
    }

    /// Whether this code and message mean success. A message alone never does, nor 1000 without one.
    pub(crate) fn is_success(&self, envelope: &Envelope<'_>) -> bool {
        let says_so = || envelope.message.is_some_and(|message| message.eq_ignore_ascii_case("success"));
        envelope.code == 0 || self.success_codes.contains(&envelope.code) && says_so()
    }

    fn issue(&self) -> HttpRequest {
        HttpRequest::new(Method::Post, &self.token_url)
            .header("Accept", "*/*")
            .header("Content-Type", "application/json")
            .body(json_body(&[("id", &self.id), ("secretKey", self.secret_key.expose())]))
    }

    fn reissue(&self, refresh_token: &str) -> HttpRequest {
        let request = HttpRequest::new(Method::Post, &self.refresh_url)
            .header("Accept", "*/*")
            .header("Authorization", bearer_authorization(refresh_token));
        if self.label_reissue { request.header("Content-Type", "application/json") } else { request }
    }
}

impl Provider for HiveAuth {
    fn request(&self, spend: &AuthorizationGrant, _now: UnixTime) -> Result<HttpRequest, TokenError> {
        match spend {
            AuthorizationGrant::ClientCredentials => Ok(self.issue()),
            AuthorizationGrant::RefreshToken(token) => Ok(self.reissue(token.expose())),
            _ => Err(TokenError::misconfigured(
                "this provider has no sign-in: it takes an id and a secret key",
            )),
        }
    }

    fn read(&self, spend: &AuthorizationGrant, response: &HttpResponse, now: UnixTime) -> Reading {
        read(self, spend, response, now)
    }

    fn judge(&self, head: &ResponseHead, body_start: &[u8]) -> Verdict {
        let verdict = judge_bearer(head);
        if verdict != Verdict::Accepted || self.auth_error_codes.is_empty() {
            return verdict;
        }
        let refused = Object::parse(body_start).is_ok_and(|object| {
            let envelope = Envelope::of(&object).ok().flatten();
            envelope.is_some_and(|envelope| self.auth_error_codes.contains(&envelope.code))
        });
        if refused { Verdict::TokenRefused } else { Verdict::Accepted }
    }

    fn credential(&self, hasher: &mut dyn Hasher) {
        hasher.write(self.secret_key.expose().as_bytes());
    }

    fn spec(&self) -> &ProviderSpec {
        &self.profile
    }
}
