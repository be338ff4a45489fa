//! ID tokens: the example of OpenID Connect Core, and tokens that a key of this test signs.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

use core::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth2_app::{
    App, AppBuilder, Entropy, IdClaims, IdTokenChecks, IdTokenError, IdTokenErrorKind as Kind, Jwks,
    PendingLogin, RedirectUri, SignInOptions,
};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use wellspring_core::{ErrorKind, HttpResponse, ResponseHead, TokenError, UnixTime};

const NOW: u64 = 1_700_000_000;
const ISSUER: &str = "https://as.example.com";

fn builder() -> AppBuilder {
    App::builder()
        .issuer(ISSUER)
        .authorize_url("https://as.example.com/authorize")
        .token_url("https://as.example.com/token")
        .jwks_url("https://as.example.com/jwks")
        .client_id("s6BhdRkqt3")
        .redirect_uri("https://client.example.com/cb")
        .scopes(["openid"])
}

fn key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
}

fn keys() -> Jwks {
    let x = URL_SAFE_NO_PAD.encode(key().public_key());
    Jwks::parse(format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"k1","x":"{x}"}}]}}"#).as_bytes())
        .unwrap()
}

fn signed(claims: &str) -> String {
    let signing = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","kid":"k1"}"#),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let signature = URL_SAFE_NO_PAD.encode(key().sign(signing.as_bytes()));
    format!("{signing}.{signature}")
}

/// Valid claims, in which each of these members replaces the one of its name; an empty value removes it.
fn claims(changes: &[(&str, &str)]) -> String {
    let (issued, expires) = (NOW.to_string(), (NOW + 300).to_string());
    let mut members = vec![
        ("iss", r#""https://as.example.com""#),
        ("sub", r#""248289761001""#),
        ("aud", r#""s6BhdRkqt3""#),
        ("iat", &issued),
        ("exp", &expires),
    ];
    members.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    members.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    let members: Vec<_> = members.iter().map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
    format!("{{{}}}", members.join(","))
}

/// The checks of a sign-in with this nonce and these options.
fn checks(nonce: Option<&str>, max_age: Option<u64>, acr_values: Option<&str>) -> IdTokenChecks {
    let login =
        PendingLogin::from_parts("state", None, RedirectUri::new("https://client.example.com/cb").unwrap())
            .unwrap()
            .with_nonce(nonce.map(str::to_owned))
            .with_max_age(max_age.map(Duration::from_secs))
            .with_acr_values(acr_values.map(str::to_owned));
    builder().build().unwrap().id_token_checks(&login)
}

fn verify_with(checks: &IdTokenChecks, changes: &[(&str, &str)]) -> Result<IdClaims, IdTokenError> {
    let app = builder().build().unwrap();
    app.verify_id_token(&signed(&claims(changes)), &keys(), checks, UnixTime::from_secs(NOW))
}

fn kind_with(checks: &IdTokenChecks, changes: &[(&str, &str)]) -> Option<Kind> {
    verify_with(checks, changes).err().map(|error| error.kind())
}

fn kind(changes: &[(&str, &str)]) -> Option<Kind> {
    kind_with(&IdTokenChecks::default(), changes)
}

/// [OpenID Connect Core appendix A.2](https://openid.net/specs/openid-connect-core-1_0.html#id_tokenExample).
const EXAMPLE: &str = "eyJraWQiOiIxZTlnZGs3IiwiYWxnIjoiUlMyNTYifQ.ewogImlzcyI6ICJodHRwczovL3NlcnZlci5leGFtcGxlLmNvbSIsCiAic3ViIjogIjI0ODI4OTc2MTAwMSIsCiAiYXVkIjogInM2QmhkUmtxdDMiLAogIm5vbmNlIjogIm4tMFM2X1d6QTJNaiIsCiAiZXhwIjogMTMxMTI4MTk3MCwKICJpYXQiOiAxMzExMjgwOTcwLAogIm5hbWUiOiAiSmFuZSBEb2UiLAogImdpdmVuX25hbWUiOiAiSmFuZSIsCiAiZmFtaWx5X25hbWUiOiAiRG9lIiwKICJnZW5kZXIiOiAiZmVtYWxlIiwKICJiaXJ0aGRhdGUiOiAiMDAwMC0xMC0zMSIsCiAiZW1haWwiOiAiamFuZWRvZUBleGFtcGxlLmNvbSIsCiAicGljdHVyZSI6ICJodHRwOi8vZXhhbXBsZS5jb20vamFuZWRvZS9tZS5qcGciCn0.NTibBYW_ZoNHGm4ZrWCqYA9oJaxr1AVrJCze6FEcac4t_EOQiJFbD2nVEPkUXPuMshKjjTn7ESLIFUnfHq8UKTGibIC8uqrBgQAcUQFMeWeg-PkLvDTHk43Dn4_aNrxhmWwMNQfkjqx3wd2Fvta9j8yG2Qn790Gwb5psGcmBhqMJUUnFrGpyxQDhFIzzodmPokM7tnUxBNj-JuES_4CE-BvZICH4jKLp0TMu-WQsVst0ss-vY2RPdU1MzL59mq_eKk8Rv9XhxIr3WteA2ZlrgVyT0cwH3hlCnRUsLfHtIEb8k1Y_WaqKUu3DaKPxqRi6u0rN7RO2uZYPzC454xe-mg";

/// Appendix A.7: the key of the examples.
const EXAMPLE_KEY: &str = r#"{"keys":[{"kty":"RSA","kid":"1e9gdk7","n":"w7Zdfmece8iaB0kiTY8pCtiBtzbptJmP28nSWwtdjRu0f2GFpajvWE4VhfJAjEsOcwYzay7XGN0b-X84BfC8hmCTOj2b2eHT7NsZegFPKRUQzJ9wW8ipn_aDJWMGDuB1XyqT1E7DYqjUCEOD1b4FLpy_xPn6oV_TYOfQ9fZdbE5HGxJUzekuGcOKqOQ8M7wfYHhHHLxGpQVgL0apWuP2gDDOdTtpuld4D2LK1MZK99s9gaSjRHE8JDb1Z4IGhEcEyzkxswVdPndUWzfvWBBWXWxtSUvQGBRkuy1BHOa4sP6FKjWEeeF7gm7UMs2Nm2QUgNZw6xvEDGaLk4KASdIxRQ","e":"AQAB"}]}"#;

#[test]
fn the_example_of_openid_connect_core_verifies_in_its_time_and_for_its_client() {
    let app = builder().issuer("https://server.example.com").build().unwrap();
    let keys = Jwks::parse(EXAMPLE_KEY.as_bytes()).unwrap();
    let checks = checks(Some("n-0S6_WzA2Mj"), None, None);
    let verify = |app: &App, at| app.verify_id_token(EXAMPLE, &keys, &checks, UnixTime::from_secs(at));
    let claims = verify(&app, 1_311_281_000).unwrap();
    assert_eq!((claims.issuer(), claims.subject()), ("https://server.example.com", "248289761001"));
    assert_eq!((claims.text("name"), claims.text("email")), (Some("Jane Doe"), Some("janedoe@example.com")));
    assert_eq!(claims.expires_at(), Some(UnixTime::from_secs(1_311_281_970)));
    assert_eq!(claims.issued_at(), Some(UnixTime::from_secs(1_311_280_970)));
    assert!(!format!("{claims:?}").contains("248289761001"));
    let kept = IdClaims::from_trusted_json(&claims.to_json()).unwrap();
    assert_eq!((kept.subject(), kept.to_json()), (claims.subject(), claims.to_json()));
    let failed = |result: Result<IdClaims, IdTokenError>| result.unwrap_err().kind();
    assert_eq!(failed(verify(&app, NOW)), Kind::Expired);
    assert_eq!(failed(verify(&builder().build().unwrap(), 1_311_281_000)), Kind::Issuer);
    let other = builder().issuer("https://server.example.com").client_id("other").build().unwrap();
    assert_eq!(failed(verify(&other, 1_311_281_000)), Kind::Audience);
}

#[test]
fn the_nonce_of_a_sign_in_is_expected_and_no_other() {
    let app = builder().build().unwrap();
    let one = app.authorize(&Entropy::new([1; 64])).unwrap().login;
    let other = app.authorize(&Entropy::new([2; 64])).unwrap().login;
    let token = signed(&claims(&[("nonce", &format!(r#""{}""#, one.nonce().unwrap()))]));
    let verify =
        |login| app.verify_id_token(&token, &keys(), &app.id_token_checks(login), UnixTime::from_secs(NOW));
    assert_eq!(verify(&one).unwrap().subject(), "248289761001");
    assert_eq!(verify(&other).unwrap_err().kind(), Kind::Nonce);
    let sent = checks(Some("n"), None, None);
    assert_eq!(kind_with(&sent, &[("nonce", r#""n""#)]), None);
    for nonce in ["", "null", r#""""#, r#""N""#] {
        assert_eq!(kind_with(&sent, &[("nonce", nonce)]), Some(Kind::Nonce), "{nonce}");
    }
    assert_eq!(kind(&[("nonce", r#""n""#)]), Some(Kind::Nonce), "of a sign-in that sent none");
}

#[test]
fn issuer_and_audience_are_this_app_and_no_other() {
    assert_eq!(kind(&[]), None);
    for issuer in ["", r#""https://as.example.com/""#, r#""https://AS.example.com""#, "null"] {
        assert_eq!(kind(&[("iss", issuer)]), Some(Kind::Issuer), "{issuer}");
    }
    for good in [r#"["s6BhdRkqt3"]"#, r#""s6BhdRkqt3""#] {
        assert_eq!(kind(&[("aud", good)]), None, "{good}");
        assert_eq!(kind(&[("aud", good), ("azp", r#""s6BhdRkqt3""#)]), None, "{good}");
        assert_eq!(kind(&[("aud", good), ("azp", r#""other""#)]), Some(Kind::Audience), "{good}");
    }
    for other in ["", r#""other""#, "[]", r#"["other"]"#, "7", r#"["s6BhdRkqt3","other"]"#] {
        assert_eq!(kind(&[("aud", other)]), Some(Kind::Audience), "{other}");
    }
    assert_eq!(kind(&[("aud", r#"["other","s6BhdRkqt3"]"#), ("azp", r#""s6BhdRkqt3""#)]), None);
    for subject in ["", "null", r#""""#, "7", &format!(r#""{}""#, "s".repeat(256))] {
        assert_eq!(kind(&[("sub", subject)]), Some(Kind::Malformed), "{subject}");
    }
}

#[test]
fn times_have_a_minute_of_leeway_and_are_numbers() {
    let at = |seconds: i64| (NOW as i64 + seconds).to_string();
    for (name, seconds, expected) in [
        ("exp", -59, None),
        ("exp", -60, Some(Kind::Expired)),
        ("iat", 60, None),
        ("iat", 61, Some(Kind::NotYetValid)),
        ("iat", -86_400, None),
        ("nbf", 60, None),
        ("nbf", 61, Some(Kind::NotYetValid)),
    ] {
        assert_eq!(kind(&[(name, &at(seconds))]), expected, "{name} {seconds}");
    }
    assert_eq!(kind(&[("exp", &format!("{}.5", NOW + 9))]), None);
    for (name, value) in
        [("exp", ""), ("iat", ""), ("exp", r#""1800000000""#), ("iat", "-1"), ("exp", "null")]
    {
        assert_eq!(kind(&[(name, value)]), Some(Kind::Malformed), "{name} {value}");
    }
    let twice = claims(&[]).replace("{", r#"{"exp":9999999999,"#);
    let app = builder().build().unwrap();
    let result =
        app.verify_id_token(&signed(&twice), &keys(), &IdTokenChecks::default(), UnixTime::from_secs(NOW));
    assert_eq!(result.unwrap_err().kind(), Kind::Malformed);
}

#[test]
fn max_age_and_acr_are_checked_if_the_sign_in_asked_for_them() {
    let at = |seconds: i64| (NOW as i64 + seconds).to_string();
    let young = checks(None, Some(30), None);
    assert!(!young.need_id_token(), "it expects no ID token, because it sent no nonce");
    assert!(checks(Some("n"), Some(30), None).need_id_token());
    assert!(!checks(Some("n"), None, None).need_id_token());
    for (seconds, expected) in
        [(0, None), (-90, None), (-91, Some(Kind::AuthTime)), (60, None), (61, Some(Kind::AuthTime))]
    {
        assert_eq!(kind_with(&young, &[("auth_time", &at(seconds))]), expected, "{seconds}");
    }
    assert_eq!(kind_with(&young, &[]), Some(Kind::AuthTime), "it does not say when");
    let strong = checks(None, None, Some("urn:mfa urn:hardware"));
    assert!(checks(Some("n"), None, Some("urn:mfa")).need_id_token());
    for (class, expected) in [
        (r#""urn:hardware""#, None),
        (r#""urn:mfa""#, None),
        (r#""urn:mf""#, Some(Kind::Acr)),
        (r#""urn:mfa urn:hardware""#, Some(Kind::Acr)),
        ("", Some(Kind::Acr)),
        ("7", Some(Kind::Malformed)),
    ] {
        assert_eq!(kind_with(&strong, &[("acr", class)]), expected, "{class}");
    }
    let app = builder().build().unwrap();
    let options = SignInOptions::new().max_age(Duration::from_secs(30)).acr_values("urn:mfa");
    let login = app.authorize_with(&Entropy::new([1; 64]), &options).unwrap().login;
    let nonce = format!(r#""{}""#, login.nonce().unwrap());
    let asked = app.id_token_checks(&login);
    assert_eq!(kind_with(&asked, &[("nonce", &nonce)]), Some(Kind::AuthTime));
    let full = [("nonce", nonce.as_str()), ("auth_time", &at(0)), ("acr", r#""urn:mfa""#)];
    let claims = verify_with(&asked, &full).unwrap();
    assert_eq!((claims.acr(), claims.auth_time()), (Some("urn:mfa"), Some(UnixTime::from_secs(NOW))));
    assert!(!IdTokenChecks::default().need_id_token());
}

#[test]
fn a_changed_claim_another_key_and_an_app_without_an_issuer_are_refused() {
    let app = builder().build().unwrap();
    let (token, now) = (signed(&claims(&[])), UnixTime::from_secs(NOW));
    let none = IdTokenChecks::default();
    let [header, _, signature] = token.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    let payload = URL_SAFE_NO_PAD.encode(claims(&[("sub", r#""admin""#)]));
    let forged = format!("{header}.{payload}.{signature}");
    assert_eq!(app.verify_id_token(&forged, &keys(), &none, now).unwrap_err().kind(), Kind::Signature);
    let others = Jwks::parse(EXAMPLE_KEY.as_bytes()).unwrap();
    let error = app.verify_id_token(&token, &others, &none, now).unwrap_err();
    assert_eq!(error.kind(), Kind::UnknownKey);
    assert_eq!(TokenError::from(error).kind(), ErrorKind::Protocol);
    let without = App::builder()
        .authorize_url("https://as.example.com/authorize")
        .token_url("https://as.example.com/token")
        .client_id("s6BhdRkqt3")
        .redirect_uri("https://client.example.com/cb")
        .build()
        .unwrap();
    let error = without.verify_id_token(&token, &keys(), &none, now).unwrap_err();
    assert_eq!(TokenError::from(error).kind(), ErrorKind::Misconfigured);
}

#[test]
fn the_answer_with_the_key_set_is_read_and_a_failure_keeps_its_status() {
    let answer = |status, body: &str| HttpResponse::new(ResponseHead::new(status), body);
    assert_eq!(Jwks::read(&answer(200, EXAMPLE_KEY)).unwrap().len(), 1);
    for (status, body, kind) in [
        (503, EXAMPLE_KEY, ErrorKind::Unavailable { retry_at: None }),
        (429, "", ErrorKind::Unavailable { retry_at: None }),
        (200, "<html>", ErrorKind::Protocol),
        (302, "", ErrorKind::Protocol),
        (404, "", ErrorKind::Protocol),
    ] {
        let error = Jwks::read(&answer(status, body)).unwrap_err();
        assert_eq!((error.status(), error.kind()), (Some(status), kind));
    }
    assert_eq!(format!("{:?}", keys()), r#"Jwks { kids: ["k1"] }"#);
}

#[test]
fn no_error_shows_a_claim() {
    let canary =
        [("iss", r#""canary""#), ("sub", r#""canary""#), ("aud", r#""canary""#), ("exp", r#""canary""#)];
    for at in 0..canary.len() {
        let error = verify_with(&checks(Some("canary"), Some(1), Some("canary")), &canary[at..]).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}
