//! The PIX gateway.

use core::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use wellspring_simulator::{Answer, Endpoint, Fault, Request, World};

use crate::exchange::{NOW, after, json, text, world};

fn ask(id: &str, secret: &str) -> Request {
    Request::post("/oauth/token").with_json(&json!({"clientId": id, "clientSecret": secret}).to_string())
}

fn token(world: &mut World) -> String {
    text(&world.answer(&ask("your-client-id", "your-client-secret"), NOW), "access_token")
}

fn refused(answer: &Answer, status: u16, body: &str) {
    assert_eq!((answer.status, answer.text()), (status, body.to_owned()));
    assert_eq!(answer.header("Content-Type"), Some("application/json; charset=utf-8"));
}

#[test]
fn a_secret_of_fewer_than_8_or_more_than_64_characters_is_refused_and_characters_are_counted_not_bytes() {
    let mut world = world();
    let short = world.answer(&ask("your-client-id", "1234567"), NOW);
    let message = "clientSecret must be longer than or equal to 8 characters";
    refused(&short, 400, &format!(r#"{{"statusCode":400,"message":"{message}","error":"Bad Request"}}"#));
    assert_eq!(world.answer(&ask("your-client-id", &"x".repeat(65)), NOW).status, 400);
    // A valid length but a wrong secret: 64 characters in 128 bytes.
    for secret in ["éééééééé", &"é".repeat(64)] {
        assert_eq!(world.answer(&ask("your-client-id", secret), NOW).status, 401);
    }
}

#[test]
fn two_errors_are_an_array_and_wrong_credentials_are_a_401() {
    let mut world = world();
    let both = world.answer(&Request::post("/oauth/token").with_json("{}"), NOW);
    assert_eq!(json(&both)["message"].as_array().unwrap().len(), 2);
    let wrong = world.answer(&ask("your-client-id", "another-secret"), NOW);
    refused(&wrong, 401, r#"{"statusCode":401,"message":"Credenciais inválidas","error":"Unauthorized"}"#);
    let form = Request::post("/oauth/token").with_form(&[("grant_type", "client_credentials")]);
    assert_eq!(world.answer(&form, NOW).status, 400);
    assert_eq!(world.counters().pix_tokens, 0);
}

#[test]
fn a_token_is_refused_as_missing_invalid_or_expired_and_an_insufficient_one_as_forbidden() {
    let mut world = world();
    let token = token(&mut world);
    let balances = Request::get("/accounts/balances");
    let body = |message| format!(r#"{{"statusCode":401,"message":"{message}","error":"Unauthorized"}}"#);
    refused(&world.answer(&balances, NOW), 401, &body("Token não fornecido"));
    let stranger = balances.clone().with_bearer("x");
    refused(&world.answer(&stranger, NOW), 401, &body("Token inválido"));
    let ours = balances.with_bearer(&token);
    assert_eq!(world.answer(&ours, after(3_599)).status, 200);
    refused(&world.answer(&ours, after(3_600)), 401, &body("Token expirado"));
    world.revoke_access_tokens();
    refused(&world.answer(&ours, NOW), 401, &body("Token inválido"));

    world.config_mut().pix.scope = "pix:read".into();
    let reader = self::token(&mut world);
    let put = Request::new("PUT", "/cob/abc123").with_bearer(&reader).with_json("{}");
    let body = r#"{"statusCode":403,"message":"Permissão insuficiente","error":"Forbidden"}"#;
    refused(&world.answer(&put, NOW), 403, body);
}

#[test]
fn a_charge_is_created_with_201_and_shown_with_200() {
    let mut world = world();
    let token = token(&mut world);
    let charge = |method| Request::new(method, "/cob/7978c0c97ea847e78e8849634473c1f1").with_bearer(&token);
    assert_eq!(world.answer(&charge("GET"), NOW).status, 404);
    assert_eq!(world.answer(&charge("PUT").with_json("{}"), NOW).status, 201);
    let shown = world.answer(&charge("GET"), after(5));
    assert_eq!((shown.status, json(&shown)["calendario"]["criacao"].as_u64()), (200, Some(1_700_000_000)));
}

#[test]
fn errors_can_be_problems_and_success_can_be_201() {
    let mut world = world();
    world.config_mut().pix.problem_json = true;
    world.config_mut().pix.success_status = 201;
    assert_eq!(world.answer(&ask("your-client-id", "your-client-secret"), NOW).status, 201);
    let problem = world.answer(&Request::get("/accounts/balances"), NOW);
    assert_eq!(problem.header("Content-Type"), Some("application/problem+json"));
    assert_eq!(json(&problem)["status"], 401);
}

#[test]
fn too_many_token_requests_in_a_minute_are_refused_until_the_minute_has_passed() {
    let mut world = world();
    world.config_mut().pix.token_calls_per_minute = Some(2);
    let mut status = |seconds| {
        let answer = world.answer(&ask("your-client-id", "your-client-secret"), after(seconds));
        (answer.status, answer.header("Retry-After").map(ToOwned::to_owned), answer.text())
    };
    assert_eq!((status(0).0, status(10).0), (200, 200));
    let body = r#"{"statusCode":429,"message":"Too Many Requests"}"#.to_owned();
    assert_eq!(status(20), (429, Some("40".into()), body));
    assert_eq!((status(60).0, status(61).0, status(70).0), (200, 429, 200));
}

/// A percent-encoded PEM with this text for a space.
fn certificate(blank: &str) -> String {
    let der = [&[0x30, 0x82][..], &[7; 100]].concat();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(der));
    pem.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D").replace(' ', blank).replace('\n', "%0A")
}

#[test]
fn the_other_token_endpoint_requires_a_certificate_in_a_header_and_answers_201() {
    let mut world = world();
    let credentials = r#"{"clientId":"your-client-id","clientSecret":"your-client-secret"}"#;
    let ask = Request::post("/api/auth/token").with_json(credentials);
    let none = world.answer(&ask, NOW);
    refused(&none, 400, r#"{"statusCode":400,"message":"Certificado ausente no header X-SSL-Client-Cert"}"#);
    let with = |blank| ask.clone().with_header("X-SSL-Client-Cert", &certificate(blank));
    assert_eq!(world.answer(&with("+"), NOW).status, 400);
    let issued = world.answer(&with("%20"), NOW);
    assert_eq!((issued.status, json(&issued)["expires_in"].as_u64()), (201, Some(1_800)));
    assert_eq!(json(&issued).get("scope"), None);
    let token = text(&issued, "access_token");
    assert_eq!(world.answer(&Request::get("/accounts/balances").with_bearer(&token), NOW).status, 200);

    let mut wrong = with("%20");
    wrong.body = br#"{"clientId":"your-client-id","clientSecret":"another-secret"}"#.to_vec();
    let body = r#"{"statusCode":401,"message":"Credenciais inválidas ou certificado inválido"}"#;
    refused(&world.answer(&wrong, NOW), 401, body);
    world.config_mut().pix.linked_certificates = vec!["00".repeat(32)];
    let body = r#"{"statusCode":403,"message":"Certificado não vinculado à conta"}"#;
    refused(&world.answer(&with("%20"), NOW), 403, body);
}

#[test]
fn a_token_is_bound_to_the_certificate_of_its_connection() {
    let mut world = world();
    let mut request = ask("your-client-id", "your-client-secret");
    request.client_certificate = Some(vec![1, 2, 3]);
    let token = text(&world.answer(&request, NOW), "access_token");
    let mut balances = Request::get("/accounts/balances").with_bearer(&token);
    assert_eq!(world.answer(&balances, NOW).status, 401);
    balances.client_certificate = Some(vec![1, 2, 3]);
    assert_eq!(world.answer(&balances, NOW).status, 200);
}

#[test]
fn dates_follow_the_clock_and_its_skew() {
    let mut world = world();
    world.config_mut().date_skew = -3_600;
    let answer = world.answer(&ask("your-client-id", "your-client-secret"), NOW);
    assert_eq!(answer.header("Date"), Some("Tue, 14 Nov 2023 21:13:20 GMT"));
}

#[test]
fn a_seed_gives_the_same_tokens_in_every_run_and_without_one_they_differ() {
    let run = |seed| {
        let mut world = world();
        world.config_mut().seed = seed;
        let config = core::mem::take(world.config_mut());
        token(&mut World::new(config))
    };
    assert_eq!(run(Some(7)), run(Some(7)));
    assert_ne!(run(Some(7)), run(Some(8)));
    assert_ne!(run(None), run(None));
}

#[test]
fn the_log_distinguishes_secrets_and_shows_none() {
    let mut world = world();
    let token = token(&mut world);
    world.answer(
        &Request::get("/accounts/balances?secret=canary").with_bearer(&token),
        NOW + Duration::from_millis(1),
    );
    world.fault(Endpoint::Token, Fault::parse("reset-after").unwrap());
    world.answer(&ask("your-client-id", "your-client-secret"), NOW);
    let log: Vec<_> = world.log().cloned().collect();
    assert_eq!(log[0].decision, "token issued");
    assert_eq!(
        (log[1].endpoint, log[1].path.as_str(), log[1].n),
        (Endpoint::PixApi, "/accounts/balances", 2)
    );
    let print =
        |entry: usize, what: &str| log[entry].secrets.iter().find(|s| s.what == what).unwrap().print.clone();
    assert_eq!(print(0, "issued access_token"), print(1, "sent authorization Bearer"));
    assert_eq!(print(0, "sent clientSecret"), print(2, "sent clientSecret"));
    assert_eq!((log[2].status, log[2].fault.as_deref()), (None, Some("reset-after")));
    let received: Vec<_> = world.received().map(|(_, request)| request.clone()).collect();
    let shown = format!("{log:?}{world:?}{received:?}");
    for secret in ["your-client-secret", "canary", &token] {
        assert!(!shown.contains(secret), "{secret} is shown");
    }
}
