//! The errors of the token endpoint: what each means, and that none shows a secret.
#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

use core::time::Duration;

use pix_bacen::Gateway;
use wellspring_core::{
    AuthorizationGrant, ErrorKind, HttpResponse, Provider, Reading, ResponseHead, TokenError, UnixTime,
};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
/// It does not look like a secret. It is redacted because it is the configured one.
const CANARY: &str = "canary-key";

fn gateway() -> Gateway {
    Gateway::fire_banking().credentials("account-93-550e8400", CANARY).unwrap()
}

fn refused(head: ResponseHead, body: &[u8]) -> TokenError {
    match gateway().read(&AuthorizationGrant::ClientCredentials, &HttpResponse::new(head, body), NOW) {
        Reading::Refused(error) => error,
        other => panic!("{other:?}"),
    }
}

fn json(status: u16, body: &str) -> TokenError {
    refused(ResponseHead::new(status).header("Content-Type", "application/json"), body.as_bytes())
}

#[test]
fn the_vendors_own_errors_are_permanent_and_keep_their_message() {
    for (status, kind, message) in [
        (400, ErrorKind::Misconfigured, "Certificado ausente no header X-SSL-Client-Cert"),
        (401, ErrorKind::Misconfigured, "Credenciais inválidas ou certificado inválido"),
        (403, ErrorKind::Misconfigured, "Certificado não vinculado à conta"),
    ] {
        let error = json(status, &format!(r#"{{"statusCode":{status},"message":"{message}"}}"#));
        assert_eq!((error.kind(), error.is_transient()), (kind, false), "{error}");
        assert_eq!((error.status(), error.description()), (Some(status), Some(message)));
    }
}

#[test]
fn a_message_array_is_joined() {
    let body = r#"{"statusCode":400,"message":["clientSecret must be longer","clientId is empty"],"error":"Bad Request"}"#;
    assert_eq!(json(400, body).description(), Some("clientSecret must be longer; clientId is empty"));
}

#[test]
fn problem_json_keeps_its_detail() {
    let head = ResponseHead::new(400).header("Content-Type", "application/problem+json");
    let error = refused(head, br#"{"status":400,"detail":"Missing grant type"}"#);
    assert_eq!((error.kind(), error.description()), (ErrorKind::Protocol, Some("Missing grant type")));
}

#[test]
fn a_429_and_a_5xx_are_transient_and_retry_after_is_obeyed() {
    let head = ResponseHead::new(429).header("Retry-After", "17");
    let error = refused(head, br#"{"statusCode":429,"message":"Too Many Requests"}"#);
    assert!(matches!(error.kind(), ErrorKind::Unavailable { .. }) && error.is_transient());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(17)));
    for status in [500, 502, 503, 504] {
        let error = json(status, &format!(r#"{{"statusCode":{status},"message":"Internal"}}"#));
        assert!(matches!(error.kind(), ErrorKind::Unavailable { .. }) && error.is_transient(), "{status}");
    }
}

#[test]
fn an_intermediarys_page_is_transient_unless_its_status_says_that_the_url_is_wrong() {
    for status in [200, 400, 401, 403, 409] {
        let head = ResponseHead::new(status).header("Content-Type", "text/html");
        let error = refused(head, b"<html><body>Sign in to the Wi-Fi</body></html>");
        assert!(error.is_transient(), "{status}");
        assert_eq!(error.kind(), ErrorKind::Protocol);
    }
}

#[test]
fn a_redirect_is_an_error() {
    let head = ResponseHead::new(307).header("Location", "https://evil.example/");
    assert_eq!(refused(head, b"").kind(), ErrorKind::Protocol);
}

#[test]
fn no_truncated_or_flipped_body_makes_a_reader_panic_or_show_the_secret() {
    let body = format!(
        r#"{{"statusCode":401,"message":"no such client {CANARY} \u00e9","error":"Unauthorized","access_token":7}}"#
    );
    let check = |bytes: &[u8]| {
        for status in [200, 401] {
            let response = HttpResponse::new(ResponseHead::new(status), bytes);
            if let Reading::Refused(error) =
                gateway().read(&AuthorizationGrant::ClientCredentials, &response, NOW)
            {
                assert!(!format!("{error} {error:?} {error:#?}").contains(CANARY), "{error:?}");
            }
        }
        let _ = pix_bacen::ApiError::read(401, bytes).to_string();
        let _ = pix_bacen::Balance::read(200, bytes);
    };
    let start = body.find(CANARY).unwrap();
    for at in 0..=body.len() {
        check(&body.as_bytes()[..at]);
        for bit in 0..8 {
            // A flip inside the secret changes it into another text, so those bytes are skipped.
            if at < body.len() && !(start..start + CANARY.len()).contains(&at) {
                let mut flipped = body.clone().into_bytes();
                flipped[at] ^= 1 << bit;
                check(&flipped);
            }
        }
    }
}

#[test]
fn no_debug_shows_the_secret() {
    let gateway = gateway();
    let request = gateway.request(&AuthorizationGrant::ClientCredentials, NOW).unwrap();
    assert!(String::from_utf8_lossy(request.expose_body()).contains(CANARY));
    assert!(!format!("{gateway:?} {gateway:#?} {request:?} {:?}", gateway.spec()).contains("canary"));
}
