//! Rows E of `DECISIONS.md`: refusals of the token endpoint. The tests of `Retry-After` are in `src/retry_after.rs`.

use wellspring_core::{
    AuthorizationGrant, ErrorKind, Fate, HttpResponse, LoginReason, ResponseHead, TokenError,
};
use wellspring_wire::{ErrorBody, ErrorShape, Meaning, Object, TokenFormat};

use crate::{NOW, code, device_code, error_of, refresh, response, response_of_type, seconds};

const UNAVAILABLE: ErrorKind = ErrorKind::Unavailable { retry_at: None };
const REFUSED: ErrorKind = ErrorKind::LoginRequired { reason: LoginReason::Refused };

fn oauth(status: u16, code: &str) -> HttpResponse {
    response(status, format!(r#"{{"error":"{code}","error_description":"in words"}}"#))
}

/// The kind, the fate, and whether the error is transient.
fn class(error: &TokenError) -> (ErrorKind, Fate, bool) {
    (error.kind(), error.fate(), error.is_transient())
}

#[test]
fn e01_invalid_grant_on_a_refresh_ends_the_session() {
    for status in [200, 400, 401, 403] {
        let error = error_of(&refresh(), &oauth(status, "invalid_grant"));
        assert_eq!(class(&error), (REFUSED, Fate::Dead, false), "{status}");
        assert_eq!((error.code(), error.description()), (Some("invalid_grant"), Some("in words")));
        assert_eq!(error.status(), Some(status));
    }
}

#[test]
fn e02_invalid_grant_on_an_authorization_code_is_permanent() {
    let error = error_of(&code(), &oauth(400, "invalid_grant"));
    assert_eq!(class(&error), (ErrorKind::Protocol, Fate::Dead, false));
}

#[test]
fn e03_invalid_grant_on_client_credentials_is_a_misconfiguration() {
    let error = error_of(&AuthorizationGrant::ClientCredentials, &oauth(400, "invalid_grant"));
    assert_eq!(class(&error), (ErrorKind::Misconfigured, Fate::Unspent, false));
}

#[test]
fn e04_a_refused_client_or_scope_is_a_misconfiguration_and_the_grant_stays() {
    for name in
        ["invalid_client", "unauthorized_client", "invalid_scope", "unsupported_grant_type", "invalid_target"]
    {
        for status in [400, 401, 403] {
            for grant in [AuthorizationGrant::ClientCredentials, refresh(), code()] {
                let error = error_of(&grant, &oauth(status, name));
                assert_eq!(class(&error), (ErrorKind::Misconfigured, Fate::Unspent, false), "{name}");
                assert_eq!(error.code(), Some(name));
            }
        }
    }
}

#[test]
fn e05_a_401_without_a_known_code_is_a_misconfiguration() {
    for response in [
        response(401, ""),
        response(401, "{}"),
        response(401, r#"{"statusCode":401,"message":"Credenciais inválidas","error":"Unauthorized"}"#),
        response(401, r#"{"message":"Falha ao Extrair TokenInfo filter failed"}"#),
        response(401, "[]"),
        response_of_type(401, "text/plain", "Unauthorized"),
        // The pages of nginx and Tomcat, and one with the challenge that a 401 has.
        response_of_type(401, "text/html", "<html><head><title>401 Authorization Required</title></head>"),
        response_of_type(401, "text/html", "<!doctype html><title>HTTP Status 401 – Unauthorized</title>"),
        HttpResponse::new(
            ResponseHead::new(401).header("WWW-Authenticate", "Basic realm=\"bank\""),
            "<html><h1>Login failed</h1>",
        ),
    ] {
        for grant in [AuthorizationGrant::ClientCredentials, refresh()] {
            let error = error_of(&grant, &response);
            assert_eq!(class(&error), (ErrorKind::Misconfigured, Fate::Unspent, false), "{error}");
        }
    }
}

#[test]
fn e06_a_403_is_no_verdict_on_the_credential() {
    for body in [r#"{"statusCode":403,"message":"Acesso negado"}"#, r#"{"message":"Forbidden"}"#, ""] {
        for grant in [AuthorizationGrant::ClientCredentials, refresh()] {
            let error = error_of(&grant, &response(403, body));
            assert_eq!(class(&error), (ErrorKind::Protocol, Fate::Unspent, true), "{body}");
            assert!(error.is_without_verdict());
        }
    }
}

#[test]
fn e07_any_other_refusal_without_a_known_code_is_no_verdict() {
    // A gateway or a firewall: waiting may help.
    for (status, body) in [
        (402, "{}"),
        (403, r#"{"error":"blocked","id":7}"#),
        (409, r#"{"message":"conflict"}"#),
        (412, ""),
        (421, r#"{"message":"misdirected"}"#),
        (423, r#"{"detail":"locked"}"#),
        (424, "{}"),
        (428, "{}"),
        (451, "{}"),
        (499, "[]"),
    ] {
        let error = error_of(&refresh(), &response(status, body));
        assert_eq!(class(&error), (ErrorKind::Protocol, Fate::Unspent, true), "{status}");
        assert!(error.is_without_verdict(), "{status}");
    }
    // The request is wrong: waiting does not help, and one such response is no proof of it.
    for (status, body) in [
        (400, r#"{"error":"something_new"}"#),
        (400, r#"{"status":400,"detail":"Missing grant type"}"#),
        (413, ""),
        (415, r#"{"message":"JSON only"}"#),
        (422, r#"{"unreadable"#),
        (431, ""),
    ] {
        let error = error_of(&refresh(), &response(status, body));
        assert_eq!(class(&error), (ErrorKind::Protocol, Fate::Unspent, false), "{body}");
        assert!(error.is_without_verdict(), "{status}");
    }
    for name in ["invalid_request", "access_denied"] {
        let error = error_of(&refresh(), &oauth(400, name));
        assert_eq!(class(&error), (ErrorKind::Protocol, Fate::Unspent, false), "{name}");
        assert!(!error.is_without_verdict(), "{name} is a code of the standard");
    }
}

#[test]
fn e08_a_refusal_of_an_intermediary_is_transient() {
    for (status, kind, body) in [
        (400, "text/html", "<html>bad request"),
        (400, "text/html", "<html><head><title>401 Authorization Required</title></head>"),
        (403, "text/html; charset=utf-8", "<!doctype html><p>blocked by your firewall"),
        (403, "text/plain", "blocked"),
        (409, "text/plain", "no route"),
        (407, "text/plain", ""),
    ] {
        let error = error_of(&refresh(), &response_of_type(status, kind, body));
        assert_eq!(class(&error), (ErrorKind::Protocol, Fate::Unspent, true), "{status}");
    }
}

#[test]
fn e33_a_404_a_405_and_a_410_mean_that_the_url_is_wrong_whatever_the_body() {
    for status in [404, 405, 410] {
        for (kind, body) in [
            ("text/html", "<!doctype html>\n<title>404 Not Found</title>"),
            ("text/html; charset=utf-8", "<pre>Cannot POST /token</pre>"),
            ("text/plain", "404 page not found\n"),
            ("application/json", r#"{"statusCode":404,"message":"Cannot POST /token","error":"Not Found"}"#),
            ("application/json", r#"{"error":"invalid_request"}"#),
            ("application/json", r#"{"error":"not_found"}"#),
            ("application/json", "{}"),
            ("application/json", "{\"broken"),
            ("application/octet-stream", "\u{fffd}"),
            ("", ""),
        ] {
            for grant in [AuthorizationGrant::ClientCredentials, refresh(), code()] {
                let error = error_of(&grant, &response_of_type(status, kind, body));
                assert_eq!(
                    class(&error),
                    (ErrorKind::Misconfigured, Fate::Unspent, false),
                    "{status} {body}"
                );
                let text = format!("the server answers {status}: is this the token endpoint's URL?");
                assert!(error.to_string().starts_with(&text), "{error}");
                assert!(error.is_without_verdict());
            }
        }
        // A code of the standard shows that it is the token endpoint.
        assert_eq!(
            class(&error_of(&refresh(), &oauth(status, "invalid_grant"))),
            (REFUSED, Fate::Dead, false)
        );
    }
}

#[test]
fn e09_too_many_requests_were_not_processed() {
    for body in
        ["", "<html>", r#"{"statusCode":429,"message":"Too Many Requests"}"#, r#"{"error":"invalid_grant"}"#]
    {
        let head = ResponseHead::new(429).header("Retry-After", "17");
        let error = error_of(&refresh(), &HttpResponse::new(head, body));
        assert_eq!(class(&error), (UNAVAILABLE, Fate::Unspent, true), "{body}");
        assert_eq!(error.retry_after(), Some(seconds(17)));
    }
    assert_eq!(class(&error_of(&refresh(), &response(429, ""))), (UNAVAILABLE, Fate::Unspent, true));
}

#[test]
fn e10_a_503_with_retry_after_was_not_processed() {
    let head = ResponseHead::new(503).header("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT");
    let error = error_of(&refresh(), &HttpResponse::new(head, ""));
    assert_eq!(class(&error), (UNAVAILABLE, Fate::Unspent, true));
    assert_eq!(error.retry_after(), Some(seconds(60)));
}

#[test]
fn e11_any_other_5xx_leaves_the_grant_in_doubt_and_never_dead() {
    let garbled = ResponseHead::new(503).header("retry-after", "soon");
    let mut responses = vec![HttpResponse::new(garbled, "")];
    for status in [500, 501, 502, 503, 504, 520, 599] {
        responses.push(response(status, ""));
        responses.push(response_of_type(status, "text/html", "<html>Bad Gateway"));
        responses.push(oauth(status, "invalid_grant"));
        responses.push(oauth(status, "invalid_client"));
    }
    for response in responses {
        let error = error_of(&refresh(), &response);
        assert_eq!(class(&error), (UNAVAILABLE, Fate::Unknown, true), "{error}");
        assert_eq!(error.status(), Some(response.status()));
    }
}

#[test]
fn e12_a_425_was_not_processed_and_a_408_may_have_been() {
    assert_eq!(class(&error_of(&refresh(), &response(425, ""))), (UNAVAILABLE, Fate::Unspent, true));
    assert_eq!(class(&error_of(&refresh(), &response(408, ""))), (UNAVAILABLE, Fate::Unknown, true));
}

#[test]
fn e13_codes_of_an_unavailable_server_count_under_any_status() {
    let error = error_of(&refresh(), &oauth(400, "temporarily_unavailable"));
    assert_eq!(class(&error), (UNAVAILABLE, Fate::Unspent, true));
    let error = error_of(&refresh(), &oauth(400, "server_error"));
    assert_eq!(class(&error), (UNAVAILABLE, Fate::Unknown, true));
}

#[test]
fn e14_the_codes_of_a_provider_take_precedence_over_the_standard_codes() {
    let format = TokenFormat::new()
        .code("bad_refresh_token", Meaning::GrantRefused)
        .code("invalid_request", Meaning::Misconfigured)
        .code("invalid_grant", Meaning::Unavailable);
    let class_of = |name| class(&format.read(&refresh(), &oauth(400, name), NOW).unwrap_err());
    assert_eq!(class_of("bad_refresh_token"), (REFUSED, Fate::Dead, false));
    assert_eq!(class_of("invalid_request"), (ErrorKind::Misconfigured, Fate::Unspent, false));
    assert_eq!(class_of("invalid_grant"), (UNAVAILABLE, Fate::Unknown, true));
    assert_eq!(class_of("invalid_client"), (ErrorKind::Misconfigured, Fate::Unspent, false));
}

fn parts_of(body: &str) -> (ErrorShape, Option<String>, Option<String>) {
    let body = ErrorBody::of(&Object::parse(body.as_bytes()).expect("the body is an object"));
    (body.shape, body.code, body.message)
}

#[test]
fn e15_the_message_of_nest_is_a_string_or_an_array_of_strings() {
    let nest = |message: &str| (ErrorShape::Nest, None, Some(message.to_string()));
    assert_eq!(
        parts_of(r#"{"statusCode":401,"message":"Token não fornecido ou inválido","error":"Unauthorized"}"#),
        nest("Token não fornecido ou inválido")
    );
    assert_eq!(
        parts_of(
            r#"{"statusCode":400,"message":["clientId must be a string","clientSecret is short"],"error":"Bad Request"}"#
        ),
        nest("clientId must be a string; clientSecret is short")
    );
    assert_eq!(parts_of(r#"{"statusCode":429,"message":"Too Many Requests"}"#), nest("Too Many Requests"));
    assert_eq!(
        parts_of(r#"{"statusCode":400,"message":"no","error":"invalid_grant"}"#),
        (ErrorShape::OAuth, Some("invalid_grant".into()), Some("no".into()))
    );
}

#[test]
fn e16_a_problem_is_named_by_its_type_and_its_status_is_advisory() {
    let body = r#"{"type":"https://pix.bcb.gov.br/api/v2/error/AcessoNegado","title":"Acesso Negado","status":403,
        "detail":"sem permissão","violacoes":[{"razao":"r","propriedade":"p"}],"correlationId":"c"}"#;
    assert_eq!(
        parts_of(body),
        (
            ErrorShape::Problem,
            Some("https://pix.bcb.gov.br/api/v2/error/AcessoNegado".into()),
            Some("sem permissão".into())
        )
    );
    let object = Object::parse(body.as_bytes()).unwrap();
    let violations = object.get("violacoes").and_then(wellspring_wire::Json::as_array).unwrap();
    assert_eq!(violations[0].as_object().unwrap().text("razao"), Some("r"));
    assert_eq!(object.text("correlationId"), Some("c"));

    let error = error_of(
        &AuthorizationGrant::ClientCredentials,
        &response_of_type(400, "application/problem+json", body),
    );
    assert_eq!(class(&error), (ErrorKind::Protocol, Fate::Unspent, false));
    assert_eq!(error.code(), Some("https://pix.bcb.gov.br/api/v2/error/AcessoNegado"));
    let error = error_of(
        &AuthorizationGrant::ClientCredentials,
        &response(400, r#"{"type":"https://x/odd?t=1","title":"t"}"#),
    );
    assert_eq!(error.code(), Some("https://x/odd"));
    assert_eq!(
        parts_of(r#"{"type":"about:blank","title":"Not Found","status":"odd","detail":7}"#),
        (ErrorShape::Problem, None, Some("Not Found".into()))
    );
}

#[test]
fn e17_other_objects_give_their_code_and_message() {
    assert_eq!(
        parts_of(r#"{"error":{"code":403,"message":"denied","status":"PERMISSION_DENIED"}}"#),
        (ErrorShape::Other, Some("403".into()), Some("denied".into()))
    );
    assert_eq!(
        parts_of(r#"{"code":101,"message":"Invalid token"}"#),
        (ErrorShape::Other, Some("101".into()), Some("Invalid token".into()))
    );
    assert_eq!(parts_of("{}"), (ErrorShape::Other, None, None));
    assert_eq!(parts_of(r#"{"error":7,"message":{}}"#), (ErrorShape::Other, Some("7".into()), None));
    assert_eq!(
        parts_of(r#"{"errcode":40013,"errmsg":"invalid appid"}"#),
        (ErrorShape::Other, Some("40013".into()), Some("invalid appid".into()))
    );
    assert_eq!(
        parts_of(r#"{"errors":[{"errorType":"invalid_client","message":"m"}],"success":false}"#),
        (ErrorShape::List, Some("invalid_client".into()), Some("m".into()))
    );
    assert_eq!(parts_of(r#"{"errors":[],"status":400}"#), (ErrorShape::Other, None, None));
}

#[test]
fn e18_an_invalid_status_is_an_error() {
    for status in [0, 100, 101, 199, 600, 999] {
        let error = error_of(&refresh(), &response(status, r#"{"access_token":"a"}"#));
        assert_eq!(class(&error), (ErrorKind::Protocol, Fate::Unknown, false), "{status}");
    }
}

#[test]
fn e22_a_text_that_is_not_a_word_is_no_code() {
    for (code, shown) in
        [("x y", None), ("", None), (&*"x".repeat(65), None), ("a\\nb", None), ("E-17", Some("E-17"))]
    {
        let error = error_of(&refresh(), &response(400, format!(r#"{{"error":"{code}"}}"#)));
        assert_eq!(error.code(), shown, "{code}");
    }
}

#[test]
fn e30_a_pending_device_code_may_be_sent_again() {
    for name in ["authorization_pending", "slow_down"] {
        // Some servers use other statuses than 400.
        for status in [200, 400, 403, 428, 429] {
            let error = error_of(&device_code(), &oauth(status, name));
            assert_eq!(class(&error), (UNAVAILABLE, Fate::Unspent, true), "{name} {status}");
            assert_eq!(error.code(), Some(name));
        }
    }
}

#[test]
fn e31_a_denied_or_expired_device_code_is_dead() {
    for (name, message) in [
        ("access_denied", "the user refused the sign-in"),
        ("expired_token", "the device code expired before the user signed in"),
        ("invalid_grant", "the endpoint refused the device code"),
    ] {
        for status in [200, 400, 401, 403] {
            let error = error_of(&device_code(), &oauth(status, name));
            assert_eq!(class(&error), (ErrorKind::Protocol, Fate::Dead, false), "{name} {status}");
            assert!(error.to_string().starts_with(message), "{error}");
        }
    }
    let error = error_of(&device_code(), &oauth(401, "invalid_client"));
    assert_eq!(class(&error), (ErrorKind::Misconfigured, Fate::Unspent, false));
}

#[test]
fn e32_error_codes_of_device_codes_mean_nothing_for_other_grants() {
    for name in ["authorization_pending", "slow_down", "access_denied", "expired_token"] {
        for grant in [AuthorizationGrant::ClientCredentials, refresh(), code()] {
            let error = error_of(&grant, &oauth(400, name));
            assert_eq!(class(&error), (ErrorKind::Protocol, Fate::Unspent, false), "{name}");
        }
    }
}
