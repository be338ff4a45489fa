//! A provider whose requests and answers are plain words, and the names of the tokens that its server mints.

use core::fmt;
use core::hash::Hasher;
use core::time::Duration;
use std::sync::Arc;

use wellspring_core::{
    AccessToken, AuthorizationGrant, Fate, HttpRequest, HttpResponse, LoginReason, Method, Provider,
    ProviderSpec, Reading, Record, RefreshToken, ResponseHead, Rotation, Successor, Token, TokenError,
    TokenKey, TokenResponse, UnixTime, Verdict,
};

use crate::line::{Grants, Line};

/// One token of one family; the family begins with a sign-in, and the numbers count its exchanges.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct TokenName {
    pub(crate) family: u8,
    pub(crate) number: u8,
}

impl TokenName {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (family, number) = text.split_once('.')?;
        Some(Self { family: family.parse().ok()?, number: number.parse().ok()? })
    }

    /// The refresh token in this record.
    pub(crate) fn of(record: &Record) -> Option<Self> {
        Self::parse(record.granted()?.response.refresh_token.as_ref()?.expose())
    }

    /// The family of an access token, if it came with a refresh token.
    pub(crate) fn family_of(token: &Token) -> Option<u8> {
        Self::parse(token.expose()).map(|name| name.family)
    }

    pub(crate) const fn bit(self) -> u16 {
        1 << self.number
    }
}

impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.family, self.number)
    }
}

impl fmt::Debug for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What the error says if the server refuses the client.
pub(crate) const CLIENT_REFUSED: &str = "the client is refused";

/// What the error says if a gateway refuses the request.
pub(crate) const GATEWAY: &str = "a gateway refuses the request";

/// What a client asks of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ServerRequest {
    Refresh(TokenName),
    Credentials,
    SignIn,
    Revoke(TokenName),
}

impl ServerRequest {
    pub(crate) fn read(request: &HttpRequest) -> Self {
        let text = core::str::from_utf8(request.expose_body()).unwrap_or_default();
        match text.split_once(' ') {
            Some(("refresh", name)) => {
                Self::Refresh(TokenName::parse(name).expect("tokens are named by the server"))
            }
            Some(("revoke", name)) => {
                Self::Revoke(TokenName::parse(name).expect("tokens are named by the server"))
            }
            _ if text == "sign in" => Self::SignIn,
            _ => Self::Credentials,
        }
    }
}

/// The second is how long its tokens live, where that is known; the third is the number of its credential.
#[derive(Debug)]
struct Words(ProviderSpec, Option<Duration>, u8);

/// The provider of this line, as this user reaches it with the credential of this number.
pub(crate) fn provider(line: &Line, user: u8, credential: u8) -> Arc<dyn Provider> {
    let key = TokenKey::new("words", "https://words.example/token").user(&format!("user {user}"));
    let mut profile = ProviderSpec::new("words", key);
    profile.replay = line.replay;
    profile.credentials = matches!(line.grant, Grants::Credentials | Grants::RotatingWithCredentials);
    profile.rotation = if line.grant == Grants::Reusable { Rotation::Reusable } else { Rotation::SingleUse };
    Arc::new(Words(profile, line.has_callers().then_some(line.callers.lifetime), credential))
}

fn post(text: String) -> HttpRequest {
    HttpRequest::new(Method::Post, "https://words.example/token").body(text)
}

/// What a grant of this name looks like. It never expires by itself.
pub(crate) fn granted(name: Option<TokenName>) -> TokenResponse {
    let text = name.map_or_else(|| "own".to_owned(), |name| name.to_string());
    let response = TokenResponse::new(AccessToken::new(text.clone()));
    if name.is_some() { response.with_refresh_token(RefreshToken::new(text)) } else { response }
}

/// What the store holds at first for this user: granted long ago, for this long.
pub(crate) fn granted_long_ago(user: u8, lifetime: Duration, grant: Grants) -> TokenResponse {
    let first = TokenName { family: user + 1, number: 1 };
    granted((grant != Grants::Credentials).then_some(first)).with_lifetime(lifetime)
}

impl Provider for Words {
    fn request(&self, spend: &AuthorizationGrant, _: UnixTime) -> Result<HttpRequest, TokenError> {
        Ok(post(match spend {
            AuthorizationGrant::RefreshToken(token) => format!("refresh {}", token.expose()),
            AuthorizationGrant::ClientCredentials => "credentials".to_owned(),
            _ => "sign in".to_owned(),
        }))
    }

    fn read(&self, _: &AuthorizationGrant, response: &HttpResponse, _: UnixTime) -> Reading {
        match response.status() {
            200 => {
                let text = core::str::from_utf8(response.expose_body()).unwrap_or_default();
                let mut response = match text {
                    "kept" => TokenResponse::new(AccessToken::new("own")),
                    _ => granted(TokenName::parse(text)),
                };
                response.lifetime = self.1;
                Reading::Granted(response)
            }
            206 => Reading::Unusable {
                successor: Successor::new(RefreshToken::new(String::from_utf8_lossy(response.expose_body()))),
                error: TokenError::unavailable("the access token cannot be used").with_fate(Fate::Unknown),
            },
            409 => Reading::Next(AuthorizationGrant::ClientCredentials),
            401 => Reading::Refused(TokenError::login_required(LoginReason::Refused)),
            403 => Reading::Refused(TokenError::misconfigured(CLIENT_REFUSED).with_status(403, None)),
            400 => Reading::Refused(TokenError::protocol("the request is refused").with_status(400, None)),
            404 => Reading::Refused(TokenError::protocol(GATEWAY).with_status(404, None).without_verdict()),
            _ => Reading::Refused(TokenError::unavailable("down").with_fate(Fate::Unknown)),
        }
    }

    fn revocation(&self, token: &RefreshToken) -> Option<HttpRequest> {
        Some(post(format!("revoke {}", token.expose())))
    }

    fn judge(&self, _: &ResponseHead, _: &[u8]) -> Verdict {
        Verdict::Accepted
    }

    fn credential(&self, hasher: &mut dyn Hasher) {
        hasher.write(&[self.2]);
    }

    fn spec(&self) -> &ProviderSpec {
        &self.0
    }
}
