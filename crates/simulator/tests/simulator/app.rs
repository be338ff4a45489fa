//! The OAuth2 application provider behind the browser: grants, rotation, resources, metadata.

use core::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use wellspring_simulator::{Answer, Endpoint, Fault, OauthClient, Request, Rotation, World};

use crate::authorization::{authorize, usual, value};
use crate::exchange::{NOW, after, json, text, world};

const CALLBACK: &str = "https://yourapp.com/oauth/callback";
const ID: (&str, &str) = ("client_id", "client_abc123def456");
const SECRET: (&str, &str) = ("client_secret", "secret_xyz789uvw012");

fn ask(fields: &[(&str, &str)]) -> Request {
    Request::post("/api/oauth2/token").with_form(fields)
}

fn code(world: &mut World, more: &str) -> String {
    value(&world.answer(&usual(&format!("{more}&auto_authorize=true")), NOW), "code").unwrap()
}

fn exchange_code(code: &str) -> Request {
    ask(&[("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK), ID, SECRET])
}

fn exchange_refresh(token: &str) -> Request {
    ask(&[("grant_type", "refresh_token"), ("refresh_token", token), ID, SECRET])
}

/// Access token and refresh token of a new sign-in.
fn sign_in(world: &mut World) -> (String, String) {
    let code = code(world, "");
    let answer = world.answer(&exchange_code(&code), NOW);
    (text(&answer, "access_token"), text(&answer, "refresh_token"))
}

fn error(answer: &Answer) -> (u16, String) {
    (answer.status, text(answer, "error"))
}

fn userinfo(world: &mut World, token: &str, seconds: u64) -> Answer {
    world.answer(&Request::get("/api/oauth2/userinfo").with_bearer(token), after(seconds))
}

fn decision(world: &World) -> String {
    world.log().last().unwrap().decision.clone()
}

#[test]
fn a_code_is_valid_once_and_a_second_use_revokes_its_tokens() {
    let mut world = world();
    let code = code(&mut world, "");
    let first = world.answer(&exchange_code(&code), NOW);
    let token = text(&first, "access_token");
    assert_eq!(userinfo(&mut world, &token, 1).status, 200);
    assert_eq!(error(&world.answer(&exchange_code(&code), after(2))), (400, "invalid_grant".into()));
    assert_eq!(decision(&world), "code used before: family revoked");
    assert_eq!(userinfo(&mut world, &token, 3).status, 401);
    let refreshed = world.answer(&exchange_refresh(&text(&first, "refresh_token")), after(4));
    assert_eq!(error(&refreshed), (400, "invalid_grant".into()));
    assert_eq!((world.counters().reuses_detected, world.counters().families_revoked), (1, 1));
}

#[test]
fn a_code_is_bound_to_its_client_its_redirect_uri_and_ten_minutes() {
    let mut world = world();
    world.config_mut().app.clients.push(OauthClient::confidential("other", "secret-of-other", CALLBACK));
    let grant = |code: &str, redirect_uri: &str, id: &str, secret: &str| {
        ask(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("client_id", id),
            ("client_secret", secret),
        ])
    };
    let code = code(&mut world, "");
    for wrong in [
        grant(&code, "https://yourapp.com/oauth/callback/", ID.1, SECRET.1),
        grant(&code, CALLBACK, "other", "secret-of-other"),
        grant("x", CALLBACK, ID.1, SECRET.1),
    ] {
        assert_eq!(error(&world.answer(&wrong, NOW)), (400, "invalid_grant".into()));
    }
    assert_eq!(error(&world.answer(&exchange_code(&code), after(600))), (400, "invalid_grant".into()));
    assert_eq!(world.answer(&exchange_code(&code), after(599)).status, 200);
}

#[test]
fn a_refresh_token_rotates_and_its_reuse_revokes_the_family() {
    let mut world = world();
    let (_, first) = sign_in(&mut world);
    let answer = world.answer(&exchange_refresh(&first), after(10));
    let (access, second) = (text(&answer, "access_token"), text(&answer, "refresh_token"));
    assert_ne!(first, second);
    assert_eq!(error(&world.answer(&exchange_refresh(&first), after(11))), (400, "invalid_grant".into()));
    assert_eq!(decision(&world), "reuse detected: family revoked");
    assert_eq!(error(&world.answer(&exchange_refresh(&second), after(12))), (400, "invalid_grant".into()));
    assert_eq!(userinfo(&mut world, &access, 13).status, 401);
    let counters = world.counters();
    assert_eq!((counters.refresh_grants, counters.reuses_detected, counters.families_revoked), (1, 1, 1));
}

#[test]
fn within_the_replay_window_a_used_token_returns_its_successor_while_that_is_unused() {
    let mut world = world();
    world.config_mut().app.rotation = Rotation::Rotate { replay_window: Some(Duration::from_secs(30)) };
    let (_, first) = sign_in(&mut world);
    let second = text(&world.answer(&exchange_refresh(&first), after(10)), "refresh_token");
    let replayed = world.answer(&exchange_refresh(&first), after(39));
    assert_eq!(text(&replayed, "refresh_token"), second);
    assert_eq!(userinfo(&mut world, &text(&replayed, "access_token"), 39).status, 200);
    assert_eq!((world.counters().replays_forgiven, world.counters().reuses_detected), (1, 0));

    let third = text(&world.answer(&exchange_refresh(&second), after(20)), "refresh_token");
    assert_eq!(error(&world.answer(&exchange_refresh(&first), after(21))).0, 400, "the successor was used");
    assert_eq!(error(&world.answer(&exchange_refresh(&third), after(22))).0, 400, "and the family is gone");
}

#[test]
fn after_the_replay_window_a_used_token_is_a_reuse() {
    let mut world = world();
    world.config_mut().app.rotation = Rotation::Rotate { replay_window: Some(Duration::from_secs(30)) };
    let (_, first) = sign_in(&mut world);
    world.answer(&exchange_refresh(&first), after(10));
    assert_eq!(error(&world.answer(&exchange_refresh(&first), after(40))).0, 400);
    assert_eq!(world.counters().families_revoked, 1);
}

#[test]
fn without_rotation_the_token_stays_valid_and_the_answer_repeats_or_omits_it() {
    let mut world = world();
    let (_, token) = sign_in(&mut world);
    world.config_mut().app.rotation = Rotation::Same;
    assert_eq!(text(&world.answer(&exchange_refresh(&token), after(1)), "refresh_token"), token);
    world.config_mut().app.rotation = Rotation::None;
    for seconds in [2, 3] {
        let answer = world.answer(&exchange_refresh(&token), after(seconds));
        assert_eq!((answer.status, json(&answer).get("refresh_token")), (200, None));
    }
}

#[test]
fn an_answer_with_an_empty_refresh_token_keeps_the_issued_one_valid() {
    let mut world = world();
    let (_, token) = sign_in(&mut world);
    world.config_mut().app.rotation = Rotation::Same;
    world.fault(Endpoint::RefreshGrant, Fault::parse("refresh-token-empty").unwrap());
    assert_eq!(text(&world.answer(&exchange_refresh(&token), after(1)), "refresh_token"), "");
    assert_eq!(world.answer(&exchange_refresh(&token), after(2)).status, 200);
}

#[test]
fn each_refresh_token_lives_thirty_days_and_each_access_token_two_hours() {
    let mut world = world();
    let (access, first) = sign_in(&mut world);
    assert_eq!(userinfo(&mut world, &access, 7_199).status, 200);
    assert_eq!(userinfo(&mut world, &access, 7_200).status, 401);
    let month = 30 * 86_400;
    let second = text(&world.answer(&exchange_refresh(&first), after(month - 1)), "refresh_token");
    assert_eq!(world.answer(&exchange_refresh(&second), after(2 * month - 2)).status, 200);
    let (_, idle) = sign_in(&mut world);
    assert_eq!(error(&world.answer(&exchange_refresh(&idle), after(month))), (400, "invalid_grant".into()));
    assert_eq!(world.counters().reuses_detected, 0);
}

#[test]
fn a_refresh_may_narrow_the_scope_and_never_widen_it() {
    let mut world = world();
    let narrow = |token: &str, scope: &str| {
        ask(&[("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope), ID, SECRET])
    };
    let (_, token) = sign_in(&mut world);
    let answer = world.answer(&narrow(&token, "profile"), NOW);
    assert_eq!(text(&answer, "scope"), "profile");
    let user = json(&userinfo(&mut world, &text(&answer, "access_token"), 1));
    assert_eq!((user.get("username").is_some(), user.get("quota")), (true, None));
    // The family keeps its scope.
    let token = text(&answer, "refresh_token");
    assert_eq!(error(&world.answer(&narrow(&token, "profile admin"), NOW)), (400, "invalid_scope".into()));
    assert_eq!(text(&world.answer(&exchange_refresh(&token), NOW), "scope"), "profile balance");
}

#[test]
fn the_user_may_consent_to_fewer_scopes_than_requested() {
    let mut world = world();
    world.config_mut().app.consents_to = Some("balance".into());
    let code = code(&mut world, "&scope=profile+balance");
    let answer = world.answer(&exchange_code(&code), NOW);
    assert_eq!(text(&answer, "scope"), "balance");
    let user = json(&userinfo(&mut world, &text(&answer, "access_token"), 1));
    assert_eq!((user.get("username"), user["balance_formatted"].as_str()), (None, Some("750.00")));
}

#[test]
fn a_client_authenticates_with_one_method_only() {
    let mut world = world();
    let basic = |id: &str, secret: &str| format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    let grant = ("grant_type", "client_credentials");
    let ours = basic(ID.1, SECRET.1);
    assert_eq!(world.answer(&ask(&[grant, ID, SECRET]), NOW).status, 200);
    assert_eq!(world.answer(&ask(&[grant]).with_header("Authorization", &ours), NOW).status, 200);
    assert_eq!(world.answer(&ask(&[grant, ID]).with_header("Authorization", &ours), NOW).status, 200);
    let both = world.answer(&ask(&[grant, ID, SECRET]).with_header("Authorization", &ours), NOW);
    assert_eq!(error(&both), (400, "invalid_request".into()));

    let wrong = world.answer(&ask(&[grant]).with_header("Authorization", &basic(ID.1, "x")), NOW);
    assert_eq!(error(&wrong), (401, "invalid_client".into()));
    assert!(wrong.header("WWW-Authenticate").unwrap().starts_with("Basic "));
    for unauthenticated in [ask(&[grant]), ask(&[grant, ("client_id", "x")]), ask(&[grant, ID])] {
        assert_eq!(error(&world.answer(&unauthenticated, NOW)), (401, "invalid_client".into()));
    }
    let public = ask(&[grant, ("client_id", "client_public")]);
    assert_eq!(error(&world.answer(&public, NOW)), (400, "unauthorized_client".into()));

    // Each half is form-encoded before base64.
    world.config_mut().app.clients.push(OauthClient::confidential("a:b c", "p%q+r é", CALLBACK));
    let encoded = basic("a%3Ab+c", "p%25q%2Br+%C3%A9");
    assert_eq!(world.answer(&ask(&[grant]).with_header("Authorization", &encoded), NOW).status, 200);
}

#[test]
fn a_token_request_is_a_form_without_duplicates_and_with_a_known_grant() {
    let mut world = world();
    let of = |fields: &[(&str, &str)]| ask(fields);
    let grant = ("grant_type", "client_credentials");
    let mut error_of = |request: &Request| error(&world.answer(request, NOW)).1;
    assert_eq!(error_of(&of(&[grant, grant, ID, SECRET])), "invalid_request");
    assert_eq!(error_of(&of(&[ID, SECRET])), "invalid_request");
    assert_eq!(error_of(&of(&[("grant_type", "password"), ID, SECRET])), "unsupported_grant_type");
    assert_eq!(
        error_of(&of(&[("grant_type", "refresh_token"), ("refresh_token", ""), ID, SECRET])),
        "invalid_request"
    );
    assert_eq!(error_of(&of(&[grant, ("scope", "admin"), ID, SECRET])), "invalid_scope");
    let body =
        "grant_type=client_credentials&client_id=client_abc123def456&client_secret=secret_xyz789uvw012";
    assert_eq!(error_of(&Request::post("/api/oauth2/token").with_json(body)), "invalid_request");
    assert_eq!(error_of(&Request::get("/api/oauth2/token")), "invalid_request");
    let granted = json(&world.answer(&of(&[grant, ID, SECRET, ("unknown", "1")]), NOW));
    assert_eq!(granted.get("refresh_token"), None);
}

#[test]
fn a_challenge_is_answered_with_its_verifier_and_with_no_other() {
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let s256 = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    // The pair of RFC 7636, appendix B.
    assert_eq!(s256, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    let mut world = world();
    let mut status = |challenge: &str, verifier: &str| {
        let asked = format!(
            "client_id=client_public&redirect_uri={CALLBACK}&response_type=code&state=s&auto_authorize=true&{challenge}"
        );
        let code = value(&world.answer(&authorize(&asked), NOW), "code").unwrap();
        let grant = ask(&[
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("client_id", "client_public"),
            ("code_verifier", verifier),
        ]);
        world.answer(&grant, NOW).status
    };
    let hashed = format!("code_challenge={s256}&code_challenge_method=S256");
    assert_eq!(status(&hashed, verifier), 200);
    assert_eq!(status(&hashed, &s256), 400);
    assert_eq!(status(&hashed, ""), 400);
    assert_eq!(status("code_challenge=plain-text-verifier", "plain-text-verifier"), 200);
    assert_eq!(status("code_challenge=plain-text-verifier", "another"), 400);
    let code = code(&mut world, "");
    let unasked = ask(&[
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ID,
        SECRET,
        ("code_verifier", verifier),
    ]);
    assert_eq!(error(&world.answer(&unasked, NOW)), (400, "invalid_grant".into()));
}

#[test]
fn the_api_challenges_follow_the_standard() {
    let mut world = world();
    let none = world.answer(&Request::get("/api/oauth2/userinfo"), NOW);
    assert_eq!((none.status, none.header("WWW-Authenticate")), (401, Some(r#"Bearer realm="simulator""#)));
    let unknown = userinfo(&mut world, "x", 0);
    assert!(unknown.header("WWW-Authenticate").unwrap().contains(r#"error="invalid_token""#));
    world.config_mut().app.consents_to = Some("profile".into());
    let code = code(&mut world, "");
    let token = text(&world.answer(&exchange_code(&code), NOW), "access_token");
    let forbidden = world.answer(&Request::get("/api/oauth2/topup").with_bearer(&token), NOW);
    assert_eq!(error(&forbidden), (403, "insufficient_scope".into()));
    let challenge = forbidden.header("WWW-Authenticate").unwrap();
    assert!(challenge.contains(r#"error="insufficient_scope", scope="balance""#));
    world.config_mut().app.consents_to = None;
    let (token, _) = sign_in(&mut world);
    let answer = world.answer(&Request::get("/api/oauth2/topup").with_bearer(&token), NOW);
    assert!(text(&answer, "topup_url").starts_with("https://"));
}

#[test]
fn a_client_may_revoke_its_own_tokens_and_no_others() {
    let mut world = world();
    let revoke = |token: &str| Request::post("/api/oauth2/revoke").with_form(&[("token", token), ID, SECRET]);
    let (access, refresh) = sign_in(&mut world);
    let (kept, _) = sign_in(&mut world);
    assert_eq!(world.answer(&revoke("unknown"), NOW).status, 200);
    world.config_mut().app.clients.push(OauthClient::confidential("other", "secret-of-other", CALLBACK));
    let stranger =
        [("token", refresh.as_str()), ("client_id", "other"), ("client_secret", "secret-of-other")];
    assert_eq!(world.answer(&Request::post("/api/oauth2/revoke").with_form(&stranger), NOW).status, 400);
    assert_eq!(userinfo(&mut world, &access, 0).status, 200);
    let ended = world.answer(&revoke(&refresh), NOW);
    assert_eq!((ended.status, ended.body.len()), (200, 0));
    assert_eq!(userinfo(&mut world, &access, 0).status, 401);
    assert_eq!(error(&world.answer(&exchange_refresh(&refresh), NOW)), (400, "invalid_grant".into()));
    assert_eq!(world.answer(&revoke(&kept), NOW).status, 200);
    assert_eq!(userinfo(&mut world, &kept, 0).status, 401);
}

#[test]
fn registration_refuses_under_status_200() {
    let mut world = world();
    let mut register = |token: &str, body: &str| {
        let answer = world.answer(&Request::post("/api/oauth_apps").with_bearer(token).with_json(body), NOW);
        (answer.status, json(&answer)["success"].as_bool().unwrap())
    };
    let developer = "YOUR_DEVELOPER_TOKEN";
    assert_eq!(register(developer, r#"{"name":"","redirect_uri":"https://a.example/"}"#), (200, false));
    assert_eq!(register(developer, r#"{"name":"a","redirect_uri":"http://a.example/"}"#), (200, false));
    assert_eq!(
        register(developer, r#"{"name":"a","redirect_uri":"http://localhost.evil.com/"}"#),
        (200, false)
    );
    assert_eq!(register(developer, r#"{"name":"a","redirect_uri":"http://127.0.0.1:8080/cb"}"#), (200, true));
    assert_eq!(register("x", r#"{"name":"a","redirect_uri":"https://a.example/"}"#), (401, false));
}

#[test]
fn metadata_is_found_under_every_well_known_name_and_names_its_issuer() {
    let mut world = world();
    let mut of = |path: &str| world.answer(&Request::get(path).with_header("Host", "127.0.0.1:5"), NOW);
    for (path, issuer) in [
        ("/.well-known/oauth-authorization-server", "http://127.0.0.1:5"),
        ("/.well-known/openid-configuration", "http://127.0.0.1:5"),
        ("/.well-known/oauth-authorization-server/tenant/a", "http://127.0.0.1:5/tenant/a"),
        ("/tenant/a/.well-known/openid-configuration", "http://127.0.0.1:5/tenant/a"),
    ] {
        let document = json(&of(path));
        assert_eq!(document["issuer"], issuer, "{path}");
        assert_eq!(document["token_endpoint"], "http://127.0.0.1:5/api/oauth2/token");
        assert_eq!(
            document["device_authorization_endpoint"],
            "http://127.0.0.1:5/api/oauth2/device_authorization"
        );
    }
    assert_eq!(of("/.well-known/oauth-authorization-serverx").status, 404);
    assert_eq!(of("/.well-known/jwks.json").status, 404);
}
