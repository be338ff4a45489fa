//! Every fault does what its name says.

use std::collections::BTreeSet;

use serde_json::Value;
use wellspring_simulator::{Answer, Delivery, Endpoint, Fault, Request, Stage, World};

use crate::exchange::{NOW, text, world};
use crate::promises::{Ask, BYTES, INSTEAD, MEMBERS};

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
