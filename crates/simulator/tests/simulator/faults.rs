//! Every fault does what its name says.

use std::collections::BTreeSet;

use serde_json::Value;
use wellspring_simulator::{Answer, Delivery, Endpoint, Fault, Request, Stage, World};

use crate::exchange::{NOW, text, world};
use crate::promises::{Ask, BYTES, INSTEAD, MEMBERS};

/// The answer to a token request with this fault.
fn answer_with(ask: Ask, fault: Fault) -> Answer {
    answer_in(&mut world(), ask, fault)
}

fn answer_in(world: &mut World, ask: Ask, fault: Fault) -> Answer {
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

/// Tested elsewhere: the faults of the callback beside the authorization endpoint, the faults of claims below.
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
fn every_name_is_tested_and_unique() {
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
        let answer = answer_in(&mut world, *ask, fault);
        assert_eq!(answer.status, 200, "{name}");
        let body = answer.text();
        match expected.strip_prefix('!') {
            // Only the token has dots in this answer.
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
    assert!(answer_with(Ask::Pix, Fault::parse("oversized-body").unwrap()).body.len() > 1024 * 1024);
    assert!(answer_with(Ask::Pix, Fault::parse("oversized-page").unwrap()).body.len() > 1024 * 1024);
}

#[test]
fn faults_that_replace_the_answer_keep_the_request_from_the_provider_unless_after_processing() {
    for (name, status, expected) in INSTEAD {
        let mut world = world();
        let answer = answer_in(&mut world, Ask::Pix, Fault::parse(name).unwrap());
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
        let after = answer_in(&mut world, Ask::Pix, Fault::parse(&format!("{name}@after")).unwrap());
        assert_eq!((after.status, world.counters().pix_tokens), (*status, 1), "{name}");
    }
}

#[test]
fn faults_in_the_bytes_and_the_delivery_do_not_change_the_decision() {
    for (name, comes_of) in BYTES {
        // With the same seed both answers have the same tokens.
        let seeded = || {
            let mut config = wellspring_simulator::Config::default();
            config.seed = Some(1);
            World::new(config)
        };
        let ask = request(&mut seeded(), Ask::Pix);
        let good = seeded().answer(&ask, NOW);
        let mut world = seeded();
        let bad = answer_in(&mut world, Ask::Pix, Fault::parse(name).unwrap());
        assert!(comes_of(&good.body, &bad), "{name}");
        let processed = u64::from(!name.ends_with("-before"));
        assert_eq!(world.counters().pix_tokens, processed, "{name}");
    }
}

/// The claims of the refresh token in a Hive answer.
fn claims(fault: &str) -> Value {
    use base64::Engine as _;
    let token = text(&answer_with(Ask::Hive, Fault::parse(fault).unwrap()), "data.refreshToken");
    let payload =
        token.split('.').nth(1).map(|part| base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part));
    payload.and_then(Result::ok).and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

#[test]
fn the_claims_of_hive_tokens_can_be_wrong() {
    let without_iat = claims("hive-jwt-without-iat");
    assert_eq!((without_iat.get("iat"), without_iat["exp"].as_u64()), (None, Some(1_700_604_800)));
    let without_exp = claims("hive-jwt-without-exp");
    assert_eq!((without_exp["iat"].as_u64(), without_exp.get("exp")), (Some(1_700_000_000), None));
    assert_eq!(claims("hive-jwt-dead-on-arrival")["exp"], 1_699_999_999);
    assert_eq!(claims("hive-jwt-undecodable"), Value::Null);
}

#[test]
fn a_token_that_a_fault_has_changed_is_valid_in_its_changed_form() {
    let mut world = world();
    let answer = answer_in(&mut world, Ask::Hive, Fault::parse("hive-jwt-undecodable").unwrap());
    let ping = Request::get("/service/v1/ping").with_bearer(&text(&answer, "data.accessToken"));
    assert_eq!(world.answer(&ping, NOW).status, 200);
    let refresh = Request::post("/v2/refresh-token").with_bearer(&text(&answer, "data.refreshToken"));
    assert_eq!(world.answer(&refresh, NOW).status, 200);
}

#[test]
fn faults_with_values_are_read_joined_and_refused() {
    let body = |fault: &str| answer_with(Ask::Pix, Fault::parse(fault).unwrap()).text();
    assert!(body("expires-in=1e3").contains(r#""expires_in":1e3,"#));
    let both = body("expires-in=0+token-type=mac");
    assert!(both.contains(r#""expires_in":0,"#) && both.contains(r#""token_type":"mac""#));
    assert!(
        body("scope=a+b").contains(r#""scope":"a+b"}"#),
        "a plus that joins no names is part of the value"
    );
    let to = answer_with(Ask::Pix, Fault::parse("redirect-307=http://127.0.0.1:9/oauth/token").unwrap());
    assert_eq!((to.status, to.header("Location")), (307, Some("http://127.0.0.1:9/oauth/token")));
    let late = answer_with(Ask::Pix, Fault::parse("status=503+retry-after-date=120").unwrap());
    assert_eq!(late.header("Retry-After"), Some("Tue, 14 Nov 2023 22:15:20 GMT"));
    assert_eq!(answer_with(Ask::Pix, Fault::parse("html=418").unwrap()).status, 418);
    assert_eq!(answer_with(Ask::Pix, Fault::parse("oauth-error=invalid_client").unwrap()).status, 401);
    assert!(
        answer_with(Ask::Hive, Fault::parse("hive-code=\"1000\"").unwrap())
            .text()
            .contains(r#""code":"1000""#)
    );
    let skewed = answer_with(Ask::Pix, Fault::parse("date-ahead=-60").unwrap());
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
fn faults_built_in_rust_describe_themselves() {
    let raw = answer_with(Ask::Pix, Fault::raw(418, "text/plain", b"teapot").and(Fault::header("X-A", "b")));
    assert_eq!((raw.status, raw.text().as_str(), raw.header("X-A")), (418, "teapot", Some("b")));
    let mut world = world();
    let lost = answer_in(&mut world, Ask::Pix, Fault::status(502).after_processing());
    assert_eq!((lost.status, world.counters().pix_tokens), (502, 1));
    let kept = answer_in(&mut world, Ask::Pix, Fault::stall(core::time::Duration::ZERO).before_processing());
    assert_eq!((kept.status, kept.body.len(), world.counters().pix_tokens), (200, 0, 1));
    assert!(
        answer_with(Ask::Hive, Fault::member("data.accessToken", "[]"))
            .text()
            .contains(r#""accessToken":[]"#)
    );
    assert!(!answer_with(Ask::Pix, Fault::without("scope")).text().contains("scope"));
    assert_eq!(answer_with(Ask::Pix, Fault::oauth_error(400, "slow_down")).status, 400);
    assert_eq!(answer_with(Ask::Pix, Fault::redirect(308, "/x")).header("Location"), Some("/x"));
}

#[test]
fn faults_queue_for_their_endpoint() {
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
fn a_member_fault_notes_that_a_refusal_has_nothing_to_change() {
    let mut world = world();
    world.fault(Endpoint::Token, Fault::parse("expires-in-string").unwrap());
    let answer = world.answer(&Request::post("/oauth/token").with_json("{}"), NOW);
    assert_eq!(answer.status, 400);
    assert!(world.log().last().unwrap().decision.ends_with("the fault found nothing to change"));
}

#[test]
fn a_lost_answer_has_still_rotated_the_refresh_token() {
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
