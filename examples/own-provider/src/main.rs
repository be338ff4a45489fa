//! A provider of one's own: an endpoint that speaks a dialect no crate here knows.
//!
//! `POST /session` with `{"key": ".."}` answers `{"session": "..", "seconds": 900}`, or `{"error": "unknown_key"}`.
//! A provider is asked and never driven, so it is tested with strings.
#![forbid(unsafe_code)]

use core::time::Duration;

use wellspring_core::{
    AuthorizationGrant, ClientSecret, ErrorKind, HttpRequest, HttpResponse, Method, Origin, OriginError,
    Provider, ProviderSpec, Reading, ResponseHead, TokenError, TokenKey, UnixTime, Verdict,
};
use wellspring_wire::{Meaning, TokenFormat, TokenNames, json_body, judge_bearer};

// ANCHOR: provider
/// Sessions of the Acme API, opened with a key.
#[derive(Debug)]
struct Acme {
    key: ClientSecret,
    profile: ProviderSpec,
}

const ENDPOINT: &str = "https://api.acme.example/session";

impl Acme {
    fn new(account: &str, key: ClientSecret) -> Result<Self, OriginError> {
        // What makes one token another's: the endpoint, and whose key it is. Never the key itself.
        let mut profile = ProviderSpec::new("acme", TokenKey::new("acme", ENDPOINT).client(account));
        // The key may be spent again and again: a lost answer does no harm.
        profile.credentials = true;
        // Where calls may carry the session.
        profile.origins.push(Origin::of(ENDPOINT)?);
        Ok(Self { key, profile })
    }

    /// What differs from RFC 6749, as data.
    fn format(&self) -> TokenFormat {
        let mut names = TokenNames::default();
        names.access_token = "session".into();
        names.lifetime = "seconds".into();
        names.token_type = None;
        names.refresh_token = None;
        TokenFormat::new()
            .names(names)
            .default_lifetime(Duration::from_secs(900))
            .code("unknown_key", Meaning::Misconfigured)
            // Errors quote what the server said, and servers quote what they were sent.
            .secret(self.key.expose())
    }
}

impl Provider for Acme {
    fn request(&self, spend: &AuthorizationGrant, _: UnixTime) -> Result<HttpRequest, TokenError> {
        let AuthorizationGrant::ClientCredentials = spend else {
            return Err(TokenError::misconfigured("Acme opens sessions with a key and nothing else"));
        };
        Ok(HttpRequest::new(Method::Post, ENDPOINT)
            .header("Content-Type", "application/json")
            .body(json_body(&[("key", self.key.expose())])))
    }

    fn read(&self, spend: &AuthorizationGrant, response: &HttpResponse, now: UnixTime) -> Reading {
        self.format().reading(spend, response, now)
    }

    fn judge(&self, head: &ResponseHead, _: &[u8]) -> Verdict {
        judge_bearer(head)
    }

    fn spec(&self) -> &ProviderSpec {
        &self.profile
    }
}
// ANCHOR_END: provider

fn main() -> Result<(), Box<dyn core::error::Error>> {
    // ANCHOR: test
    let acme = Acme::new("account-7", ClientSecret::new("k-123"))?;
    let now = UnixTime::from_secs(1_700_000_000);
    let read = |status: u16, body: &str| {
        acme.read(
            &AuthorizationGrant::ClientCredentials,
            &HttpResponse::new(ResponseHead::new(status), body),
            now,
        )
    };

    let request = acme.request(&AuthorizationGrant::ClientCredentials, now)?;
    assert_eq!(request.expose_body(), br#"{"key":"k-123"}"#);

    let Reading::Granted(granted) = read(200, r#"{"session": "s-1", "seconds": 600}"#) else {
        return Err("a session was not understood".into());
    };
    assert_eq!(granted.access_token.expose(), "s-1");
    assert_eq!(granted.lifetime, Some(Duration::from_secs(600)));

    let Reading::Refused(error) = read(400, r#"{"error": "unknown_key", "message": "no key k-123"}"#) else {
        return Err("a refusal was not understood".into());
    };
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(!error.to_string().contains("k-123"));
    // ANCHOR_END: test
    Ok(())
}

#[test]
fn the_example_holds_what_it_asserts() {
    main().unwrap();
}
