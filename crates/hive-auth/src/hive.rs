//! The provider: the token requests for one set of credentials, and the settings.

use core::fmt;
use core::hash::Hasher;

use wellspring_core::{
    AuthorizationGrant, CallFormat, ClientSecret, Credential, HttpRequest, HttpResponse, Method, Origin,
    Provider, ProviderSpec, Reading, ResponseHead, TokenError, TokenKey, UnixTime, Verdict,
};
use wellspring_wire::{ClientCertificate, Object, bearer_authorization, json_body, judge_bearer};

use crate::endpoint::Endpoint;
use crate::envelope::Envelope;
use crate::reading::TokenReader;

const LIVE: &str = "https://bc-platform-auth.withhive.com";
const SANDBOX: &str = "https://sandbox-bc-platform-auth.withhive.com";

const ISSUE: &str = "/v2/auth-token";
const REISSUE: &str = "/v2/refresh-token";

/// How much of an API's answer is searched for an error code. An envelope that refuses a token is shorter.
const JUDGED_BYTES: usize = 16 * 1024;

/// The auth service and one set of credentials. Pass it to the builder of a token source.
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
    certificate: Option<ClientCertificate>,
    reissue_content_type: bool,
    auth_error_codes: Vec<i64>,
    reader: TokenReader,
    spec: ProviderSpec,
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

    /// The service at this URL, for example a simulator.
    ///
    /// # Errors
    ///
    /// Fails if the URL is neither HTTPS nor plain HTTP to loopback, or carries a query.
    pub fn base_url(url: impl fmt::Display) -> Result<Endpoint, TokenError> {
        Endpoint::new(&url.to_string())
    }

    pub(crate) fn new(endpoint: Endpoint, id: String, secret_key: ClientSecret) -> Self {
        let token_url = endpoint.url(ISSUE);
        let mut spec = ProviderSpec::new("hive-auth", TokenKey::new("hive-auth", &token_url).client(&id));
        // The published page does not say whether a reissue invalidates the old refresh token. The default,
        // `Rotation::SingleUse`, assumes that it does.
        spec.credentials = true;
        Self {
            refresh_url: endpoint.url(REISSUE),
            reader: TokenReader::new(secret_key.expose()),
            token_url,
            id,
            secret_key,
            certificate: None,
            reissue_content_type: true,
            auth_error_codes: Vec::new(),
            spec,
        }
    }

    /// Allows calls to the origin of this URL to carry the token. The published page names no API host, so by default no
    /// origin is allowed.
    ///
    /// # Errors
    ///
    /// Fails if the URL is neither HTTPS nor plain HTTP to loopback.
    pub fn api_origin(mut self, url: impl fmt::Display) -> Result<Self, TokenError> {
        let origin = Origin::of(&url.to_string())
            .map_err(|error| TokenError::misconfigured(format!("the API's URL is invalid: {error}")))?;
        self.spec.origins.push(origin);
        Ok(self)
    }

    /// The provider for tokens bound to this client certificate
    /// ([RFC 8705 §3](https://www.rfc-editor.org/rfc/rfc8705#section-3)), a PEM without the private key. The certificate
    /// becomes part of the tokens' key. The certificate and key of the TLS connection belong in the transport's TLS settings.
    ///
    /// # Errors
    ///
    /// Fails if the PEM holds no certificate, or holds a private key.
    pub fn client_certificate(mut self, pem: &str) -> Result<Self, TokenError> {
        let certificate = ClientCertificate::of_pem(pem)?;
        let key = TokenKey::new("hive-auth", &self.token_url).client(&self.id);
        self.spec.key = key.certificate(certificate.as_bytes());
        self.certificate = Some(certificate);
        Ok(self)
    }

    /// What each call of the API carries beside the token. Default: nothing.
    #[must_use]
    pub fn calls(mut self, format: CallFormat) -> Self {
        self.spec.calls = format;
        self
    }

    /// Sends the reissue, which has no body, without a `Content-Type`. The published page requires `application/json`, but
    /// its own sample sends another type, and some servers reject an empty body as broken JSON.
    #[must_use]
    pub const fn without_reissue_content_type(mut self) -> Self {
        self.reissue_content_type = false;
        self
    }

    /// The codes that mean success beside 0, each only together with the message "success". Default: 1000, from the sample
    /// of the published page.
    #[must_use]
    pub fn success_codes(mut self, codes: impl IntoIterator<Item = i64>) -> Self {
        self.reader.success_codes = codes.into_iter().collect();
        self
    }

    /// The codes by which an API's answer refuses the token, whatever its HTTP status. Default: none, because the vendor
    /// publishes none. The likely code is 101.
    #[must_use]
    pub fn auth_error_codes(mut self, codes: impl IntoIterator<Item = i64>) -> Self {
        self.auth_error_codes = codes.into_iter().collect();
        self.spec.judged_bytes = if self.auth_error_codes.is_empty() { 0 } else { JUDGED_BYTES };
        self
    }

    /// The token endpoint.
    #[must_use]
    pub fn token_url(&self) -> &str {
        &self.token_url
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
        if self.reissue_content_type { request.header("Content-Type", "application/json") } else { request }
    }
}

impl Provider for HiveAuth {
    fn request(&self, grant: &AuthorizationGrant, _now: UnixTime) -> Result<HttpRequest, TokenError> {
        match grant {
            AuthorizationGrant::ClientCredentials => Ok(self.issue()),
            AuthorizationGrant::RefreshToken(token) => Ok(self.reissue(token.expose())),
            _ => Err(TokenError::misconfigured(
                "this provider has no sign-in: it takes an id and a secret key",
            )),
        }
    }

    fn read(&self, grant: &AuthorizationGrant, response: &HttpResponse, now: UnixTime) -> Reading {
        self.reader.read(grant, response, now)
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
        let mut credential = Credential::new(hasher);
        credential.client(&self.id).secret(self.secret_key.expose());
        if let Some(certificate) = &self.certificate {
            credential.certificate(certificate.as_bytes());
        }
    }

    fn spec(&self) -> &ProviderSpec {
        &self.spec
    }
}
