//! Every fault does what its name says.

use std::collections::BTreeSet;

use serde_json::Value;
use wellspring_simulator::{Answer, Delivery, Endpoint, Fault, Request, Stage, World};

use crate::exchange::{NOW, json, text, world};

#[derive(Clone, Copy)]
enum Ask {
    Pix,
    Refresh,
    Hive,
}

/// The answer to a token request, spoiled.
fn spoiled(ask: Ask, fault: Fault) -> Answer {
    spoiled_in(&mut world(), ask, fault)
}

fn spoiled_in(world: &mut World, ask: Ask, fault: Fault) -> Answer {
    let request = request(world, ask);
    world.fault(Endpoint::Token, fault);
    world.answer(&request, NOW)
}

fn request(world: &mut World, ask: Ask) -> Request {
    match ask {
        Ask::Pix => Request::post("/oauth/token")
            .with_json(r#"{"clientId":"your-client-id","clientSecret":"your-client-secret"}"#),
        Ask::Hive => Request::post("/v2/auth-token").with_json(r#"{"id":"test","secretKey":"1234"}"#),
        Ask::Refresh => {
            let credentials =
                [("client_id", "client_abc123def456"), ("client_secret", "secret_xyz789uvw012")];
            let callback = "https://yourapp.com/oauth/callback";
            let start = format!(
                "/api/oauth2/authorize?client_id=client_abc123def456&redirect_uri={callback}&response_type=code&state=s&auto_authorize=true"
            );
            let location = world.answer(&Request::get(&start), NOW);
            let query = location.header("Location").unwrap().split_once('?').unwrap().1.to_owned();
            let code = Request::get(&format!("/?{query}")).parameters()[0].1.clone();
            let mut fields =
                vec![("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", callback)];
            fields.extend(credentials);
            let refresh = text(
                &world.answer(&Request::post("/api/oauth2/token").with_form(&fields), NOW),
                "refresh_token",
            );
            let mut fields = vec![("grant_type", "refresh_token"), ("refresh_token", &refresh)];
            fields.extend(credentials);
            Request::post("/api/oauth2/token").with_form(&fields)
        }
    }
}

/// Faults in members: what the body has to hold, or not to hold (`!`).
const MEMBERS: &[(&str, Ask, &str)] = &[
    ("expires-in-string", Ask::Pix, r#""expires_in":"3600","#),
    ("expires-in-padded-string", Ask::Pix, r#""expires_in":" 3600 ","#),
    ("expires-in-fraction-string", Ask::Pix, r#""expires_in":"3600.9","#),
    ("expires-in-float", Ask::Pix, r#""expires_in":3600.0,"#),
    ("expires-in-fraction", Ask::Pix, r#""expires_in":3600.9,"#),
    ("expires-in-exponent", Ask::Pix, r#""expires_in":1e3,"#),
    ("expires-in-huge", Ask::Pix, r#""expires_in":18446744073709551615,"#),
    ("expires-in-thirty-digits", Ask::Pix, r#""expires_in":999999999999999999999999999999,"#),
    ("expires-in-overflowing", Ask::Pix, r#""expires_in":1e400,"#),
    ("expires-in-negative", Ask::Pix, r#""expires_in":-1,"#),
    ("expires-in-zero", Ask::Pix, r#""expires_in":0,"#),
    ("expires-in-bool", Ask::Pix, r#""expires_in":true,"#),
    ("expires-in-object", Ask::Pix, r#""expires_in":{"seconds":3600},"#),
    ("expires-in-array", Ask::Pix, r#""expires_in":[3600],"#),
    ("expires-in-text", Ask::Pix, r#""expires_in":"abc","#),
    ("expires-in-null", Ask::Pix, r#""expires_in":null,"#),
    ("expires-in-missing", Ask::Pix, "!expires_in"),
    ("token-type-missing", Ask::Pix, "!token_type"),
    ("token-type-null", Ask::Pix, r#""token_type":null,"#),
    ("token-type-lowercase", Ask::Pix, r#""token_type":"bearer","#),
    ("token-type-mac", Ask::Pix, r#""token_type":"mac","#),
    ("token-type-dpop", Ask::Pix, r#""token_type":"DPoP","#),
    ("token-type-not-applicable", Ask::Pix, r#""token_type":"N_A","#),
    ("access-token-missing", Ask::Pix, "!access_token"),
    ("access-token-missing", Ask::Hive, "!accessToken"),
    ("access-token-empty", Ask::Hive, r#""accessToken":"","#),
    ("access-token-null", Ask::Hive, r#""accessToken":null,"#),
    ("access-token-number", Ask::Pix, r#""access_token":12345,"#),
    ("access-token-crlf", Ask::Pix, r#"\r\nX-Smuggled: yes","token_type""#),
    ("access-token-space", Ask::Pix, r#" x","token_type""#),
    ("access-token-not-ascii", Ask::Pix, r#"é","token_type""#),
    ("access-token-opaque", Ask::Pix, "!."),
    ("scope-missing", Ask::Pix, "!scope"),
    ("scope-null", Ask::Pix, r#""scope":null}"#),
    ("scope-empty", Ask::Pix, r#""scope":""}"#),
    ("scope-array", Ask::Pix, r#""scope":["pix:read","pix:write","balance:read"]}"#),
    ("scope-commas", Ask::Pix, r#""scope":"pix:read,pix:write,balance:read"}"#),
    ("scope-tabs", Ask::Refresh, r#""scope":"profile \t  balance"}"#),
    ("scope-narrowed", Ask::Pix, r#""scope":"pix:read"}"#),
    ("scope-wider", Ask::Refresh, r#""scope":"profile balance admin"}"#),
    ("refresh-token-missing", Ask::Refresh, "!refresh_token"),
    ("refresh-token-missing", Ask::Hive, "!refreshToken"),
    ("refresh-token-null", Ask::Refresh, r#""refresh_token":null,"#),
    ("refresh-token-empty", Ask::Refresh, r#""refresh_token":"","#),
    ("refresh-token-number", Ask::Refresh, r#""refresh_token":12345,"#),
    ("duplicate-access-token", Ask::Pix, r#","access_token":"another","#),
    ("duplicate-expires-in", Ask::Pix, r#""expires_in":3600,"expires_in":1,"#),
    ("duplicate-refresh-token", Ask::Hive, r#","refreshToken":"another"}"#),
    ("duplicate-unknown", Ask::Pix, r#""x_unknown":1,"x_unknown":2}"#),
    ("unknown-members", Ask::Pix, r#""refresh_expires_in":1800,"not-before-policy":0,"x_object":{"deep""#),
    ("refresh-token-unasked", Ask::Pix, r#""refresh_token":"refresh_unasked"}"#),
    ("error-and-token", Ask::Pix, r#""error":"invalid_grant"}"#),
    ("oversized-body", Ask::Pix, r#""padding":"xxxx"#),
    ("deep-nesting", Ask::Pix, r#""deep":[[[[[[[["#),
    ("hive-code-zero-string", Ask::Hive, r#""code":"0","message":"success""#),
    ("hive-code-0", Ask::Hive, r#""code":0,"message":"success""#),
    ("hive-code-1000", Ask::Hive, r#""code":1000,"message":"success","data":{"accessToken""#),
    (
        "hive-code-1000-other-message",
        Ask::Hive,
        r#""code":1000,"message":"maintenance","data":{"accessToken""#,
    ),
    ("hive-code-1000-without-tokens", Ask::Hive, r#"{"code":1000,"message":"success","data":{}}"#),
    ("hive-code-unknown", Ask::Hive, r#""code":4711,"message":"success","data":{"accessToken""#),
    ("hive-code-missing", Ask::Hive, "!code\""),
    ("hive-code-null", Ask::Hive, r#""code":null,"#),
    ("hive-tokens-missing", Ask::Hive, r#"{"code":0,"message":"success","data":{}}"#),
    ("hive-data-missing", Ask::Hive, r#"{"code":0,"message":"success"}"#),
    ("hive-data-null", Ask::Hive, r#"{"code":0,"message":"success","data":null}"#),
];

/// Faults that take the answer's place: status, and what is in the body or, behind `:`, in the header.
const INSTEAD: &[(&str, u16, &str)] = &[
    ("no-content", 204, "="),
    ("html-200", 200, "<!DOCTYPE html>"),
    ("html-403", 403, "<!DOCTYPE html>"),
    ("html-404", 404, "<!DOCTYPE html>"),
    ("html-407", 407, "<!DOCTYPE html>"),
    ("html-502", 502, ":Content-Type: text/html; charset=utf-8"),
    ("html-503", 503, "<!DOCTYPE html>"),
    ("html-400-labelled-json", 400, ":Content-Type: application/json"),
    ("error-in-200", 200, r#"{"error":"invalid_grant""#),
    ("bare-400", 400, "="),
    ("bare-401", 401, "="),
    ("bare-403", 403, "="),
    ("bare-404", 404, "="),
    ("request-timeout", 408, "="),
    ("too-early", 425, "="),
    ("too-many-requests", 429, r#"={"statusCode":429,"message":"Too Many Requests"}"#),
    ("too-many-requests-seconds", 429, ":Retry-After: 7"),
    ("too-many-requests-date", 429, ":Retry-After: Tue, 14 Nov 2023 22:14:20 GMT"),
    ("too-many-requests-garbage", 429, ":Retry-After: soon"),
    ("too-many-requests-negative", 429, ":Retry-After: -5"),
    ("too-many-requests-zero", 429, ":Retry-After: 0"),
    ("internal-server-error", 500, r#"={"statusCode":500,"message":"Internal server error"}"#),
    ("bad-gateway", 502, "="),
    ("unavailable", 503, "="),
    ("unavailable-seconds", 503, ":Retry-After: 7"),
    ("unavailable-date", 503, ":Retry-After: Tue, 14 Nov 2023 22:14:20 GMT"),
    ("unavailable-garbage", 503, ":Retry-After: soon"),
    ("unavailable-negative", 503, ":Retry-After: -5"),
    ("unavailable-century", 503, ":Retry-After: 3153600000"),
    ("gateway-timeout", 504, "="),
    ("invalid-request", 400, r#"{"error":"invalid_request""#),
    ("invalid-client", 401, r#"{"error":"invalid_client""#),
    ("invalid-client-400", 400, r#"{"error":"invalid_client""#),
    ("invalid-grant", 400, r#"{"error":"invalid_grant""#),
    ("invalid-grant-401", 401, r#"{"error":"invalid_grant""#),
    ("unauthorized-client", 400, r#"{"error":"unauthorized_client""#),
    ("unsupported-grant-type", 400, r#"{"error":"unsupported_grant_type""#),
    ("invalid-scope", 400, r#"{"error":"invalid_scope""#),
    ("access-denied", 403, r#"{"error":"access_denied""#),
    ("unknown-oauth-error", 400, r#"{"error":"quota_exceeded""#),
    ("oauth-server-error", 500, r#"{"error":"server_error""#),
    ("temporarily-unavailable", 503, r#"{"error":"temporarily_unavailable""#),
    ("nest-400", 400, r#"","error":"Bad Request"}"#),
    ("nest-400-array", 400, r#"{"statusCode":400,"message":["clientId"#),
    ("nest-401", 401, r#"={"statusCode":401,"message":"Credenciais inválidas","error":"Unauthorized"}"#),
    ("nest-403", 403, r#"={"statusCode":403,"message":"Permissão insuficiente","error":"Forbidden"}"#),
    ("api-401-missing", 401, r#"={"statusCode":401,"message":"Token não fornecido","error":"Unauthorized"}"#),
    ("api-401-invalid", 401, r#"={"statusCode":401,"message":"Token inválido","error":"Unauthorized"}"#),
    ("api-401-expired", 401, r#"={"statusCode":401,"message":"Token expirado","error":"Unauthorized"}"#),
    (
        "certificate-missing",
        400,
        r#"={"statusCode":400,"message":"Certificado ausente no header X-SSL-Client-Cert"}"#,
    ),
    (
        "certificate-invalid",
        401,
        r#"={"statusCode":401,"message":"Credenciais inválidas ou certificado inválido"}"#,
    ),
    ("certificate-unlinked", 403, r#"={"statusCode":403,"message":"Certificado não vinculado à conta"}"#),
    ("problem-400", 400, r#""violacoes":[{"razao":"curta demais""#),
    ("problem-401", 401, ":Content-Type: application/problem+json"),
    ("problem-403", 403, r#""correlationId":"c-1""#),
    ("problem-503", 503, r#""status":"503""#),
    (
        "challenge-invalid-token",
        401,
        r#":WWW-Authenticate: Bearer realm="simulator", error="invalid_token", error_description="expired""#,
    ),
    ("challenge-invalid-token-403", 403, r#":WWW-Authenticate: Bearer error="invalid_token""#),
    (
        "challenge-insufficient-scope",
        403,
        r#":WWW-Authenticate: Bearer error="insufficient_scope", scope="admin""#,
    ),
    (
        "challenge-several",
        401,
        r#":WWW-Authenticate: Basic realm="a, b", Bearer realm="x\"y", error="invalid_token", Digest qop="auth, auth-int""#,
    ),
    ("inter-401-rate", 401, ":X-Rate-Limit-Time: 30000"),
    ("app-not-registered", 200, r#"{"success":false,"#),
    ("app-without-secret", 200, r#"{"success":true,"message":"ok","data":{"id":1,"client_id":"client_x"}}"#),
    ("hive-101", 401, r#"={"code":101,"message":"Invalid token","data":null}"#),
    ("hive-101-in-200", 200, r#"={"code":101,"message":"Invalid token","data":null}"#),
    ("hive-100", 400, r#"{"code":100,"#),
    ("hive-102", 403, r#"{"code":102,"#),
    ("hive-105", 500, r#"{"code":105,"#),
    ("hive-108", 503, r#"{"code":108,"#),
    ("echo-secrets", 400, r#"\"clientSecret\":\"your-client-secret\""#),
    ("echo-secrets-html", 502, r#""clientSecret":"your-client-secret""#),
    ("echo-secrets-200", 200, r#"\"clientSecret\":\"your-client-secret\""#),
    ("oversized-page", 200, "<<<<"),
    ("redirect-307-elsewhere", 307, ":Location: https://attacker.example/"),
    ("redirect-308-elsewhere", 308, ":Location: https://attacker.example/"),
    ("redirect-302-elsewhere", 302, ":Location: https://attacker.example/"),
    ("redirect-301-elsewhere", 301, ":Location: https://attacker.example/"),
];

/// Faults in the bytes: how those of the spoiled answer come of those of the good one.
type Rewrite = (&'static str, fn(&[u8], &Answer) -> bool);
const BYTES: &[Rewrite] = &[
    ("top-level-array", |good, bad| bad.body == [b"[", good, b"]"].concat()),
    ("top-level-tuple", |_, bad| json(bad).as_array().is_some_and(|values| values.len() == 4)),
    ("top-level-string", |_, bad| bad.body == b"\"token\""),
    ("top-level-null", |_, bad| bad.body == b"null"),
    ("bom", |good, bad| bad.body == [b"\xef\xbb\xbf", good].concat()),
    ("utf-16", |good, bad| bad.body.len() == 2 * good.len() + 2 && bad.body.starts_with(b"\xff\xfe{\0")),
    ("invalid-utf-8", |_, bad| core::str::from_utf8(&bad.body).is_err()),
    ("trailing-garbage", |good, bad| bad.body.starts_with(good) && bad.body.len() > good.len()),
    ("cut-json", |good, bad| bad.body == good[..good.len() / 2]),
    ("empty-body", |_, bad| bad.body.is_empty() && bad.status == 200),
    ("blank-body", |_, bad| bad.body == b" \r\n "),
    ("form-body", |_, bad| {
        bad.text().starts_with("access_token=eyJ") && bad.text().contains("&expires_in=3600&")
    }),
    ("wrong-content-type", |_, bad| bad.header("Content-Type") == Some("text/html")),
    ("plain-content-type", |_, bad| bad.header("Content-Type") == Some("text/plain")),
    ("no-content-type", |_, bad| bad.header("Content-Type").is_none()),
    ("gzip", |good, bad| {
        bad.header("Content-Encoding") == Some("gzip") && bad.body[15..15 + good.len()] == *good
    }),
    ("gzip-bomb", |_, bad| bad.body.starts_with(&[0x1f, 0x8b]) && bad.body.len() < 128 * 1024),
    ("gzip-mislabelled", |good, bad| bad.header("Content-Encoding") == Some("gzip") && bad.body == good),
    ("date-missing", |_, bad| bad.header("Date").is_none()),
    ("date-garbage", |_, bad| bad.header("Date") == Some("yesterday")),
    ("date-hour-behind", |_, bad| bad.header("Date") == Some("Tue, 14 Nov 2023 21:13:20 GMT")),
    ("date-hour-ahead", |_, bad| bad.header("Date") == Some("Tue, 14 Nov 2023 23:13:20 GMT")),
    ("date-day-ahead", |_, bad| bad.header("Date") == Some("Thu, 16 Nov 2023 22:13:20 GMT")),
    ("slow-body", |good, bad| matches!(bad.delivery, Delivery::Dripped { .. }) && bad.body == good),
    ("stall", |good, bad| matches!(bad.delivery, Delivery::Late { .. }) && bad.body == good),
    ("silence-before", |_, bad| bad.delivery == Delivery::Never),
    ("silence-after", |_, bad| bad.delivery == Delivery::Never),
    ("reset-before", |_, bad| bad.delivery == Delivery::Reset),
    ("reset-after", |_, bad| bad.delivery == Delivery::Reset),
    ("truncated-body", |good, bad| bad.delivery == Delivery::Truncated { sent: good.len() / 2 }),
    ("truncated-head", |_, bad| bad.delivery == Delivery::Truncated { sent: 0 }),
    ("chunked-body", |_, bad| bad.delivery == Delivery::Chunked),
    ("unbounded-body", |_, bad| bad.delivery == Delivery::UntilClose),
    ("closed-behind", |_, bad| bad.delivery == Delivery::ThenClosed),
];

/// Named elsewhere: those of the callback with the authorization endpoint, those of the claims below.
const ELSEWHERE: &[&str] = &[
    "callback-without-state",
    "callback-wrong-state",
    "callback-twice-state",
    "callback-without-code",
    "callback-wrong-issuer",
    "callback-without-issuer",
    "consent-denied",
    "hive-jwt-without-iat",
    "hive-jwt-without-exp",
    "hive-jwt-dead-on-arrival",
    "hive-jwt-undecodable",
];

#[test]
fn every_name_is_tried_and_is_there_once() {
    let all: Vec<_> = Fault::all_names().map(|(name, _)| name).collect();
    let named: BTreeSet<_> = all.iter().copied().collect();
    assert_eq!(all.len(), named.len());
    let members = MEMBERS.iter().map(|(name, ..)| *name);
    let tried =
        members.chain(INSTEAD.iter().map(|(name, ..)| *name)).chain(BYTES.iter().map(|(name, _)| *name));
    let tried: BTreeSet<_> = tried.chain(ELSEWHERE.iter().copied()).collect();
    assert_eq!(tried, named);
    for name in named {
        assert_eq!(Fault::parse(name).unwrap().to_string(), name);
    }
}

#[test]
fn faults_in_members_change_those_members_and_no_others() {
    for (name, ask, expected) in MEMBERS {
        let fault = Fault::parse(name).unwrap();
        assert_eq!(fault.stage(), Stage::After, "{name}");
        let mut world = world();
        let answer = spoiled_in(&mut world, *ask, fault);
        assert_eq!(answer.status, 200, "{name}");
        let body = answer.text();
        match expected.strip_prefix('!') {
            // An opaque token has no dots, and nothing else of this answer has.
            Some(absent) => assert!(!body.contains(absent), "{name}: {absent} is in the body"),
            None => assert!(
                body.contains(expected),
                "{name}: {expected} is not in {}",
                &body[..body.len().min(400)]
            ),
        }
        let entry = world.log().last().unwrap();
        assert_eq!(entry.fault.as_deref(), Some(*name));
        assert!(!entry.decision.contains("nothing to change"), "{name}");
    }
    assert!(spoiled(Ask::Pix, Fault::parse("oversized-body").unwrap()).body.len() > 1024 * 1024);
    assert!(spoiled(Ask::Pix, Fault::parse("oversized-page").unwrap()).body.len() > 1024 * 1024);
}

#[test]
fn faults_that_take_the_answers_place_keep_the_request_from_the_provider_unless_told_otherwise() {
    for (name, status, expected) in INSTEAD {
        let mut world = world();
        let answer = spoiled_in(&mut world, Ask::Pix, Fault::parse(name).unwrap());
        assert_eq!(answer.status, *status, "{name}");
        if let Some(header) = expected.strip_prefix(':') {
            let (header, value) = header.split_once(": ").unwrap();
            assert_eq!(answer.header(header), Some(value), "{name}");
        } else if let Some(whole) = expected.strip_prefix('=') {
            assert_eq!(answer.text(), whole, "{name}");
        } else {
            assert!(answer.text().contains(expected), "{name}: {}", answer.text());
        }
        assert_eq!(world.counters().pix_tokens, 0, "{name}");
        let after = spoiled_in(&mut world, Ask::Pix, Fault::parse(&format!("{name}@after")).unwrap());
        assert_eq!((after.status, world.counters().pix_tokens), (*status, 1), "{name}");
    }
}

#[test]
fn faults_in_the_bytes_and_the_delivery_leave_the_decision_alone() {
    for (name, comes_of) in BYTES {
        // The same seed, so that the tokens of both answers are the same.
        let seeded = || {
            let mut config = wellspring_simulator::Config::default();
            config.seed = Some(1);
            World::new(config)
        };
        let ask = request(&mut seeded(), Ask::Pix);
        let good = seeded().answer(&ask, NOW);
        let mut world = seeded();
        let bad = spoiled_in(&mut world, Ask::Pix, Fault::parse(name).unwrap());
        assert!(comes_of(&good.body, &bad), "{name}");
        let processed = u64::from(!name.ends_with("-before"));
        assert_eq!(world.counters().pix_tokens, processed, "{name}");
    }
}

/// The claims of the refresh token in a Hive answer.
fn claims(fault: &str) -> Value {
    use base64::Engine as _;
    let token = text(&spoiled(Ask::Hive, Fault::parse(fault).unwrap()), "data.refreshToken");
    let payload =
        token.split('.').nth(1).map(|part| base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part));
    payload.and_then(Result::ok).and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

#[test]
fn the_tokens_of_an_envelope_can_lie_about_their_lifetime() {
    let without_iat = claims("hive-jwt-without-iat");
    assert_eq!((without_iat.get("iat"), without_iat["exp"].as_u64()), (None, Some(1_700_604_800)));
    let without_exp = claims("hive-jwt-without-exp");
    assert_eq!((without_exp["iat"].as_u64(), without_exp.get("exp")), (Some(1_700_000_000), None));
    assert_eq!(claims("hive-jwt-dead-on-arrival")["exp"], 1_699_999_999);
    assert_eq!(claims("hive-jwt-undecodable"), Value::Null);
}

#[test]
fn a_token_that_was_written_differently_is_good_as_it_was_written() {
    let mut world = world();
    let answer = spoiled_in(&mut world, Ask::Hive, Fault::parse("hive-jwt-undecodable").unwrap());
    let ping = Request::get("/service/v1/ping").with_bearer(&text(&answer, "data.accessToken"));
    assert_eq!(world.answer(&ping, NOW).status, 200);
    let refresh = Request::post("/v2/refresh-token").with_bearer(&text(&answer, "data.refreshToken"));
    assert_eq!(world.answer(&refresh, NOW).status, 200);
}

#[test]
fn faults_with_values_are_read_joined_and_refused() {
    let body = |fault: &str| spoiled(Ask::Pix, Fault::parse(fault).unwrap()).text();
    assert!(body("expires-in=1e3").contains(r#""expires_in":1e3,"#));
    let both = body("expires-in=0+token-type=mac");
    assert!(both.contains(r#""expires_in":0,"#) && both.contains(r#""token_type":"mac""#));
    assert!(
        body("scope=a+b").contains(r#""scope":"a+b"}"#),
        "a plus that joins nothing is part of the value"
    );
    let to = spoiled(Ask::Pix, Fault::parse("redirect-307=http://127.0.0.1:9/oauth/token").unwrap());
    assert_eq!((to.status, to.header("Location")), (307, Some("http://127.0.0.1:9/oauth/token")));
    let late = spoiled(Ask::Pix, Fault::parse("status=503+retry-after-date=120").unwrap());
    assert_eq!(late.header("Retry-After"), Some("Tue, 14 Nov 2023 22:15:20 GMT"));
    assert_eq!(spoiled(Ask::Pix, Fault::parse("html=418").unwrap()).status, 418);
    assert_eq!(spoiled(Ask::Pix, Fault::parse("oauth-error=invalid_client").unwrap()).status, 401);
    assert!(
        spoiled(Ask::Hive, Fault::parse("hive-code=\"1000\"").unwrap()).text().contains(r#""code":"1000""#)
    );
    let skewed = spoiled(Ask::Pix, Fault::parse("date-ahead=-60").unwrap());
    assert_eq!(skewed.header("Date"), Some("Tue, 14 Nov 2023 22:12:20 GMT"));
    for unknown in
        ["", "x", "status=", "status=99", "status=600", "drip-millis=x", "bom+x", "bom=1", "@after"]
    {
        assert!(Fault::parse(unknown).is_err(), "{unknown}");
    }
    for (name, _) in Fault::with_values() {
        assert!(Fault::parse(&format!("{name}=307")).is_ok(), "{name}");
    }
}

#[test]
fn faults_made_in_rust_say_what_they_do() {
    let raw = spoiled(Ask::Pix, Fault::raw(418, "text/plain", b"teapot").and(Fault::header("X-A", "b")));
    assert_eq!((raw.status, raw.text().as_str(), raw.header("X-A")), (418, "teapot", Some("b")));
    let mut world = world();
    let lost = spoiled_in(&mut world, Ask::Pix, Fault::status(502).after_processing());
    assert_eq!((lost.status, world.counters().pix_tokens), (502, 1));
    let kept = spoiled_in(&mut world, Ask::Pix, Fault::stall(core::time::Duration::ZERO).before_processing());
    assert_eq!((kept.status, kept.body.len(), world.counters().pix_tokens), (200, 0, 1));
    assert!(
        spoiled(Ask::Hive, Fault::member("data.accessToken", "[]")).text().contains(r#""accessToken":[]"#)
    );
    assert!(!spoiled(Ask::Pix, Fault::without("scope")).text().contains("scope"));
    assert_eq!(spoiled(Ask::Pix, Fault::oauth_error(400, "slow_down")).status, 400);
    assert_eq!(spoiled(Ask::Pix, Fault::redirect(308, "/x")).header("Location"), Some("/x"));
}

#[test]
fn faults_wait_in_line_for_their_endpoint() {
    let mut world = world();
    world.fault(Endpoint::HiveRefresh, Fault::status(500));
    world.fault_times(Endpoint::PixToken, Fault::status(501), 2);
    world.fault_times(Endpoint::Any, Fault::status(502), 0);
    world.fault(Endpoint::Token, Fault::status(503));
    let ask = request(&mut world, Ask::Pix);
    let mut status = || world.answer(&ask, NOW).status;
    assert_eq!([status(), status(), status(), status()], [501, 501, 503, 200]);
    assert_eq!(
        world.queued().map(|(endpoint, _, left)| (endpoint, left)).collect::<Vec<_>>(),
        [(Endpoint::HiveRefresh, 1)]
    );
}

#[test]
fn a_member_fault_finds_nothing_in_a_refusal_and_says_so() {
    let mut world = world();
    world.fault(Endpoint::Token, Fault::parse("expires-in-string").unwrap());
    let answer = world.answer(&Request::post("/oauth/token").with_json("{}"), NOW);
    assert_eq!(answer.status, 400);
    assert!(world.log().last().unwrap().decision.ends_with("the fault found nothing to change"));
}

#[test]
fn a_lost_answer_has_rotated_the_refresh_token_all_the_same() {
    let mut world = world();
    let refresh = request(&mut world, Ask::Refresh);
    world.fault(Endpoint::Refresh, Fault::parse("reset-before").unwrap());
    assert_eq!(world.answer(&refresh, NOW).delivery, Delivery::Reset);
    assert_eq!(world.counters().refresh_grants, 0);
    world.fault(Endpoint::Refresh, Fault::parse("reset-after").unwrap());
    assert_eq!(world.answer(&refresh, NOW).delivery, Delivery::Reset);
    assert_eq!(world.counters().refresh_grants, 1);
    assert_eq!(world.answer(&refresh, NOW).status, 400);
    assert_eq!(world.counters().families_revoked, 1);
}
