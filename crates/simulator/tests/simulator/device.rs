//! Signing in on another device (RFC 8628).

use wellspring_simulator::{Answer, Endpoint, Fault, Request, World};

use crate::exchange::{NOW, after, json, text, world};

const ID: (&str, &str) = ("client_id", "client_abc123def456");
const SECRET: (&str, &str) = ("client_secret", "secret_xyz789uvw012");
const GRANT: (&str, &str) = ("grant_type", "urn:ietf:params:oauth:grant-type:device_code");

fn begin(world: &mut World) -> Answer {
    let ask = Request::post("/api/oauth2/device_authorization")
        .with_header("Host", "127.0.0.1:5")
        .with_form(&[("scope", "profile"), ID, SECRET]);
    world.answer(&ask, NOW)
}

fn poll(world: &mut World, code: &str, seconds: u64) -> Answer {
    let ask = Request::post("/api/oauth2/token").with_form(&[GRANT, ("device_code", code), ID, SECRET]);
    world.answer(&ask, after(seconds))
}

fn decide(world: &mut World, user_code: &str, decision: &str, seconds: u64) -> Answer {
    let form = [("user_code", user_code), ("decision", decision)];
    world.answer(&Request::post("/api/oauth2/device").with_form(&form), after(seconds))
}

fn error(answer: &Answer) -> (u16, String) {
    (answer.status, text(answer, "error"))
}

#[test]
fn a_device_gets_the_members_of_the_standards_example() {
    // https://www.rfc-editor.org/rfc/rfc8628#section-3.2, byte for byte.
    let example: serde_json::Value = serde_json::from_str(
        r#"{
        "device_code": "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS",
        "user_code": "WDJB-MJHT",
        "verification_uri":
            "https://example.com/device",
        "verification_uri_complete":
            "https://example.com/device?user_code=WDJB-MJHT",
        "expires_in": 1800,
        "interval": 5
      }"#,
    )
    .unwrap();
    let answer = begin(&mut world());
    assert_eq!((answer.status, answer.header("Cache-Control")), (200, Some("no-store")));
    let given = json(&answer);
    let names =
        |value: &serde_json::Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(names(&given), names(&example));
    assert_eq!((&given["expires_in"], &given["interval"]), (&example["expires_in"], &example["interval"]));
    let user_code = text(&answer, "user_code");
    assert!(user_code.len() == 9 && user_code.as_bytes()[4] == b'-', "{user_code}");
    assert_eq!(given["verification_uri"], "http://127.0.0.1:5/api/oauth2/device");
    let complete = format!("http://127.0.0.1:5/api/oauth2/device?user_code={user_code}");
    assert_eq!(given["verification_uri_complete"], complete.as_str());
}

#[test]
fn with_auto_approve_the_first_poll_gets_the_token() {
    let mut world = world();
    world.config_mut().app.auto_approve = true;
    let code = text(&begin(&mut world), "device_code");
    assert_eq!(poll(&mut world, &code, 5).status, 200);
}

#[test]
fn a_poll_waits_for_the_user_and_returns_a_token_once() {
    let mut world = world();
    let begun = begin(&mut world);
    let (code, user_code) = (text(&begun, "device_code"), text(&begun, "user_code"));
    assert_eq!(error(&poll(&mut world, &code, 5)), (400, "authorization_pending".into()));
    // The user may type the code in other ways.
    let typed = user_code.to_lowercase().replace('-', " ");
    assert_eq!(decide(&mut world, &typed, "allow", 7).status, 200);
    assert_eq!(decide(&mut world, &user_code, "deny", 8).status, 409, "the user has already decided");
    let granted = poll(&mut world, &code, 10);
    assert_eq!((granted.status, text(&granted, "scope")), (200, "profile".into()));
    let token = text(&granted, "access_token");
    assert!(!text(&granted, "refresh_token").is_empty());
    let userinfo = Request::get("/api/oauth2/userinfo").with_bearer(&token);
    assert_eq!(world.answer(&userinfo, after(11)).status, 200);
    assert_eq!(error(&poll(&mut world, &code, 15)), (400, "invalid_grant".into()));
    assert_eq!(world.answer(&userinfo, after(16)).status, 401, "a second use revokes the tokens");
    assert_eq!(world.counters().device_grants, 1);
    let log: Vec<_> = world.log().flat_map(|entry| &entry.secrets).map(|secret| &secret.what).collect();
    assert!(log.iter().any(|what| *what == "sent device_code"), "{log:?}");
}

#[test]
fn a_device_that_polls_too_soon_has_to_wait_longer_each_time() {
    let mut world = world();
    let code = text(&begin(&mut world), "device_code");
    let mut ask = |seconds| error(&poll(&mut world, &code, seconds)).1;
    assert_eq!(ask(0), "authorization_pending");
    assert_eq!(ask(4), "slow_down");
    assert_eq!(ask(13), "slow_down", "the interval is ten seconds now");
    assert_eq!(ask(28), "authorization_pending", "fifteen");
}

#[test]
fn a_device_is_refused_by_the_user_after_expiry_and_with_the_code_of_another_client() {
    let mut world = world();
    let begun = begin(&mut world);
    let (code, user_code) = (text(&begun, "device_code"), text(&begun, "user_code"));
    let stranger = [GRANT, ("device_code", &code), ("client_id", "client_public")];
    let stranger = world.answer(&Request::post("/api/oauth2/token").with_form(&stranger), after(1));
    assert_eq!(error(&stranger), (400, "invalid_grant".into()));
    assert_eq!(decide(&mut world, &user_code, "deny", 2).status, 200);
    assert_eq!(error(&poll(&mut world, &code, 5)), (400, "access_denied".into()));
    assert_eq!(error(&poll(&mut world, "guessed", 5)), (400, "invalid_grant".into()));

    let begun = begin(&mut world);
    let (code, user_code) = (text(&begun, "device_code"), text(&begun, "user_code"));
    assert_eq!(decide(&mut world, &user_code, "allow", 1_800).status, 404, "too late");
    assert_eq!(error(&poll(&mut world, &code, 1_800)), (400, "expired_token".into()));

    let unknown = [("client_id", "unknown")];
    let unknown = Request::post("/api/oauth2/device_authorization").with_form(&unknown);
    assert_eq!(error(&world.answer(&unknown, NOW)), (401, "invalid_client".into()));
    let greedy = Request::post("/api/oauth2/device_authorization").with_form(&[("scope", "all"), ID, SECRET]);
    assert_eq!(error(&world.answer(&greedy, NOW)), (400, "invalid_scope".into()));
}

#[test]
fn the_page_asks_for_the_code_escapes_its_input_and_is_never_cached() {
    let mut world = world();
    let user_code = text(&begin(&mut world), "user_code");
    let page = world.answer(&Request::get(&format!("/api/oauth2/device?user_code={user_code}")), NOW);
    assert!(page.text().contains(&format!("value=\"{user_code}\"")), "{}", page.text());
    assert_eq!(page.header("Cache-Control"), Some("no-store"));
    let hostile = world.answer(&Request::get("/api/oauth2/device?user_code=%22%3E%3Cscript%3E"), NOW);
    assert!(!hostile.text().contains("<script>"), "{}", hostile.text());
    assert!(decide(&mut world, &user_code, "", 1).text().contains("id=\"allow\""), "no decision yet");
    assert_eq!(decide(&mut world, "", "allow", 1).status, 404);
    assert_eq!(world.answer(&Request::post("/api/oauth2/device"), NOW).status, 400);
}

#[test]
fn faults_apply_to_each_of_its_endpoints() {
    let mut world = world();
    world.fault(Endpoint::DeviceAuthorization, Fault::parse("status=503").unwrap());
    assert_eq!(begin(&mut world).status, 503);
    let code = text(&begin(&mut world), "device_code");
    world.fault(Endpoint::DeviceGrant, Fault::parse("oauth-error=slow_down").unwrap());
    assert_eq!(error(&poll(&mut world, &code, 5)), (400, "slow_down".into()));
    world.fault(Endpoint::Token, Fault::parse("status=502").unwrap());
    assert_eq!(poll(&mut world, &code, 10).status, 502, "a fault of a group applies too");
    world.fault(Endpoint::DevicePage, Fault::parse("status=500").unwrap());
    assert_eq!(decide(&mut world, "x", "allow", 10).status, 500);
}
