//! Rows E34 and E37 of `DECISIONS.md`: what vendors say instead of `invalid_grant`, in the bytes that they document or send.

use wellspring_core::{
    AuthorizationGrant, ErrorKind, Fate, HttpResponse, LoginReason, Reading, ResponseHead,
};
use wellspring_wire::{Meaning, TokenFormat};

use crate::{NOW, code, error_of, refresh, response, response_of_type};

const REFUSED: ErrorKind = ErrorKind::LoginRequired { reason: LoginReason::Refused };

#[test]
fn e34_a_dead_refresh_token_in_a_vendors_words_ends_the_session() {
    for (vendor, status, body) in [
        (
            "GitHub, Refreshing user access tokens",
            200,
            r#"{"error":"bad_refresh_token","error_description":"The refresh token passed is incorrect or expired.","error_uri":"https://docs.github.com"}"#,
        ),
        (
            "Strava, seen",
            400,
            r#"{"message":"Bad Request","errors":[{"resource":"RefreshToken","field":"refresh_token","code":"invalid"}]}"#,
        ),
        (
            "Fitbit, seen",
            400,
            r#"{"errors":[{"errorType":"invalid_grant","message":"Refresh token invalid: 9f. Visit https://dev.fitbit.com/docs/oauth2 for more information"}],"success":false}"#,
        ),
        (
            "Fitbit under 401",
            401,
            r#"{"errors":[{"errorType":"invalid_grant","message":"Refresh token invalid"}],"success":false}"#,
        ),
        (
            "HubSpot",
            400,
            r#"{"status":"BAD_REFRESH_TOKEN","message":"missing or invalid refresh token","correlationId":"d2"}"#,
        ),
        ("Twitch", 400, r#"{"status":400,"message":"Invalid refresh token"}"#),
        ("Twitch", 400, r#"{"error":"Bad Request","status":400,"message":"Invalid refresh token"}"#),
        ("Twitch", 401, r#"{"error":"Unauthorized","status":401,"message":"Invalid refresh token"}"#),
        (
            "Atlassian, Implementing the refresh token flow",
            403,
            r#"{"error":"invalid_grant","error_description":"Unknown or invalid refresh token."}"#,
        ),
        (
            "Atlassian, older",
            403,
            r#"{"error":"unauthorized_client","error_description":"refresh_token is invalid"}"#,
        ),
        ("Zoho", 200, r#"{"error":"invalid_code"}"#),
        (
            "Google",
            400,
            r#"{"error":"invalid_grant","error_description":"reauth related error (invalid_rapt)","error_subtype":"invalid_rapt"}"#,
        ),
        ("Slack", 200, r#"{"ok":false,"error":"invalid_refresh_token"}"#),
        ("Slack", 200, r#"{"ok":false,"error":"token_revoked"}"#),
        ("Xero", 400, r#"{"error":"invalid_grant"}"#),
        (
            "QuickBooks",
            400,
            r#"{"error_description":"Incorrect Token type or clientID","error":"invalid_grant"}"#,
        ),
        (
            "Dropbox",
            400,
            r#"{"error":"invalid_grant","error_description":"refresh token is invalid or revoked"}"#,
        ),
        ("Spotify", 400, r#"{"error":"invalid_grant","error_description":"Refresh token revoked"}"#),
        (
            "Salesforce",
            400,
            r#"{"error":"invalid_grant","error_description":"expired access/refresh token"}"#,
        ),
        ("Salesforce", 400, r#"{"error":"inactive_user","error_description":"user is inactive"}"#),
        (
            "X",
            400,
            r#"{"error":"invalid_request","error_description":"Value passed for the token was invalid."}"#,
        ),
        (
            "TikTok",
            400,
            r#"{"error":"invalid_request","error_description":"Refresh token is invalid or expired.","log_id":"2"}"#,
        ),
        (
            "authlib",
            400,
            r#"{"error":"invalid_request","error_description":"Invalid \"refresh_token\" in request."}"#,
        ),
        ("WeChat", 200, r#"{"errcode":40030,"errmsg":"invalid refresh_token"}"#),
        ("WeChat", 200, r#"{"errcode":42002,"errmsg":"refresh_token expired"}"#),
        ("Withings", 200, r#"{"status":503,"body":{},"error":"Invalid Params: invalid refresh_token"}"#),
        ("Yahoo", 400, r#"{"error":"INVALID_REFRESH_TOKEN","error_description":"Invalid Refresh Token"}"#),
        ("a code in an object", 400, r#"{"error":{"code":"invalid_grant","message":"gone"}}"#),
        ("a code of its own", 400, r#"{"code":"REFRESH_TOKEN_EXPIRED","message":"sign in"}"#),
        ("a code of its own", 401, r#"{"errorCode":"RefreshTokenRevoked"}"#),
        ("Portuguese", 401, r#"{"message":"Refresh token expirado ou revogado"}"#),
    ] {
        let error = error_of(&refresh(), &response(status, body));
        assert_eq!((error.kind(), error.fate()), (REFUSED, Fate::Dead), "{vendor}: {error}");
        assert_eq!(error.status(), Some(status));
    }
}

#[test]
fn a_server_that_asks_for_the_user_is_told_as_that_and_not_as_a_revoked_token() {
    let asks = ErrorKind::LoginRequired { reason: LoginReason::InteractionRequired };
    for body in [
        r#"{"error":"interaction_required","error_description":"AADSTS50076: Due to a configuration change made by your administrator","error_codes":[50076],"suberror":"basic_action"}"#,
        r#"{"error":"consent_required","error_description":"AADSTS65001: The user or administrator has not consented","error_codes":[65001]}"#,
        r#"{"error":"login_required"}"#,
        r#"{"error":"account_selection_required"}"#,
    ] {
        let error = error_of(&refresh(), &response(400, body));
        assert_eq!((error.kind(), error.fate()), (asks, Fate::Dead), "{body}: {error}");
        assert!(error.to_string().starts_with("the server asks for the user's interaction"), "{error}");
        // Of another grant it is no word about a user.
        let error = error_of(&AuthorizationGrant::ClientCredentials, &response(400, body));
        assert_ne!(error.kind(), asks, "{body}: {error}");
    }
}

#[test]
fn e34_what_says_nothing_of_the_refresh_token_does_not_end_the_session() {
    for (status, body) in [
        (
            400,
            r#"{"message":"Bad Request","errors":[{"resource":"Application","field":"client_id","code":"invalid"}]}"#,
        ),
        (400, r#"{"status":"BAD_CLIENT_ID","message":"missing or unknown client id"}"#),
        (
            400,
            r#"{"error":"invalid_request","error_description":"A required parameter \"refresh_token\" is missing"}"#,
        ),
        (
            400,
            r#"{"errors":[{"errorType":"invalid_request","message":"Missing parameters: refresh_token"}],"success":false}"#,
        ),
        (400, r#"{"error":"unsupported_grant_type","error_description":"refresh_token is not supported"}"#),
        (400, r#"{"error":"invalid_client","error_description":"the client is unknown"}"#),
        (400, r#"{"code":400,"message":"Bad Request"}"#),
        (401, r#"{"message":"Invalid client credentials"}"#),
        (200, r#"{"ok":false,"error":"invalid_client_id"}"#),
        (200, r#"{"error":"incorrect_client_credentials"}"#),
    ] {
        let error = error_of(&refresh(), &response(status, body));
        assert!(!matches!(error.kind(), ErrorKind::LoginRequired { .. }), "{body}: {error}");
        assert_eq!(error.fate(), if status == 200 { Fate::Unspent } else { error.fate() }, "{body}");
    }
    // The words are of refresh tokens: they end no other grant.
    for grant in [AuthorizationGrant::ClientCredentials, code()] {
        let error = error_of(&grant, &response(400, r#"{"status":"BAD_REFRESH_TOKEN"}"#));
        assert_eq!(error.kind(), ErrorKind::Protocol, "{grant:?}");
    }
}

#[test]
fn e34_a_vendors_words_for_a_wrong_client_and_a_used_code_are_known_too() {
    for (status, body) in [
        (
            400,
            r#"{"message":"Bad Request","errors":[{"resource":"Application","field":"client_id","code":"invalid"}]}"#,
        ),
        (400, r#"{"status":"BAD_CLIENT_SECRET","message":"missing or invalid client secret"}"#),
        (403, r#"{"status":403,"message":"invalid client secret"}"#),
        (200, r#"{"error":"incorrect_client_credentials"}"#),
        (200, r#"{"ok":false,"error":"bad_client_secret"}"#),
        (200, r#"{"error":"invalid_client_secret"}"#),
    ] {
        let error = error_of(&refresh(), &response(status, body));
        assert_eq!((error.kind(), error.fate()), (ErrorKind::Misconfigured, Fate::Unspent), "{body}");
        assert!(!error.is_without_verdict(), "{body}");
    }
    for (status, body) in [
        (200, r#"{"error":"bad_verification_code"}"#),
        (
            400,
            r#"{"message":"Bad Request","errors":[{"resource":"AuthorizationCode","field":"code","code":"invalid"}]}"#,
        ),
        (400, r#"{"status":"BAD_AUTH_CODE","message":"missing or unknown auth code"}"#),
        (200, r#"{"ok":false,"error":"code_already_used"}"#),
    ] {
        let error = error_of(&code(), &response(status, body));
        assert_eq!((error.kind(), error.fate()), (ErrorKind::Protocol, Fate::Dead), "{body}");
    }
}

#[test]
fn e34_a_provider_overrides_the_words_of_vendors_and_adds_its_own() {
    let format = TokenFormat::new().codes([
        ("bad_refresh_token", Meaning::Unavailable),
        ("400", Meaning::GrantRefused),
        ("something_new", Meaning::NotProcessed),
        ("invalid_client", Meaning::Unknown),
    ]);
    let read = |status, body| format.read(&refresh(), &response(status, body), NOW).unwrap_err();
    assert!(read(200, r#"{"error":"bad_refresh_token"}"#).is_transient());
    assert_eq!(read(400, r#"{"message":"Bad Request","error":400}"#).kind(), REFUSED);
    assert!(read(400, r#"{"error":"something_new"}"#).is_transient());
    assert!(read(400, r#"{"error":"invalid_client"}"#).is_without_verdict());
    for (word, meaning) in Meaning::WORDS {
        assert_eq!(Meaning::from_word(word), Some(meaning));
    }
}

#[test]
fn e37_an_error_code_is_read_where_the_body_around_it_is_not_valid() {
    let utf_16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    for body in [
        b"{\"error\":\"invalid_grant\",\"error_description\":\"sess\xE3o expirada: canary\"}".to_vec(),
        b"{\"error_description\":\"sess\xE3o canary\",\"error\":\"invalid_grant\"}".to_vec(),
        b"{\"error\":\"invalid_grant\",\"error_description\":\"the \"token\" canary\"}".to_vec(),
        b"{\"error\":\"invalid_grant\",\"error_descr".to_vec(),
        b"{\"error\":\"invalid_grant\"}{\"canary\":1}".to_vec(),
        b"error=invalid_grant&error_description=canary".to_vec(),
        b"state=1&error=invalid_grant".to_vec(),
        utf_16("{\"error\":\"invalid_grant\",\"error_description\":\"canary\"}"),
        [vec![0xFF, 0xFE], utf_16("{\"error\":\"invalid_grant\"}")].concat(),
    ] {
        for (status, kind) in
            [(400, "application/json"), (401, "text/plain"), (200, "application/json; charset=iso-8859-1")]
        {
            let error = error_of(&refresh(), &response_of_type(status, kind, body.clone()));
            assert_eq!(
                (error.kind(), error.fate()),
                (REFUSED, Fate::Dead),
                "{status} {}",
                body.escape_ascii()
            );
            assert_eq!(error.code(), Some("invalid_grant"));
            assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        }
    }
    // Without a code nothing is guessed, and a token of a success is kept.
    let odd = b"{\"status\":\"ok\",\"refresh_token\":\"new\",\"name\":\"Jos\xE9\"}";
    let reading =
        TokenFormat::new().reading(&refresh(), &HttpResponse::new(ResponseHead::new(200), odd), NOW);
    assert!(matches!(reading, Reading::Unusable { .. }), "{reading:?}");
    let error = error_of(&refresh(), &response(400, b"{\"message\":\"sess\xE3o\"}"));
    assert!(error.is_without_verdict() && error.kind() == ErrorKind::Protocol);
}
