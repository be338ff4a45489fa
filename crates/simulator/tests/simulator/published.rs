//! The providers' published pages, byte for byte: their requests are accepted, and the answers have the same members in
//! the same order and of the same types.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use wellspring_simulator::{Request, SimClock, Simulator};

use crate::exchange::{NOW, after, connect, exchange, json, send, text, world};

/// The names of the members with the types of their values, in the order of the text.
fn shape(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let value: Value = serde_json::from_str(text).expect("JSON");
    collect(text, "", &value, &mut out);
    out
}

fn collect(text: &str, path: &str, value: &Value, out: &mut Vec<String>) {
    let Value::Object(members) = value else { return };
    // The parser sorts members by name; their positions in the text restore the order.
    let mut ordered: Vec<_> = members.iter().collect();
    ordered.sort_by_key(|(name, _)| text.find(&format!("\"{name}\"")).expect("the member is in the text"));
    for (name, value) in ordered {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        out.push(format!("{path}{name}: {kind}"));
        collect(text, &format!("{path}{name}."), value, out);
    }
}

/// The request that `curl` sends for a command line of these pages.
fn curl(method: &str, path: &str, headers: &[&str], body: &str) -> Vec<u8> {
    let mut out = format!("{method} {path} HTTP/1.1\r\nHost: provider.test\r\nUser-Agent: curl/8.5.0\r\n");
    if !headers.iter().any(|header| header.to_ascii_lowercase().starts_with("accept:")) {
        out.push_str("Accept: */*\r\n");
    }
    headers.iter().for_each(|header| out.push_str(&format!("{header}\r\n")));
    if !headers.iter().any(|header| header.to_ascii_lowercase().starts_with("content-type:")) {
        out.push_str("Content-Type: application/x-www-form-urlencoded\r\n");
    }
    out.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    out.into_bytes()
}

const PIX_REQUEST: &str = "{\n\"clientId\": \"your-client-id\",\n\"clientSecret\": \"your-client-secret\"\n}";
const PIX_REQUEST_INDENTED: &str =
    "{\n    \"clientId\": \"your-client-id\",\n    \"clientSecret\": \"your-client-secret\"\n  }";
const PIX_ANSWER: &str = r#"{
"access_token": "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9...",
"token_type": "Bearer",
"expires_in": 3600,
"scope": "pix:read pix:write balance:read"
}"#;

#[test]
fn the_pix_token_request_of_the_page_is_answered_as_on_the_page() {
    let simulator = Simulator::start().unwrap();
    for body in [PIX_REQUEST, PIX_REQUEST_INDENTED] {
        let asked = curl("POST", "/oauth/token", &["Content-Type: application/json"], body);
        let seen = send(&mut connect(&simulator), &asked).unwrap();
        assert_eq!(seen.status, 200);
        let answered = String::from_utf8(seen.body.clone()).unwrap();
        assert_eq!(shape(&answered), shape(PIX_ANSWER));
        let (ours, page) = (seen.json(), serde_json::from_str::<Value>(PIX_ANSWER).unwrap());
        for same in ["token_type", "expires_in", "scope"] {
            assert_eq!(ours[same], page[same]);
        }
        let begins = page["access_token"].as_str().unwrap().trim_end_matches("...");
        let token = ours["access_token"].as_str().unwrap();
        assert_eq!(token.split('.').next(), Some(begins));
        assert_eq!(token.split('.').count(), 3);
        assert_eq!(seen.header("cache-control"), Some("no-store"));
    }
}

#[test]
fn the_charge_of_the_page_is_put_with_the_token() {
    let simulator = Simulator::start().unwrap();
    let ask = Request::post("/oauth/token").with_json(PIX_REQUEST);
    let token = exchange(&simulator, &ask).unwrap().json()["access_token"].as_str().unwrap().to_owned();
    let headers = [format!("Authorization: Bearer {token}"), "Content-Type: application/json".into()];
    let headers: Vec<_> = headers.iter().map(String::as_str).collect();
    let seen = send(&mut connect(&simulator), &curl("PUT", "/cob/abc123", &headers, "{...}")).unwrap();
    assert_eq!(seen.status, 201);
    assert_eq!(seen.json()["txid"], "abc123");
}

const APP_REQUEST: &str = "{\n\"name\": \"My Third-party App\",\n\"description\": \"App description\",\n\"redirect_uri\": \"https://yourapp.com/oauth/callback\"\n}";
const APP_ANSWER: &str = r#"{
"success": true,
"message": "Application created successfully",
"data": {
"id": 1,
"name": "My Third-party App",
"client_id": "client_abc123def456...",
"client_secret": "secret_xyz789uvw012...",
"redirect_uri": "https://yourapp.com/oauth/callback",
"created_time": 1640995200
}
}"#;

#[test]
fn the_application_of_the_page_is_registered_and_can_request_tokens() {
    let simulator = Simulator::start().unwrap();
    let headers = ["Content-Type: application/json", "Authorization: Bearer YOUR_DEVELOPER_TOKEN"];
    let seen =
        send(&mut connect(&simulator), &curl("POST", "/api/oauth_apps", &headers, APP_REQUEST)).unwrap();
    let answered = String::from_utf8(seen.body.clone()).unwrap();
    assert_eq!(shape(&answered), shape(APP_ANSWER));
    let (ours, page) = (seen.json(), serde_json::from_str::<Value>(APP_ANSWER).unwrap());
    for same in ["/success", "/message", "/data/name", "/data/redirect_uri"] {
        assert_eq!(ours.pointer(same), page.pointer(same));
    }
    let (id, secret) =
        (ours["data"]["client_id"].as_str().unwrap(), ours["data"]["client_secret"].as_str().unwrap());
    assert!(id.starts_with("client_") && secret.starts_with("secret_"));
    let ask = Request::post("/api/oauth2/token").with_form(&[
        ("grant_type", "client_credentials"),
        ("client_id", id),
        ("client_secret", secret),
    ]);
    assert_eq!(exchange(&simulator, &ask).unwrap().status, 200);
}

const APP_TOKEN: &str = r#"{
"access_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...",
"token_type": "Bearer",
"expires_in": 7200,
"refresh_token": "refresh_abc123def456...",
"scope": "profile balance"
}"#;
const USERINFO: &str = r#"{
"id": 12345,
"username": "user123",
"email": "user@example.com",
"quota": 1000000,
"used_quota": 250000,
"balance_formatted": "750.00",
"created_time": 1640995200,
"status": 1
}"#;

#[test]
fn the_sign_in_of_the_page_ends_with_the_tokens_and_the_user_of_the_page() {
    let mut world = world();
    // `URLSearchParams` encodes the space in the scope as a plus.
    let start = Request::get(
        "/api/oauth2/authorize?client_id=client_abc123def456&redirect_uri=https%3A%2F%2Fyourapp.com%2Foauth%2Fcallback\
         &response_type=code&scope=profile+balance&state=s1&auto_authorize=true",
    );
    let sent_back = world.answer(&start, NOW);
    assert_eq!(sent_back.status, 302);
    let location = sent_back.header("Location").unwrap();
    let query = location.strip_prefix("https://yourapp.com/oauth/callback?").unwrap();
    let back = Request::get(&format!("/?{query}")).parameters();
    assert_eq!(back[1], ("state".to_owned(), "s1".to_owned()));
    let exchanged = Request::post("/api/oauth2/token").with_form(&[
        ("grant_type", "authorization_code"),
        ("code", &back[0].1),
        ("redirect_uri", "https://yourapp.com/oauth/callback"),
        ("client_id", "client_abc123def456"),
        ("client_secret", "secret_xyz789uvw012"),
    ]);
    let tokens = world.answer(&exchanged, NOW);
    assert_eq!(shape(&tokens.text()), shape(APP_TOKEN));
    let page: Value = serde_json::from_str(APP_TOKEN).unwrap();
    for same in ["token_type", "expires_in", "scope"] {
        assert_eq!(json(&tokens)[same], page[same]);
    }
    assert!(text(&tokens, "access_token").starts_with("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."));
    assert!(text(&tokens, "refresh_token").starts_with("refresh_"));

    let user =
        world.answer(&Request::get("/api/oauth2/userinfo").with_bearer(&text(&tokens, "access_token")), NOW);
    assert_eq!(shape(&user.text()), shape(USERINFO));
    assert_eq!(json(&user), serde_json::from_str::<Value>(USERINFO).unwrap());
}

const HIVE_REQUEST: &str = "{\n  \"id\": \"test\",\n  \"secretKey\": \"1234\"\n}";
const HIVE_ISSUE: &str = r#"{
  "code": 0,
  "message": "success",
  "data": {
    "accessToken": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpZCI6ImNvbS5jb20ydXMuYzJ4d2FsbGV0Lmdsb2JhbC5ub3JtYWwiLCJyb2xlIjoib3BlcmF0b3IiLCJhZGRyZXNzIjoieHBsYTE5cHdkYTJsdXQ5eGFlZnI4Z3NtZ2t0dXFldzkwc2M1YWpseGhrZyIsImlhdCI6MTY2NzM4MjY5NSwiZXhwIjoxNjY3NDY5MDk1fQ.xRq3ew5GAcn0zEcTEyRAXByjAbhgRQb3aWqaxy_iQ68",
    "refreshToken": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpZCI6ImNvbS5jb20ydXMuYzJ4d2FsbGV0Lmdsb2JhbC5ub3JtYWwiLCJyb2xlIjoib3BlcmF0b3IiLCJhZGRyZXNzIjoieHBsYTE5cHdkYTJsdXQ5eGFlZnI4Z3NtZ2t0dXFldzkwc2M1YWpseGhrZyIsImlhdCI6MTY2NzM4MjY5NSwiZXhwIjoxNjY3OTg3NDk1fQ.s8dL3tCwdbHUTQnWqAWbDSaGumKF3Jc_aYXVJUp1VxQ"
  }
}"#;
const HIVE_REISSUE: &str = r#"{
  "code": 1000,
  "message": "success",
  "data": {
    "accessToken": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpZCI6ImNvbS5jb20ydXMuYzJ4d2FsbGV0Lmdsb2JhbC5ub3JtYWwiLCJyb2xlIjoib3BlcmF0b3IiLCJhZGRyZXNzIjoieHBsYTE5cHdkYTJsdXQ5eGFlZnI4Z3NtZ2t0dXFldzkwc2M1YWpseGhrZyIsImlhdCI6MTY2NzQ3MTIwMSwiZXhwIjoxNjY3NTU3NjAxfQ.icFnROeEU7RI0FvEdPR5Oa26YqEihwcBN-KT_n_iq_o",
    "refreshToken": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpZCI6ImNvbS5jb20ydXMuYzJ4d2FsbGV0Lmdsb2JhbC5ub3JtYWwiLCJyb2xlIjoib3BlcmF0b3IiLCJhZGRyZXNzIjoieHBsYTE5cHdkYTJsdXQ5eGFlZnI4Z3NtZ2t0dXFldzkwc2M1YWpseGhrZyIsImlhdCI6MTY2NzQ3MTIwMSwiZXhwIjoxNjY4MDc2MDAxfQ.fclh8qVxLRG0Z1Fn2KRtW7Dmm6KFY5H4jvRSroy-mag"
  }
}"#;
/// When the page's tokens were issued, and when they were reissued.
const HIVE_ISSUED: u64 = 1_667_382_695;
const HIVE_REISSUED: u64 = 1_667_471_201;

/// Header and claims of a JWT, as text.
fn decoded(token: &str) -> (String, String) {
    let mut parts =
        token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).expect("base64url without padding"));
    let mut text = || String::from_utf8(parts.next().expect("a part")).expect("text");
    let (header, claims) = (text(), text());
    assert_eq!(parts.next().expect("a signature").len(), 32);
    (header, claims)
}

/// At the page's times, the simulator's tokens differ from the page's only in their signatures.
fn same_tokens(ours: &Value, page: &str) {
    let page: Value = serde_json::from_str(page).unwrap();
    for token in ["/data/accessToken", "/data/refreshToken"] {
        let token_of = |value: &Value| value.pointer(token).unwrap().as_str().unwrap().to_owned();
        let (ours, page) = (token_of(ours), token_of(&page));
        assert_eq!(decoded(&ours), decoded(&page));
        assert_eq!(ours.rsplit_once('.').unwrap().0, page.rsplit_once('.').unwrap().0);
        assert_eq!(ours.len(), page.len());
    }
}

#[test]
fn the_hive_tokens_of_the_page_are_issued_and_reissued_at_the_instants_of_the_page() {
    let clock = SimClock::manual(HIVE_ISSUED);
    let simulator = Simulator::builder().clock(clock.clone()).start().unwrap();
    let headers = ["accept: */*", "Content-Type: application/json"];
    let seen =
        send(&mut connect(&simulator), &curl("POST", "/v2/auth-token", &headers, HIVE_REQUEST)).unwrap();
    assert_eq!(seen.status, 200);
    assert_eq!(shape(&String::from_utf8(seen.body.clone()).unwrap()), shape(HIVE_ISSUE));
    assert_eq!((&seen.json()["code"], &seen.json()["message"]), (&0.into(), &"success".into()));
    same_tokens(&seen.json(), HIVE_ISSUE);

    // 35 minutes after the page's access token expired, and with the page's other code.
    clock.set_unix(HIVE_REISSUED);
    simulator.configure(|config| config.hive.success_code = 1_000);
    let authorization =
        format!("Authorization: Bearer {}", seen.json()["data"]["refreshToken"].as_str().unwrap());
    let again = curl("POST", "/v2/refresh-token", &["accept: */*", &authorization], "");
    let seen = send(&mut connect(&simulator), &again).unwrap();
    assert_eq!(shape(&String::from_utf8(seen.body.clone()).unwrap()), shape(HIVE_REISSUE));
    assert_eq!(seen.json()["code"], 1_000);
    same_tokens(&seen.json(), HIVE_REISSUE);
}

#[test]
fn the_four_tokens_of_the_page_live_a_day_and_a_week() {
    let claim = |token: &str, name: &str| {
        let claims: Value = serde_json::from_str(&decoded(token).1).unwrap();
        claims[name].as_u64().unwrap()
    };
    for (page, issued) in [(HIVE_ISSUE, HIVE_ISSUED), (HIVE_REISSUE, HIVE_REISSUED)] {
        let page: Value = serde_json::from_str(page).unwrap();
        for (token, lifetime) in [("accessToken", 86_400), ("refreshToken", 604_800)] {
            let token = page["data"][token].as_str().unwrap();
            assert_eq!(claim(token, "iat"), issued);
            assert_eq!(claim(token, "exp") - issued, lifetime);
            assert_eq!(decoded(token).0, r#"{"alg":"HS256","typ":"JWT"}"#);
        }
    }
}

#[test]
fn the_clock_of_a_world_is_the_callers() {
    let mut world = world();
    let ask = Request::post("/oauth/token").with_json(PIX_REQUEST);
    let token = text(&world.answer(&ask, NOW), "access_token");
    let balances = Request::get("/accounts/balances").with_bearer(&token);
    assert_eq!(world.answer(&balances, after(3_599)).status, 200);
    assert_eq!(world.answer(&balances, after(3_600)).status, 401);
}
