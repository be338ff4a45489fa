//! Apps of any authorization server: the rules of the standards.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

mod device;
mod end_session;
mod grants;
mod identity;
mod metadata;
mod sign_in_options;

use oauth2_app::{
    App, AppBuilder, AuthMethod, Callback, CallbackErrorKind, Discovery, Entropy, GrantType, PendingLogin,
    RedirectUri,
};
use wellspring_core::{
    AccessToken, AuthorizationCode, AuthorizationGrant, CodeVerifier, ErrorKind, Fate, HttpRequest,
    HttpResponse, LoginReason, Provider, Reading, RefreshToken, Replay, ResponseHead, Rotation, Scope,
    TokenError, UnixTime, Verdict,
};
use wellspring_wire::TokenFormat;

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

fn builder() -> AppBuilder {
    App::builder()
        .authorize_url("https://as.example.com/authorize")
        .token_url("https://as.example.com/token")
        .client_id("s6BhdRkqt3")
        .redirect_uri("https://client.example.com/cb")
}

fn confidential() -> AppBuilder {
    builder().client_secret("7Fjfp0ZBr1KtDRbnfVdmIw")
}

fn answer(status: u16, body: &str) -> HttpResponse {
    HttpResponse::new(ResponseHead::new(status).header("Content-Type", "application/json"), body)
}

fn body(request: &HttpRequest) -> &str {
    core::str::from_utf8(request.expose_body()).unwrap()
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().iter().find(|header| header.name() == name).map(|header| header.expose())
}

fn refresh() -> AuthorizationGrant {
    AuthorizationGrant::RefreshToken(RefreshToken::new("tGzv3JOkF0XG5Qx2TlKWIA"))
}

fn code() -> AuthorizationGrant {
    AuthorizationGrant::AuthorizationCode {
        code: AuthorizationCode::new("SplxlOBeZQQYbYS6WxSbIA"),
        redirect_uri: "https://client.example.com/cb".into(),
        verifier: Some(CodeVerifier::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")),
    }
}

fn refused(app: &App, grant: &AuthorizationGrant, response: &HttpResponse) -> TokenError {
    match app.read(grant, response, NOW) {
        Reading::Refused(error) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn pkce_is_on_and_the_challenge_belongs_to_the_verifier() {
    let app = confidential().build().unwrap();
    let mut entropy = [0; 64];
    // RFC 7636 appendix B.
    entropy[32..].copy_from_slice(&[
        116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105,
        214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
    ]);
    let authorization = app.authorize(&Entropy::new(entropy)).unwrap();
    assert!(
        authorization.url.ends_with(
            "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
        )
    );
    let state = authorization.login.state().expose().to_owned();
    let grant = app.finish(authorization.login, &Callback::read(&format!("code=c&state={state}"))).unwrap();
    assert!(
        body(&app.request(&grant, NOW).unwrap())
            .contains("&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    );
}

#[test]
fn basic_is_the_default_with_a_secret_and_the_body_then_has_no_client_id() {
    let request = confidential().build().unwrap().request(&code(), NOW).unwrap();
    // RFC 6749 §4.1.3.
    assert_eq!(header(&request, "Authorization"), Some("Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"));
    assert_eq!(
        body(&request),
        "grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA&redirect_uri=https%3A%2F%2Fclient.example.com%2Fcb\
         &code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    );
}

#[test]
fn a_public_client_sends_its_id_in_the_body_and_needs_pkce() {
    let request = builder().build().unwrap().request(&refresh(), NOW).unwrap();
    assert_eq!(
        body(&request),
        "grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA&client_id=s6BhdRkqt3"
    );
    assert_eq!(header(&request, "Authorization"), None);
    assert_eq!(
        builder().pkce(false).build().unwrap_err().to_string(),
        "a client without a secret must use PKCE"
    );
    assert!(confidential().pkce(false).build().is_ok());
}

#[test]
fn client_credentials_need_only_the_token_url() {
    let app = App::builder()
        .grant_type(GrantType::ClientCredentials)
        .token_url("https://as.example.com/token")
        .client_id("s6BhdRkqt3")
        .client_secret("7Fjfp0ZBr1KtDRbnfVdmIw")
        .token_endpoint_auth_method(AuthMethod::ClientSecretPost)
        .scopes(["read", "write"])
        .token_parameter("audience", "https://api.example.com/")
        .build()
        .unwrap();
    assert!(app.spec().credentials);
    let request = app.request(&AuthorizationGrant::ClientCredentials, NOW).unwrap();
    assert_eq!(
        body(&request),
        "grant_type=client_credentials&scope=read+write&audience=https%3A%2F%2Fapi.example.com%2F\
         &client_id=s6BhdRkqt3&client_secret=7Fjfp0ZBr1KtDRbnfVdmIw"
    );
    assert!(app.authorize(&Entropy::new([7; 64])).is_err());
    let body = r#"{"access_token":"t","token_type":"Bearer","refresh_token":"unasked"}"#;
    let Reading::Granted(token) = app.read(&AuthorizationGrant::ClientCredentials, &answer(200, body), NOW)
    else {
        panic!()
    };
    assert!(token.refresh_token.is_none(), "RFC 6749 §4.4.3");
}

#[test]
fn the_operator_can_require_the_requested_scopes() {
    let app = |format| confidential().scopes(["profile", "balance"]).token_format(format).build().unwrap();
    let narrowed = answer(200, r#"{"access_token":"t","token_type":"Bearer","scope":"profile"}"#);
    let Reading::Granted(token) = app(TokenFormat::new()).read(&code(), &narrowed, NOW) else { panic!() };
    assert_eq!(token.scope, Some(Scope::parse("profile")));
    let error = refused(&app(TokenFormat::new().require_scopes()), &code(), &narrowed);
    assert!(error.to_string().contains("balance"), "{error}");
}

#[test]
fn an_app_that_signs_users_in_has_no_client_credentials_grant() {
    let app = confidential().build().unwrap();
    assert!(!app.spec().credentials);
    assert_eq!(
        app.request(&AuthorizationGrant::ClientCredentials, NOW).unwrap_err().kind(),
        ErrorKind::Misconfigured
    );
}

#[test]
fn an_app_that_cannot_work_is_not_built_and_the_error_names_the_setting() {
    for (builder, setting) in [
        (App::builder().client_id(""), "client_id"),
        (App::builder().client_id("c"), "token_url"),
        (
            App::builder().client_id("c").token_url("https://a.com/t").redirect_uri("https://c.com/cb"),
            "authorize_url",
        ),
        (builder().token_url("http://as.example.com/token"), "token_url"),
        (builder().authorize_url("https://as.example.com/a#f"), "authorize_url"),
        (builder().userinfo_url("ftp://as.example.com/"), "userinfo_url"),
        (builder().revocation_url("/revoke"), "revocation_url"),
        (builder().api_url("http://api.example.com"), "api_url"),
        (builder().redirect_uri("https://client.example.com/cb#x"), "redirect URI"),
        (builder().redirect_uri("http://client.example.com/cb"), "redirect URI"),
        (builder().token_endpoint_auth_method(AuthMethod::ClientSecretBasic), "client_secret"),
        (builder().client_secret(""), "client_secret"),
        (confidential().token_endpoint_auth_method(AuthMethod::None), "client_secret"),
        (builder().grant_type(GrantType::ClientCredentials), "client_secret"),
        (builder().authorize_parameter("state", "x"), "state"),
        (builder().authorize_parameter("code_challenge", "x"), "code_challenge"),
        (builder().authorize_url("https://as.example.com/a?client_id=x"), "client_id"),
        (builder().authorize_url("https://as.example.com/a?p=1").authorize_parameter("p", "2"), "p"),
        (builder().token_parameter("grant_type", "password"), "grant_type"),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        assert!(error.to_string().contains(setting), "{setting}: {error}");
    }
}

#[test]
fn the_query_of_the_authorization_endpoint_is_kept() {
    // RFC 6749 §3.1.
    let app = confidential()
        .authorize_url("https://as.example.com/authorize?tenant=a%20b")
        .authorize_parameter("prompt", "none")
        .authorize_parameter("prompt", "consent")
        .authorize_parameter("display", "")
        .build()
        .unwrap();
    let url = app.authorize(&Entropy::new([7; 64])).unwrap().url;
    assert!(url.starts_with("https://as.example.com/authorize?tenant=a%20b&client_id=s6BhdRkqt3&"));
    assert!(url.ends_with("&prompt=consent") && !url.contains("display"));
}

#[test]
fn the_operator_decides_rotation_and_replay() {
    let spec = |builder: AppBuilder| builder.build().unwrap().spec().clone();
    assert_eq!(spec(confidential()).rotation, Rotation::SingleUse);
    assert_eq!(spec(confidential()).replay, Replay::OwnerDead);
    let set = spec(confidential().rotation(Rotation::Reusable).replay(Replay::Never));
    assert_eq!((set.rotation, set.replay), (Rotation::Reusable, Replay::Never));
}

#[test]
fn only_calls_to_userinfo_and_the_named_apis_carry_the_token() {
    let app = confidential()
        .userinfo_url("https://as.example.com/userinfo")
        .api_url("https://api.example.com/v1")
        .revocation_url("https://revoke.example.com/")
        .build()
        .unwrap();
    let covers = |url: &str| app.spec().origins.iter().any(|origin| origin.covers(url));
    assert!(covers("https://as.example.com/userinfo") && covers("https://api.example.com/other"));
    assert!(!covers("https://revoke.example.com/") && !covers("https://client.example.com/cb"));
    assert!(confidential().build().unwrap().spec().origins.is_empty());
}

#[test]
fn only_invalid_grant_ends_a_refresh_token_or_a_code() {
    let app = confidential().build().unwrap();
    let dead =
        refused(&app, &refresh(), &answer(400, r#"{"error":"invalid_grant","error_description":"revoked"}"#));
    assert_eq!(dead.kind(), ErrorKind::LoginRequired { reason: LoginReason::Refused });
    assert_eq!(
        (dead.fate(), dead.code(), dead.description()),
        (Fate::Dead, Some("invalid_grant"), Some("revoked"))
    );
    let dead_code = refused(&app, &code(), &answer(400, r#"{"error":"invalid_grant"}"#));
    assert_eq!((dead_code.fate(), dead_code.is_transient()), (Fate::Dead, false));
    for (status, body) in [
        (401, r#"{"error":"invalid_client"}"#),
        (401, ""),
        (400, r#"{"error":"unauthorized_client"}"#),
        (400, r#"{"error":"invalid_scope"}"#),
        (400, r#"{"error":"something_new"}"#),
        (403, r#"{"message":"blocked"}"#),
        (500, r#"{"error":"server_error"}"#),
        (502, "<html>bad gateway</html>"),
        (200, "<html>sign in</html>"),
        (429, ""),
    ] {
        let error = refused(&app, &refresh(), &answer(status, body));
        assert_ne!(error.fate(), Fate::Dead, "{status} {body}");
        assert!(!matches!(error.kind(), ErrorKind::LoginRequired { .. }), "{status} {body}");
    }
}

#[test]
fn an_error_in_a_200_is_an_error() {
    // GitHub's answer to a wrong code.
    let body = r#"{"error":"bad_verification_code","error_description":"The code is incorrect or expired."}"#;
    let app = confidential().build().unwrap();
    let error = refused(&app, &code(), &answer(200, body));
    assert_eq!(error.code(), Some("bad_verification_code"));
    let both = r#"{"error":"invalid_grant","access_token":"t","token_type":"Bearer"}"#;
    assert_eq!(refused(&app, &refresh(), &answer(200, both)).code(), Some("invalid_grant"));
}

#[test]
fn a_403_names_the_missing_scope_and_an_invalid_token_is_refused() {
    let app = confidential().build().unwrap();
    let judge = |status, challenge: &str| {
        app.judge(&ResponseHead::new(status).header("WWW-Authenticate", challenge), b"")
    };
    assert_eq!(judge(401, "Bearer"), Verdict::TokenRefused);
    assert_eq!(judge(403, r#"Bearer error="invalid_token""#), Verdict::TokenRefused);
    let missing = judge(403, r#"Bearer error="insufficient_scope", scope="balance""#);
    assert_eq!(missing, Verdict::ScopeMissing(Some(Scope::parse("balance"))));
    assert_eq!(judge(403, ""), Verdict::Accepted);
}

#[test]
fn the_issuer_of_a_callback_is_the_expected_one() {
    // RFC 9207 §2.4.
    let app = confidential().issuer("https://as.example.com").build().unwrap();
    let finish = |app: &App, iss: &str| {
        let login =
            PendingLogin::from_parts("state_1", None, RedirectUri::new("https://c.com/cb").unwrap()).unwrap();
        let query = format!("code=c&state=state_1{iss}");
        app.finish(login, &Callback::read(&query)).map_err(|error| error.kind().clone())
    };
    assert!(finish(&app, "&iss=https%3A%2F%2Fas.example.com").is_ok());
    assert!(finish(&app, "").is_ok(), "the server does not promise one");
    for bad in [
        "&iss=https%3A%2F%2Fas.example.com%2F",
        "&iss=https%3A%2F%2Fevil.com",
        "&iss=x&iss=https%3A%2F%2Fas.example.com",
    ] {
        assert_eq!(finish(&app, bad).unwrap_err(), CallbackErrorKind::InvalidIssuer, "{bad}");
    }
    let promised = metadata::discovered(r#","authorization_response_iss_parameter_supported":true"#).unwrap();
    let app = App::from_metadata(&promised)
        .client_id("c")
        .client_secret("s")
        .redirect_uri("https://c.com/cb")
        .build()
        .unwrap();
    assert_eq!(finish(&app, "").unwrap_err(), CallbackErrorKind::InvalidIssuer);
    assert!(finish(&app, "&iss=https%3A%2F%2Fas.example.com").is_ok());
    assert!(
        finish(&confidential().build().unwrap(), "&iss=anything").is_ok(),
        "the app has no issuer to compare"
    );
}

#[test]
fn revocation_follows_rfc_7009() {
    let app = confidential().revocation_url("https://as.example.com/revoke").build().unwrap();
    let request = app.revocation(&RefreshToken::new("45ghiukldjahdnhzdauz")).unwrap();
    assert_eq!(request.url(), "https://as.example.com/revoke");
    assert_eq!(body(&request), "token=45ghiukldjahdnhzdauz&token_type_hint=refresh_token");
    assert_eq!(header(&request, "Authorization"), Some("Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3"));
    let access = app.access_revocation(&AccessToken::new("t")).unwrap();
    assert_eq!(body(&access), "token=t&token_type_hint=access_token");
    assert!(confidential().build().unwrap().revocation(&RefreshToken::new("r")).is_none());

    for (status, body) in [(200, ""), (200, "{}"), (204, ""), (200, "OK")] {
        let response = HttpResponse::new(ResponseHead::new(status), body);
        assert!(app.read_revocation(&response, NOW).is_ok(), "{status} {body}");
    }
    let busy = HttpResponse::new(ResponseHead::new(503).header("Retry-After", "30"), "");
    let failed = app.read_revocation(&busy, NOW).unwrap_err();
    assert!(failed.is_transient() && failed.retry_after().is_some());
    let unsupported =
        app.read_revocation(&answer(400, r#"{"error":"unsupported_token_type"}"#), NOW).unwrap_err();
    assert_eq!((unsupported.code(), unsupported.is_transient()), (Some("unsupported_token_type"), false));
    for (status, body) in [(302, ""), (401, ""), (500, ""), (200, "<html>sign in</html>")] {
        assert!(app.read_revocation(&answer(status, body), NOW).is_err(), "{status}");
    }
}

#[test]
fn grant_types_and_authentication_methods_have_the_names_of_the_standards() {
    for word in ["authorization_code", "client_credentials"] {
        assert_eq!(word.parse::<GrantType>().unwrap().to_string(), word);
    }
    for word in [
        "client_secret_post",
        "client_secret_basic",
        "none",
        "tls_client_auth",
        "self_signed_tls_client_auth",
    ] {
        assert_eq!(word.parse::<AuthMethod>().unwrap().to_string(), word);
    }
    assert_eq!(
        "private_key_jwt".parse::<AuthMethod>().unwrap_err().to_string(),
        "token_endpoint_auth_method must be one of client_secret_post client_secret_basic none tls_client_auth \
         self_signed_tls_client_auth"
    );
}
