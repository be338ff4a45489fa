//! The published page, byte for byte: its requests are sent and its answers are read.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

mod callback;

use core::time::Duration;

use oauth2_app::aihubmix::{self, Account, RegisteredApp, Registration, TopUp};
use oauth2_app::{App, Authorization, Callback, Entropy, RedirectUri, UserInfo};
use wellspring_core::{
    AccessToken, AuthorizationGrant, HttpRequest, HttpResponse, Provider, Reading, RefreshToken,
    ResponseHead, Rotation, Scope, TokenResponse, UnixTime,
};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

fn app() -> App {
    aihubmix::app("https://your-domain.com")
        .unwrap()
        .client_id("client_abc123def456")
        .client_secret("secret_xyz789uvw012")
        .redirect_uri("https://yourapp.com/oauth/callback")
        .scopes(["profile", "balance"])
        .build()
        .unwrap()
}

fn authorize(app: &App) -> Authorization {
    app.authorize(&Entropy::new([7; 64])).unwrap()
}

/// 32 bytes of 7 in base64url.
const STATE: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc";

fn answer(status: u16, body: &str) -> HttpResponse {
    HttpResponse::new(ResponseHead::new(status).header("Content-Type", "application/json"), body)
}

fn body(request: &HttpRequest) -> &str {
    core::str::from_utf8(request.expose_body()).unwrap()
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().iter().find(|header| header.name() == name).map(|header| header.expose())
}

fn granted(app: &App, grant: &AuthorizationGrant, body: &str) -> TokenResponse {
    match app.read(grant, &answer(200, body), NOW) {
        Reading::Granted(token) => token,
        other => panic!("{other:?}"),
    }
}

fn refresh() -> AuthorizationGrant {
    AuthorizationGrant::RefreshToken(RefreshToken::new("refresh_abc123def456..."))
}

const TOKENS: &str = r#"{
"access_token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...",
"token_type": "Bearer",
"expires_in": 7200,
"refresh_token": "refresh_abc123def456...",
"scope": "profile balance"
}"#;

#[test]
fn the_authorization_url_is_the_pages_own() {
    // The URL that the page's own code builds with `URL.searchParams`.
    assert_eq!(
        authorize(&app()).url,
        format!(
            "https://your-domain.com/api/oauth2/authorize?client_id=client_abc123def456\
             &redirect_uri=https%3A%2F%2Fyourapp.com%2Foauth%2Fcallback&response_type=code\
             &scope=profile+balance&state={STATE}&auto_authorize=true"
        )
    );
}

#[test]
fn the_code_is_exchanged_with_the_pages_own_form() {
    let app = app();
    let callback = Callback::read(&format!("/oauth/callback?code=code_1&state={STATE}"));
    let grant = app.finish(authorize(&app).login, &callback).unwrap();
    let request = app.request(&grant, NOW).unwrap();
    assert_eq!(
        (request.method().as_str(), request.url()),
        ("POST", "https://your-domain.com/api/oauth2/token")
    );
    assert_eq!(header(&request, "Content-Type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(header(&request, "Authorization"), None, "only one authentication method: client_secret_post");
    assert_eq!(
        body(&request),
        "grant_type=authorization_code&code=code_1&redirect_uri=https%3A%2F%2Fyourapp.com%2Foauth%2Fcallback\
         &client_id=client_abc123def456&client_secret=secret_xyz789uvw012"
    );
}

#[test]
fn the_refresh_request_is_the_pages_own() {
    let request = app().request(&refresh(), NOW).unwrap();
    assert_eq!(
        body(&request),
        "grant_type=refresh_token&refresh_token=refresh_abc123def456...\
         &client_id=client_abc123def456&client_secret=secret_xyz789uvw012"
    );
}

#[test]
fn the_pages_answer_is_an_access_token_and_a_refresh_token() {
    for grant in [
        refresh(),
        AuthorizationGrant::AuthorizationCode {
            code: wellspring_core::AuthorizationCode::new("c"),
            redirect_uri: String::new(),
            verifier: None,
        },
    ] {
        let token = granted(&app(), &grant, TOKENS);
        assert_eq!(token.access_token.expose(), "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...");
        assert_eq!(token.lifetime, Some(Duration::from_secs(7_200)));
        assert_eq!(token.refresh_token, Some(RefreshToken::new("refresh_abc123def456...")));
        assert_eq!(token.scope, Some(Scope::parse("profile balance")));
        assert!(token.deviations.is_empty());
    }
}

#[test]
fn an_app_is_registered_with_the_pages_own_request() {
    let redirect_uri = RedirectUri::new("https://yourapp.com/oauth/callback").unwrap();
    let registration = Registration::new("My Third-party App", "App description", redirect_uri);
    let developer = AccessToken::new("YOUR_DEVELOPER_TOKEN");
    let request = registration.request(aihubmix::API, &developer).unwrap();
    assert_eq!(
        (request.method().as_str(), request.url()),
        ("POST", "https://api.aihubmix.com/api/oauth_apps")
    );
    assert_eq!(header(&request, "Content-Type"), Some("application/json"));
    assert_eq!(header(&request, "Authorization"), Some("Bearer YOUR_DEVELOPER_TOKEN"));
    assert_eq!(
        body(&request),
        r#"{"name":"My Third-party App","description":"App description","redirect_uri":"https://yourapp.com/oauth/callback"}"#
    );
}

#[test]
fn the_registered_app_is_read_from_the_pages_envelope() {
    let response = answer(
        200,
        r#"{
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
}"#,
    );
    let app = RegisteredApp::read(&response, NOW).unwrap();
    assert_eq!(app.client_id, "client_abc123def456...");
    assert_eq!(app.client_secret.expose(), "secret_xyz789uvw012...");
    assert_eq!((app.id, app.name.as_deref()), (Some(1), Some("My Third-party App")));
    assert_eq!(app.redirect_uri.as_deref(), Some("https://yourapp.com/oauth/callback"));
    assert_eq!(app.created, Some(UnixTime::from_secs(1_640_995_200)));
    assert!(!format!("{app:?} {response:?}").contains("xyz789"));
}

const USER: &str = r#"{
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
fn the_user_info_is_the_pages_own() {
    let app = app();
    let request = app.userinfo_request().unwrap();
    assert_eq!(
        (request.method().as_str(), request.url()),
        ("GET", "https://your-domain.com/api/oauth2/userinfo")
    );
    assert!(app.spec().origins.iter().any(|origin| origin.covers(request.url())));
    let account = Account::read(&answer(200, USER), NOW).unwrap();
    assert_eq!((account.user.id.as_str(), account.user.username.as_deref()), ("12345", Some("user123")));
    assert_eq!((account.user.email.as_deref(), account.status), (Some("user@example.com"), Some(1)));
    assert_eq!((account.quota, account.used_quota), (Some(1_000_000), Some(250_000)));
    assert_eq!(account.created, Some(UnixTime::from_secs(1_640_995_200)));
}

#[test]
fn a3_a_missing_lifetime_is_the_documented_two_hours() {
    let silent = r#"{"access_token":"t","token_type":"Bearer","refresh_token":"r"}"#;
    assert_eq!(granted(&app(), &refresh(), silent).lifetime, Some(Duration::from_secs(7_200)));
}

#[test]
fn a7_everything_in_a_url_is_encoded() {
    let app = aihubmix::app("https://your-domain.com")
        .unwrap()
        .client_id("a&b=c d#é")
        .client_secret("s")
        .redirect_uri("https://yourapp.com/cb?x=1&y=2")
        .build()
        .unwrap();
    let url = authorize(&app).url;
    assert!(url.contains(
        "client_id=a%26b%3Dc+d%23%C3%A9&redirect_uri=https%3A%2F%2Fyourapp.com%2Fcb%3Fx%3D1%26y%3D2&"
    ));
    assert!(!url.contains("scope="), "without a requested scope there is no parameter");
}

#[test]
fn a13_a_missing_refresh_token_is_not_the_text_undefined() {
    for missing in ["", r#","refresh_token":null"#, r#","refresh_token":"""#] {
        let body = format!(r#"{{"access_token":"t","token_type":"Bearer","expires_in":7200{missing}}}"#);
        let token = granted(&app(), &refresh(), &body);
        assert!(token.refresh_token.is_none() && token.refresh_lifetime.is_none(), "{missing}");
    }
}

#[test]
fn a14_userinfo_and_top_up_requests_carry_no_authorization_of_their_own() {
    let topup = TopUp::new("https://your-domain.com").unwrap();
    for request in [app().userinfo_request().unwrap(), topup.request()] {
        assert_eq!(header(&request, "Authorization"), None);
    }
}

#[test]
fn a18_every_url_follows_the_base_url() {
    let app = aihubmix::app("http://127.0.0.1:9001/")
        .unwrap()
        .client_id("c")
        .client_secret("s")
        .redirect_uri("http://127.0.0.1:8765/cb")
        .build()
        .unwrap();
    assert!(authorize(&app).url.starts_with("http://127.0.0.1:9001/api/oauth2/authorize?"));
    assert_eq!(app.request(&refresh(), NOW).unwrap().url(), "http://127.0.0.1:9001/api/oauth2/token");
    assert_eq!(app.userinfo_request().unwrap().url(), "http://127.0.0.1:9001/api/oauth2/userinfo");
    let topup = TopUp::new("http://127.0.0.1:9001/").unwrap();
    assert_eq!(topup.request().url(), "http://127.0.0.1:9001/api/oauth2/topup");
    for bad in [
        "http://your-domain.com",
        "https://your-domain.com?x",
        "your-domain.com",
        "https://u@your-domain.com",
    ] {
        assert!(aihubmix::app(bad).is_err() && TopUp::new(bad).is_err(), "{bad}");
    }
}

#[test]
fn a19_the_balance_is_the_vendors_text_and_never_computed() {
    let account = Account::read(&answer(200, USER), NOW).unwrap();
    assert_eq!(account.balance_formatted.as_deref(), Some("750.00"));
    let without =
        Account::read(&answer(200, r#"{"id":1,"quota":1000000,"used_quota":250000}"#), NOW).unwrap();
    assert_eq!(without.balance_formatted, None);
}

#[test]
fn a22_a_top_up_page_is_https_and_on_an_allowed_host() {
    let topup = TopUp::new(aihubmix::API).unwrap();
    let read = |body: &str| topup.read(&answer(200, body), NOW);
    let url = |url: &str| read(&format!(r#"{{"topup_url":"{url}"}}"#));
    for allowed in
        ["https://aihubmix.com/topup?id=1", "https://pay.AIHubMix.com/x", "https://api.aihubmix.com/topup"]
    {
        assert_eq!(url(allowed).unwrap().as_deref(), Some(allowed));
    }
    for bad in [
        "http://aihubmix.com/topup",
        "https://evilaihubmix.com/topup",
        "https://aihubmix.com.evil.com/",
        "https://aihubmix.com@evil.com/",
        "https://evil.com/?aihubmix.com",
        "javascript:alert(1)",
        "//aihubmix.com/topup",
        "http://127.0.0.1/topup",
    ] {
        assert!(url(bad).is_err(), "{bad}");
    }
    for missing in ["{}", r#"{"topup_url":null}"#, r#"{"topup_url":""}"#] {
        assert_eq!(read(missing).unwrap(), None, "{missing}");
    }
    for broken in [
        r#"{"topup_url":7}"#,
        r#"{"topup_url":"https://aihubmix.com","topup_url":"https://evil.com"}"#,
        "<html>",
    ] {
        assert!(read(broken).is_err(), "{broken}");
    }
}

#[test]
fn a26_a_refresh_token_lives_thirty_days_from_its_receipt() {
    let token = granted(&app(), &refresh(), TOKENS);
    assert_eq!(token.refresh_lifetime, Some(Duration::from_secs(30 * 86_400)));
    assert_eq!(app().spec().rotation, Rotation::SingleUse, "the page does not mention rotation");
}

#[test]
fn a_narrower_scope_omits_everything_except_the_id() {
    let account = Account::read(&answer(200, r#"{"id":12345}"#), NOW).unwrap();
    assert_eq!(
        (account.user.id.as_str(), account.user.username, account.user.email, account.quota),
        ("12345", None, None, None)
    );
    let wrong_types =
        r#"{"id":"7","username":7,"email":null,"quota":"x","created_time":-1,"balance_formatted":750.0}"#;
    let account = Account::read(&answer(200, wrong_types), NOW).unwrap();
    assert_eq!(
        (account.user.id.as_str(), account.user.username, account.created, account.balance_formatted),
        ("7", None, None, None)
    );
}

#[test]
fn user_info_with_the_names_of_openid_connect_is_read() {
    let body = r#"{"sub":"248289761001","name":"Jane Doe","preferred_username":"j.doe","email":"janedoe@example.com"}"#;
    let user = UserInfo::read(&answer(200, body), NOW).unwrap();
    assert_eq!((user.id.as_str(), user.username.as_deref()), ("248289761001", Some("j.doe")));
    assert_eq!(user.name.as_deref(), Some("Jane Doe"));
}

#[test]
fn user_info_without_an_id_or_with_two_is_an_error() {
    for body in
        ["{}", r#"{"id":null}"#, r#"{"id":1,"id":2}"#, r#"{"sub":"a","sub":"a"}"#, r#"{"id":1.5}"#, "[]", ""]
    {
        assert!(UserInfo::read(&answer(200, body), NOW).is_err(), "{body}");
    }
    for (status, body) in
        [(401, r#"{"error":"invalid_token"}"#), (403, ""), (200, r#"{"error":"x","id":1}"#), (502, "<html>")]
    {
        assert!(UserInfo::read(&answer(status, body), NOW).is_err(), "{status} {body}");
    }
}

#[test]
fn a_failed_registration_with_status_200_is_an_error_with_the_vendors_message() {
    let error =
        RegisteredApp::read(&answer(200, r#"{"success":false,"message":"redirect_uri inválida"}"#), NOW)
            .unwrap_err();
    assert_eq!(error.description(), Some("redirect_uri inválida"));
    assert!(!error.is_transient());
    for body in [
        r#"{"success":true}"#,
        r#"{"success":true,"data":{}}"#,
        r#"{"success":true,"data":{"client_id":"c"}}"#,
        r#"{"success":true,"data":{"client_secret":"canary"}}"#,
        r#"{"success":true,"data":{"client_id":"c","client_secret":"canary","client_secret":"canary2"}}"#,
        r#"{"success":true,"data":{"client_id":"c","client_secret":7}}"#,
    ] {
        let error = RegisteredApp::read(&answer(200, body), NOW).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}
