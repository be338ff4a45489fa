//! The token endpoint: it grants, rotates refresh tokens, and ends a session whose spent refresh token comes again.

use core::hash::Hasher;
use core::time::Duration;

use wellspring_core::{
    AccessToken, Answer, AuthorizationGrant, HttpRequest, HttpResponse, LoginReason, Method, Obstacle,
    Provider, ProviderSpec, Reading, RefreshToken, Replay, ResponseHead, TokenError, TokenKey, TokenResponse,
    TransportError, TransportErrorKind, UnixTime, Verdict,
};

use crate::plan::Grant;
use crate::tally::Tally;

const URL: &str = "https://tokens.example/token";

/// The endpoint's side of one key.
#[derive(Debug, Default)]
pub(crate) struct Endpoint {
    /// The refresh token in force.
    live: u64,
    revoked: bool,
}

impl Endpoint {
    /// The answer to this request. A refresh token is the number of its exchange.
    pub(crate) fn answer(&mut self, request: &HttpRequest, tally: &mut Tally) -> Answer {
        let text = core::str::from_utf8(request.expose_body()).unwrap_or_default();
        if let Ok(sent) = text.parse::<u64>() {
            if self.revoked || sent != self.live {
                tally.reused += u64::from(!self.revoked);
                self.revoked = true;
                return response(401, String::new());
            }
            self.live += 1;
        }
        tally.granted += 1;
        response(200, self.live.to_string())
    }
}

fn response(status: u16, body: String) -> Answer {
    Answer::Response(HttpResponse::new(ResponseHead::new(status), body))
}

/// The endpoint takes no connection.
pub(crate) fn refused() -> Answer {
    let error = TransportError::new(TransportErrorKind::NotSent, "the connection was refused");
    Answer::Failed(error.because(Obstacle::ConnectionRefused))
}

/// What the instances know of the endpoint.
#[derive(Debug)]
pub(crate) struct Client {
    spec: ProviderSpec,
    grant: Grant,
    lifetime: Duration,
}

impl Client {
    pub(crate) fn new(grant: Grant, lifetime: Duration) -> Self {
        let mut spec = ProviderSpec::new("fleet", TokenKey::new("fleet", URL));
        spec.credentials = grant == Grant::Credentials;
        spec.replay = Replay::Never;
        Self { spec, grant, lifetime }
    }

    /// The token that this exchange has brought.
    pub(crate) fn token(&self, number: u64) -> TokenResponse {
        let response = TokenResponse::new(AccessToken::new("access")).with_lifetime(self.lifetime);
        match self.grant {
            Grant::Credentials => response,
            Grant::Rotating => response.with_refresh_token(RefreshToken::new(number.to_string())),
        }
    }
}

impl Provider for Client {
    fn request(&self, spend: &AuthorizationGrant, _: UnixTime) -> Result<HttpRequest, TokenError> {
        let body = match spend {
            AuthorizationGrant::RefreshToken(token) => token.expose().to_owned(),
            _ => String::new(),
        };
        Ok(HttpRequest::new(Method::Post, URL).body(body))
    }

    fn read(&self, _: &AuthorizationGrant, response: &HttpResponse, _: UnixTime) -> Reading {
        let text = core::str::from_utf8(response.expose_body()).unwrap_or_default();
        match text.parse() {
            Ok(number) if response.status() == 200 => Reading::Granted(self.token(number)),
            _ => Reading::Refused(TokenError::login_required(LoginReason::Refused)),
        }
    }

    fn judge(&self, _: &ResponseHead, _: &[u8]) -> Verdict {
        Verdict::Accepted
    }

    fn credential(&self, hasher: &mut dyn Hasher) {
        hasher.write(b"fleet");
    }

    fn spec(&self) -> &ProviderSpec {
        &self.spec
    }
}
