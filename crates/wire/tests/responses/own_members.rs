//! Answers whose members, lifetimes and errors stand where one vendor puts them.

use wellspring_core::{AuthorizationGrant, Deviation, ErrorKind, Reading, TokenError};
use wellspring_wire::{LifetimeUnit, Meaning, TokenFormat, TokenNames};

use super::{NOW, read_with, refresh, response, seconds, token_body};

/// A format in which the token response is the object `body`.
fn within_a_body() -> TokenFormat {
    let mut names = TokenNames::default();
    names.access_token = "body.access_token|access_token".into();
    names.refresh_token = Some("body.refresh_token|refresh_token".into());
    names.token_type = Some("body.token_type|token_type".into());
    names.lifetime = "body.expires_in".into();
    names.scope = "body.scope".into();
    TokenFormat::new().names(names)
}

/// A format with the vendor's own names of code and text of an error.
fn with_own_errors() -> TokenFormat {
    let mut names = TokenNames::default();
    names.error = Some("errcode|fault.code".into());
    names.error_description = Some("errmsg".into());
    TokenFormat::new().names(names).code("40013", Meaning::Misconfigured)
}

fn error(format: &TokenFormat, grant: &AuthorizationGrant, status: u16, body: &str) -> TokenError {
    format.read(grant, &response(status, body), NOW).expect_err(body)
}

#[test]
fn l20_a_lifetime_counts_the_unit_of_the_endpoint() {
    let read = |unit, text: &str| {
        let format = TokenFormat::new().lifetime_unit(unit);
        read_with(&format, &token_body(&format!("\"expires_in\":{text}"))).unwrap().lifetime
    };
    assert_eq!(read(LifetimeUnit::Milliseconds, "3600000"), Some(seconds(3_600)));
    assert_eq!(read(LifetimeUnit::Milliseconds, "\"3600000\""), Some(seconds(3_600)));
    assert_eq!(read(LifetimeUnit::Minutes, "60"), Some(seconds(3_600)));
    assert_eq!(read(LifetimeUnit::Seconds, "60"), Some(seconds(60)));
    assert_eq!(read(LifetimeUnit::Minutes, "18446744073709551615"), Some(wellspring_wire::LONGEST_LIFETIME));
}

#[test]
fn l21_a_token_lives_until_the_end_that_its_response_names() {
    let mut names = TokenNames::default();
    names.expires_at = Some("expires_at".into());
    let format = TokenFormat::new().names(names);
    let read = |members: &str| read_with(&format, &token_body(members)).unwrap();
    for end in ["\"1994-11-06T09:49:37Z\"", "784115377", "784115377000", "\"1994-11-06T10:49:37.5+01:00\""] {
        let granted = read(&format!("\"expires_at\":{end}"));
        assert_eq!(granted.lifetime, Some(seconds(3_600)), "{end}");
        assert!(granted.members.iter().next().is_none(), "a known member");
    }
    // Of a lifetime and an end the earlier counts.
    assert_eq!(read("\"expires_at\":784115377,\"expires_in\":60").lifetime, Some(seconds(60)));
    let over = read("\"expires_at\":784111777");
    assert_eq!((over.lifetime, over.deviations), (Some(seconds(0)), vec![Deviation::LifetimeIsOver]));
    let unreadable = read("\"expires_at\":\"tomorrow\",\"expires_in\":60");
    assert_eq!(
        (unreadable.lifetime, unreadable.deviations),
        (Some(seconds(60)), vec![Deviation::LifetimeUnreadable])
    );
}

#[test]
fn t29_a_member_is_found_at_the_first_of_its_paths() {
    let inside = r#"{"status":0,"access_token":"outer","body":{"access_token":"a","refresh_token":"r","expires_in":60,"scope":"x","userid":7}}"#;
    let granted = read_with(&within_a_body(), inside).unwrap();
    assert_eq!(granted.access_token.expose(), "a");
    assert_eq!(granted.refresh_token.unwrap().expose(), "r");
    assert_eq!((granted.lifetime, granted.scope.unwrap().to_string()), (Some(seconds(60)), "x".to_owned()));
    let outside =
        read_with(&within_a_body(), r#"{"access_token":"a","refresh_token":"r","body":{}}"#).unwrap();
    assert_eq!(outside.access_token.expose(), "a");
    let missing = error(&within_a_body(), &refresh(), 200, r#"{"body":"access_token"}"#);
    assert_eq!(missing.kind(), ErrorKind::Protocol);
    let twice = r#"{"body":{"access_token":"a","access_token":"b"}}"#;
    assert_eq!(error(&within_a_body(), &refresh(), 200, twice).kind(), ErrorKind::Protocol);
}

#[test]
fn t30_no_other_member_holds_a_token_of_the_object_around_it() {
    let body = r#"{"status":0,"body":{"access_token":"canary-a","refresh_token":"canary-r","userid":7}}"#;
    let granted = read_with(&within_a_body(), body).unwrap();
    let members: Vec<_> =
        granted.members.iter().map(|(name, member)| (name, member.expose().to_owned())).collect();
    assert_eq!(members, [("status", "0".to_owned()), ("body", r#"{"userid":7}"#.to_owned())]);
}

#[test]
fn t31_the_refresh_token_of_a_response_that_cannot_be_used_is_kept_at_its_path() {
    for body in [
        r#"{"body":{"access_token":"a b","refresh_token":"next"}}"#,
        r#"{"body":{"access_token":"a","token_type":"mac","refresh_token":"next"}}"#,
        r#"{"access_token":{},"refresh_token":"next"}"#,
        r#"{"body":{"access_token":"a","refresh_token":"next","expires_in":1e400}}"#,
    ] {
        let reading = within_a_body().reading(&refresh(), &response(200, body), NOW);
        let Reading::Unusable { successor, .. } = reading else { panic!("{body}: {reading:?}") };
        assert_eq!(successor.refresh_token.expose(), "next", "{body}");
    }
}

#[test]
fn t32_a_token_of_a_type_that_the_provider_names_is_used_like_a_bearer_token() {
    let format = TokenFormat::new().token_type("BearerToken").token_type("user");
    for kind in ["BearerToken", "bearertoken", "USER", "bearer"] {
        let body = format!(r#"{{"access_token":"a","token_type":"{kind}"}}"#);
        assert!(read_with(&format, &body).is_ok(), "{kind}");
    }
    let error = read_with(&format, r#"{"access_token":"a","token_type":"mac"}"#).unwrap_err();
    assert!(
        error.to_string().contains("neither Bearer nor one of the endpoint's own: BearerToken, user"),
        "{error}"
    );
}

#[test]
fn e38_only_the_statuses_that_the_provider_names_bring_a_token() {
    let format = TokenFormat::new().success_statuses([201]);
    let read =
        |status| format.read(&AuthorizationGrant::ClientCredentials, &response(status, token_body("")), NOW);
    assert!(read(201).is_ok());
    for status in [200, 202, 206] {
        assert_eq!(read(status).unwrap_err().kind(), ErrorKind::Protocol, "{status}");
    }
    assert!(read(302).is_err() && read(500).is_err());
}

#[test]
fn e39_a_code_in_the_members_that_the_provider_names_is_an_error_under_any_status() {
    let format = with_own_errors();
    let credentials = AuthorizationGrant::ClientCredentials;
    for status in [200, 400, 403] {
        let said = error(&format, &credentials, status, r#"{"errcode":40013,"errmsg":"invalid appid"}"#);
        assert_eq!((said.kind(), said.code()), (ErrorKind::Misconfigured, Some("40013")), "{status}");
        assert!(said.to_string().contains("invalid appid"), "{said}");
    }
    let said = error(&format, &refresh(), 200, r#"{"fault":{"code":"invalid_grant"},"access_token":"a"}"#);
    assert!(
        matches!(said.kind(), ErrorKind::LoginRequired { .. }),
        "a code of the standard keeps its meaning: {said:?}"
    );
    for none in ["0", "0.0", "\"0\"", "\"ok\"", "\"Success\"", "\"\"", "null", "false"] {
        let body = format!(r#"{{"access_token":"a","errcode":{none},"errmsg":"ok"}}"#);
        let granted = read_with(&format, &body).unwrap();
        assert!(granted.members.iter().next().is_none(), "{none}");
    }
    let standard = error(&format, &credentials, 401, r#"{"error":"invalid_client"}"#);
    assert_eq!(standard.kind(), ErrorKind::Misconfigured);
}
