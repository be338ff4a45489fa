//! Responses of a token endpoint: every status, content type and body, read by each kind of format.
#![no_main]

use core::time::Duration;

use libfuzzer_sys::fuzz_target;
use wellspring_core::{AuthorizationGrant, Fate, HttpResponse, Reading, RefreshToken, ResponseHead, Scope};
use wellspring_fuzz::{NOW, SECRET, check_error, lines, status};
use wellspring_wire::{Json, Meaning, Object, TokenFormat, TokenNames};

fuzz_target!(|input: &[u8]| {
    let Some(([settings, code, content_type, retry_after], body)) = lines(input) else { return };
    let settings = settings.parse().unwrap_or_default();
    let head = ResponseHead::new(status(code))
        .header("Content-Type", content_type)
        .header("Retry-After", retry_after);
    let response = HttpResponse::new(head, body);
    let grant = if settings & 1 == 0 {
        AuthorizationGrant::RefreshToken(RefreshToken::new(SECRET))
    } else {
        AuthorizationGrant::ClientCredentials
    };
    match format(settings).secret(SECRET).reading(&grant, &response, NOW) {
        Reading::Granted(token) => {
            assert!(response.head().is_success(), "a refusal granted a token");
            assert!(!token.access_token.expose().is_empty(), "an empty access token");
            assert!(
                token.access_token.expose().bytes().all(|byte| byte.is_ascii_graphic()),
                "no header can carry the access token"
            );
            assert!(
                !token.refresh_token.is_some_and(|token| token.expose().is_empty()),
                "an empty refresh token"
            );
        }
        Reading::Unusable { error, .. } => check_error(&error),
        Reading::Refused(error) => {
            check_error(&error);
            // A retry of a server that has answered must not spend the grant twice.
            assert!(
                !response.head().is_success() || error.fate() != Fate::Unspent || has_error(body),
                "{error}"
            );
        }
        Reading::Next(_) => panic!("this format knows no other grant"),
    }
    round_trip(body);
});

fn format(settings: u8) -> TokenFormat {
    let format = match settings >> 1 & 3 {
        0 => TokenFormat::new(),
        1 => TokenFormat::new().strict(),
        2 => {
            TokenFormat::new().jwt_hint().comma_separated_scopes().zero_means_never().minus_one_means_never()
        }
        _ => {
            let mut names = TokenNames::default();
            names.token_type = None;
            names.refresh_lifetime = Some("refresh_expires_in".into());
            TokenFormat::new().names(names).default_lifetime(Duration::from_secs(3_600))
        }
    };
    let format =
        if settings & 8 == 0 { format } else { format.requested_scope(Scope::parse("a b")).require_scopes() };
    if settings & 16 == 0 { format } else { format.code("busy", Meaning::Unavailable) }
}

/// Whether the body says that the request was refused: by its member, or, where the document is broken, by what is left of it
/// beside no token.
fn has_error(body: &[u8]) -> bool {
    let holds = |part: &[u8]| body.windows(part.len()).any(|at| at.eq_ignore_ascii_case(part));
    match Object::parse(body) {
        Ok(object) => object.get("error").is_some(),
        Err(_) => holds(b"error") && !holds(b"token\":") && !holds(b"token="),
    }
}

/// What is read from a body and written again means the same.
fn round_trip(body: &[u8]) {
    let Ok(object) = Object::parse(body) else { return };
    let written = Json::Object(object).to_json();
    let again = Object::parse(written.as_bytes()).map(|object| Json::Object(object).to_json());
    assert_eq!(again.ok().as_deref(), Some(written.as_str()), "a JSON object changes when it is written");
}
