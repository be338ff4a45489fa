//! No malformed response makes the reader panic, and no error about one shows a secret.

use wellspring_core::{AuthorizationGrant, HttpResponse, ResponseHead};
use wellspring_wire::{JwtTimes, TokenFormat, challenges, judge_bearer, retry_after};

use crate::{NOW, refresh, response};

const VALID: &str = r#"{"access_token":"canary-access","token_type":"Bearer","expires_in":"3599.5","refresh_token":"canary-refresh","scope":["a","b c"],"x":{"y":[1e3,-1,null,true]}}"#;

fn read(status: u16, body: Vec<u8>) {
    let format = TokenFormat::new().jwt_hint();
    for grant in [AuthorizationGrant::ClientCredentials, refresh()] {
        if let Err(error) = format.read(&grant, &response(status, body.clone()), NOW) {
            let shown = format!("{error} {error:?}");
            assert!(status >= 400 || !shown.contains("canary-"), "{shown}");
            assert!(!shown.contains("refresh-canary-1"));
        }
    }
}

#[test]
fn no_truncation_and_no_flipped_bit_of_a_token_response_makes_the_reader_panic() {
    for at in 0..=VALID.len() {
        for status in [200, 400, 500] {
            read(status, VALID.as_bytes()[..at].to_vec());
        }
    }
    for at in 0..VALID.len() {
        for bit in 0..8 {
            let mut body = VALID.as_bytes().to_vec();
            body[at] ^= 1 << bit;
            read(400, body);
        }
    }
}

#[test]
fn no_flipped_bit_of_headers_and_tokens_makes_the_reader_panic() {
    let values = [
        r#"Basic realm="x", Bearer error="invalid_token", scope="a \"b\"", Negotiate YWJj=="#,
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "120",
        "eyJhbGciOiJIUzI1NiJ9.eyJpYXQiOjEwMDAsImV4cCI6NDYwMH0.c2ln",
    ];
    for value in values {
        for at in 0..value.len() {
            for bit in 0..8 {
                let mut bytes = value.as_bytes().to_vec();
                bytes[at] ^= 1 << bit;
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let head = ResponseHead::new(403)
                    .header("www-authenticate", text.as_str())
                    .header("retry-after", text.as_str())
                    .header("date", text.as_str())
                    .header("content-type", text.as_str());
                let _ =
                    (judge_bearer(&head), challenges(&head), retry_after(&head, NOW), JwtTimes::of(&text));
                let response = HttpResponse::new(head, text);
                let _ = TokenFormat::new().read(&refresh(), &response, NOW);
            }
        }
    }
}
