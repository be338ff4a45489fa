//! Your own provider: a token endpoint that no crate here supports.
//!
//! `POST /session` with `{"key": ".."}` answers `{"session": "..", "seconds": 900}`, or `{"error": "unknown_key"}`.
//! A provider does no I/O, so its tests need only strings.
#![forbid(unsafe_code)]

// ANCHOR: names
use core::time::Duration;

use wellspring::sans_io::{
    AuthorizationGrant, ClientSecret, ErrorKind, HttpRequest, HttpResponse, Method, Origin, OriginError,
    Provider, ProviderSpec, Reading, ResponseHead, TokenError, TokenKey, UnixTime, Verdict,
};
use wellspring::token_endpoint::{Meaning, TokenFormat, TokenNames, json_body, judge_bearer};
// ANCHOR_END: names

// ANCHOR: provider
/// Sessions of the Acme API, opened with a key.
#[derive(Debug)]
struct Acme {
    key: ClientSecret,
    spec: ProviderSpec,
}

const ENDPOINT: &str = "https://api.acme.example/session";

impl Acme {
    fn new(account: &str, key: ClientSecret) -> Result<Self, OriginError> {
        // What tells two tokens apart: the endpoint and the account. Never the key itself.
        let mut spec = ProviderSpec::new("acme", TokenKey::new("acme", ENDPOINT).client(account));
        // The key can be used again, so a lost response does no harm.
        spec.credentials = true;
        // The origins that may receive the session.
        spec.origins.push(Origin::of(ENDPOINT)?);
        Ok(Self { key, spec })
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
            // Errors quote the server's message, and a server may quote the key.
            .secret(self.key.expose())
    }
}

impl Provider for Acme {
    fn request(&self, grant: &AuthorizationGrant, _: UnixTime) -> Result<HttpRequest, TokenError> {
        let AuthorizationGrant::ClientCredentials = grant else {
            return Err(TokenError::misconfigured("Acme opens sessions only with a key"));
        };
        Ok(HttpRequest::new(Method::Post, ENDPOINT)
            .header("Content-Type", "application/json")
            .body(json_body(&[("key", self.key.expose())])))
    }

    fn read(&self, grant: &AuthorizationGrant, response: &HttpResponse, now: UnixTime) -> Reading {
        self.format().reading(grant, response, now)
    }

    fn judge(&self, head: &ResponseHead, _: &[u8]) -> Verdict {
        judge_bearer(head)
    }

    fn spec(&self) -> &ProviderSpec {
        &self.spec
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
        return Err("the session was not read".into());
    };
    assert_eq!(granted.access_token.expose(), "s-1");
    assert_eq!(granted.lifetime, Some(Duration::from_secs(600)));

    let Reading::Refused(error) = read(400, r#"{"error": "unknown_key", "message": "no key k-123"}"#) else {
        return Err("the refusal was not read".into());
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
