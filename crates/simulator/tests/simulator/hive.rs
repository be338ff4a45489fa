//! Hive.

use wellspring_simulator::{HiveFailures, Request, World};

use crate::exchange::{NOW, after, json, text, world};

fn sign_in(world: &mut World, seconds: u64) -> (String, String) {
    let ask = Request::post("/v2/auth-token").with_json(r#"{"id":"test","secretKey":"1234"}"#);
    let answer = world.answer(&ask, after(seconds));
    (text(&answer, "data.accessToken"), text(&answer, "data.refreshToken"))
}

fn refresh(token: &str) -> Request {
    Request::post("/v2/refresh-token").with_bearer(token)
}

fn code(world: &mut World, request: &Request, seconds: u64) -> (u16, u64) {
    let answer = world.answer(request, after(seconds));
    (answer.status, json(&answer)["code"].as_u64().unwrap())
}

#[test]
fn a_refresh_needs_an_empty_body_with_any_content_type() {
    let mut world = world();
    for label in [Some("application/json"), Some("application/x-www-form-urlencoded"), None] {
        let (_, token) = sign_in(&mut world, 0);
        let request = match label {
            Some(label) => refresh(&token).with_header("Content-Type", label),
            None => refresh(&token),
        };
        assert_eq!(code(&mut world, &request.clone().with_body(b"{}"), 0), (400, 100));
        assert_eq!(code(&mut world, &request, 0), (200, 0));
    }
    assert_eq!((world.counters().hive_tokens, world.counters().hive_refreshes), (3, 3));
}

#[test]
fn a_refresh_token_is_single_use_or_reusable_as_configured_and_lives_a_week() {
    let mut world = world();
    let (_, first) = sign_in(&mut world, 0);
    let second = text(&world.answer(&refresh(&first), after(1)), "data.refreshToken");
    assert_ne!(first, second);
    assert_eq!(code(&mut world, &refresh(&first), 2), (401, 101));
    assert_eq!(world.counters().reuses_detected, 1);
    assert_eq!(code(&mut world, &refresh(&second), 604_801), (401, 101));
    assert_eq!(code(&mut world, &refresh(&second), 604_800), (200, 0));

    world.config_mut().hive.refresh_is_single_use = false;
    let (_, kept) = sign_in(&mut world, 3);
    assert_eq!(code(&mut world, &refresh(&kept), 4), (200, 0));
    assert_eq!(code(&mut world, &refresh(&kept), 5), (200, 0));
}

#[test]
fn tokens_of_the_same_second_differ() {
    let mut world = world();
    let (access, first) = sign_in(&mut world, 0);
    let answer = world.answer(&refresh(&first), NOW);
    let (again, second) = (text(&answer, "data.accessToken"), text(&answer, "data.refreshToken"));
    let all = [access, first, again, second];
    assert!((0..4).all(|at| !all[..at].contains(&all[at])));
}

#[test]
fn an_access_token_opens_the_service_and_refreshes_nothing() {
    let mut world = world();
    let (access, refresh_token) = sign_in(&mut world, 0);
    let ping = Request::get("/service/v1/ping");
    assert_eq!(code(&mut world, &ping.clone().with_bearer(&access), 86_399), (200, 0));
    assert_eq!(code(&mut world, &ping.clone().with_header("Authorization", &access), 1), (200, 0));
    assert_eq!(code(&mut world, &ping.clone().with_bearer(&access), 86_400), (401, 101));
    assert_eq!(code(&mut world, &ping.clone().with_bearer(&refresh_token), 1), (401, 101));
    assert_eq!(code(&mut world, &ping, 1), (401, 101));
    assert_eq!(code(&mut world, &refresh(&access), 1), (401, 101));
    assert_eq!(code(&mut world, &Request::post("/v2/refresh-token"), 1), (401, 101));
}

#[test]
fn failures_have_a_status_or_only_a_code_in_the_envelope() {
    let mut world = world();
    let wrong = Request::post("/v2/auth-token").with_json(r#"{"id":"test","secretKey":"4321"}"#);
    let none = Request::post("/v2/auth-token").with_json("{}");
    assert_eq!(code(&mut world, &wrong, 0), (401, 101));
    assert_eq!(code(&mut world, &none, 0), (400, 100));
    assert_eq!(code(&mut world, &Request::get("/v2/auth-token"), 0), (405, 104));
    world.config_mut().hive.failures = HiveFailures::InEnvelope;
    assert_eq!(code(&mut world, &wrong, 0), (200, 101));
    assert_eq!(world.answer(&wrong, NOW).text(), r#"{"code":101,"message":"Invalid token","data":null}"#);
    assert_eq!(code(&mut world, &Request::get("/service/v1/ping"), 0), (200, 101));
}

#[test]
fn tokens_can_be_revoked_before_they_expire() {
    let mut world = world();
    let (access, token) = sign_in(&mut world, 0);
    let ping = Request::get("/service/v1/ping").with_bearer(&access);
    assert!(world.revoke(&access) && !world.revoke("x"));
    assert_eq!(code(&mut world, &ping, 1), (401, 101));
    world.revoke_families();
    assert_eq!(code(&mut world, &refresh(&token), 1), (401, 101));
    assert_eq!(world.counters().families_revoked, 1);
}
