//! The published page, byte for byte: what it asks for is sent, what it answers is read.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use core::time::Duration;

use oauth2_app::{App, Authorization, Callback, Entropy, RedirectUri, RegisteredApp, Registration, UserInfo};
use wellspring_core::{
    AccessToken, HttpRequest, HttpResponse, Provider, Reading, RefreshToken, ResponseHead, Rotation, Scope,
    Spend, TokenResponse, UnixTime,
};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

fn app() -> App {
    App::aihubmix("https://your-domain.com")
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

fn granted(app: &App, spend: &Spend, body: &str) -> TokenResponse {
    match app.read(spend, &answer(200, body), NOW) {
        Reading::Granted(token) => token,
        other => panic!("{other:?}"),
    }
}

fn refresh() -> Spend {
    Spend::RefreshToken(RefreshToken::new("refresh_abc123def456..."))
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
    // What the page's server makes with `URL.searchParams`.
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
    let spend = app.finish(authorize(&app).login, &callback).unwrap();
    let request = app.request(&spend, NOW).unwrap();
    assert_eq!(
        (request.method().as_str(), request.url()),
        ("POST", "https://your-domain.com/api/oauth2/token")
    );
    assert_eq!(header(&request, "Content-Type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(header(&request, "Authorization"), None, "client_secret_post, and no second authentication");
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
    for spend in [
        refresh(),
        Spend::Code {
            code: wellspring_core::AuthorizationCode::new("c"),
            redirect_uri: String::new(),
            verifier: None,
        },
    ] {
        let token = granted(&app(), &spend, TOKENS);
        assert_eq!(token.access_token.expose(), "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...");
        assert_eq!(token.lifetime, Some(Duration::from_secs(7_200)));
        assert_eq!(token.refresh_token, Some(RefreshToken::new("refresh_abc123def456...")));
        assert_eq!(token.scope, Some(Scope::parse("profile balance")));
        assert!(token.leniencies.is_empty());
    }
}

#[test]
fn an_app_is_registered_with_the_pages_own_call() {
    let redirect_uri = RedirectUri::new("https://yourapp.com/oauth/callback").unwrap();
    let registration = Registration::new("My Third-party App", "App description", redirect_uri);
    let developer = AccessToken::new("YOUR_DEVELOPER_TOKEN");
    let request = registration.request(Registration::AIHUBMIX, &developer).unwrap();
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
fn the_registered_app_is_read_out_of_the_pages_envelope() {
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
    assert!(app.profile().origins.iter().any(|origin| origin.covers(request.url())));
    let user = UserInfo::read(&answer(200, USER), NOW).unwrap();
    assert_eq!((user.id.as_str(), user.username.as_deref()), ("12345", Some("user123")));
    assert_eq!((user.email.as_deref(), user.status), (Some("user@example.com"), Some(1)));
    assert_eq!((user.quota, user.used_quota), (Some(1_000_000), Some(250_000)));
    assert_eq!(user.created, Some(UnixTime::from_secs(1_640_995_200)));
}

// covers: W4
#[test]
fn the_callbacks_checks_run_in_the_pages_order() {
    let app = app();
    let code = |query: &str| {
        app.finish(authorize(&app).login, &Callback::read(query)).map_err(|e| e.code().to_owned())
    };
    let refused = |query: &str| code(query).unwrap_err();
    assert_eq!(refused("error=access_denied"), "access_denied");
    assert_eq!(refused(&format!("error=access_denied&code=c&state={STATE}")), "access_denied");
    assert_eq!(refused("error=access_denied&code=c&state=wrong"), "access_denied");
    assert_eq!(refused(""), "missing_parameters");
    assert_eq!(refused("code=c"), "missing_parameters");
    assert_eq!(refused(&format!("state={STATE}")), "missing_parameters");
    assert_eq!(refused("state=wrong"), "missing_parameters");
    assert_eq!(refused("code=c&state=wrong"), "invalid_state");
    assert!(code(&format!("code=c&state={STATE}")).is_ok());
    assert!(code(&format!("https://yourapp.com/oauth/callback?code=c&state={STATE}&unknown=1#_=_")).is_ok());
}

#[test]
fn a_callback_is_read_wherever_its_query_stands() {
    let app = app();
    let code = |text: String| match app.finish(authorize(&app).login, &Callback::read(&text)) {
        Ok(Spend::Code { code, .. }) => code.expose().to_owned(),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(code(format!("code=c&state={STATE}")), "c");
    assert_eq!(code(format!("?code=c&state={STATE}")), "c");
    assert_eq!(code(format!("/cb?code=c&state={STATE}")), "c");
    assert_eq!(code(format!("http://127.0.0.1:8765/cb?code=c&state={STATE}#_=_")), "c");
    assert_eq!(code(format!("code=a?b/c&state={STATE}")), "a?b/c", "a question mark within a query");
    let nothing = app.finish(authorize(&app).login, &Callback::read("https://yourapp.com/code=c"));
    assert_eq!(nothing.unwrap_err().code(), "missing_parameters");
}

#[test]
fn a3_an_unknown_lifetime_is_the_documented_two_hours() {
    let silent = r#"{"access_token":"t","token_type":"Bearer","refresh_token":"r"}"#;
    assert_eq!(granted(&app(), &refresh(), silent).lifetime, Some(Duration::from_secs(7_200)));
}

// covers: W2
#[test]
fn a5_two_missing_states_are_never_equal() {
    let app = app();
    let uri = || RedirectUri::new("https://yourapp.com/oauth/callback").unwrap();
    assert!(oauth2_app::PendingLogin::from_parts("", None, uri()).is_err());
    for query in ["code=c", "code=c&state=", "code=c&state", "code=c&state=null", "code=c&state=undefined"] {
        let login = authorize(&app).login;
        assert!(!login.answers(&Callback::read(query)), "{query}");
        let error = app.finish(login, &Callback::read(query)).unwrap_err();
        assert!(error.into_pending().is_some(), "{query}");
    }
    // Not even where somebody put the text of a missing state into the session.
    let login = oauth2_app::PendingLogin::from_parts("null", None, uri()).unwrap();
    assert!(!login.answers(&Callback::read("code=c")));
}

// covers: W5
#[test]
fn a6_a23_an_error_is_repeated_only_in_the_standards_characters_and_64_of_them() {
    let app = app();
    let code = |error: &str| {
        let query = format!("error={error}&state={STATE}");
        app.finish(authorize(&app).login, &Callback::read(&query)).unwrap_err().code().to_owned()
    };
    assert_eq!(code("access_denied"), "access_denied");
    assert_eq!(code(&"x".repeat(64)), "x".repeat(64));
    for bad in
        ["x".repeat(65), "%22".into(), "a%0Ab".into(), "caf%C3%A9".into(), "%5C".into(), "a&error=b".into()]
    {
        assert_eq!(code(&bad), "server_error", "{bad}");
    }
    let with_markup = code("%3Cscript%3E");
    assert_eq!(with_markup, "<script>", "the standard allows it: pages must escape it all the same");
}

#[test]
fn a23_the_description_is_kept_in_the_standards_characters_and_200_of_them() {
    let app = app();
    let query = format!("error=access_denied&error_description=no%0D%0A%22thanks%22{}", "x".repeat(300));
    let error = app.finish(authorize(&app).login, &Callback::read(&query)).unwrap_err();
    let oauth2_app::CallbackErrorKind::Refused { description, .. } = error.kind() else {
        panic!("{error:?}")
    };
    let description = description.as_deref().unwrap();
    assert!(description.starts_with("nothanksxxx") && description.len() == 200);
}

#[test]
fn a7_everything_in_a_url_is_encoded() {
    let app = App::aihubmix("https://your-domain.com")
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
    assert!(!url.contains("scope="), "no scope asked for is no parameter");
}

// covers: W1
#[test]
fn a8_the_state_has_256_bits_of_the_bytes_handed_in() {
    let mut entropy = [0; 64];
    let state = |entropy| app().authorize(&Entropy::new(entropy)).unwrap().login.state().expose().to_owned();
    let first = state(entropy);
    assert_eq!(first.len(), 43);
    for at in 0..32 {
        entropy[at] ^= 1;
        assert_ne!(state(entropy), first, "byte {at} counts");
        entropy[at] ^= 1;
    }
}

// covers: W1
#[test]
fn a9_a_state_is_good_for_one_callback_whatever_comes_of_it() {
    let app = app();
    let over = |query: String| {
        app.finish(authorize(&app).login, &Callback::read(&query)).unwrap_err().into_pending().is_none()
    };
    assert!(over(format!("error=access_denied&state={STATE}")));
    assert!(over(format!("state={STATE}")), "a code is missing, the state came back");
    assert!(!over("error=access_denied".into()), "anybody can make a browser load this");
    assert!(!over("code=c&state=wrong".into()));
}

#[test]
fn a10_a_mismatch_is_said_and_the_sign_in_can_still_be_finished() {
    let app = app();
    let error = app.finish(authorize(&app).login, &Callback::read("code=forged&state=wrong")).unwrap_err();
    assert_eq!(error.to_string(), "the callback's state is not this sign-in's");
    let login = error.into_pending().unwrap();
    assert!(app.finish(login, &Callback::read(&format!("code=c&state={STATE}"))).is_ok());
}

// covers: W3
#[test]
fn a_state_twice_is_invalid_and_a_code_twice_is_missing() {
    let app = app();
    let refused = |query: &str| {
        app.finish(authorize(&app).login, &Callback::read(query)).unwrap_err().code().to_owned()
    };
    assert_eq!(refused(&format!("code=c&state={STATE}&state={STATE}")), "invalid_state");
    assert_eq!(refused(&format!("code=c&state={STATE}&state=other")), "invalid_state");
    assert_eq!(refused(&format!("code=c&code=d&state={STATE}")), "missing_parameters");
    assert_eq!(refused(&format!("code=c&code=c&state={STATE}")), "missing_parameters");
    assert_eq!(refused(&format!("code=&state={STATE}")), "missing_parameters");
    assert!(
        app.finish(authorize(&app).login, &Callback::read(&format!("code=&code=c&state={STATE}&state=")))
            .is_ok()
    );
}

#[test]
fn a13_an_answer_without_a_refresh_token_is_not_one_with_the_text_undefined() {
    for missing in ["", r#","refresh_token":null"#, r#","refresh_token":"""#] {
        let body = format!(r#"{{"access_token":"t","token_type":"Bearer","expires_in":7200{missing}}}"#);
        let token = granted(&app(), &refresh(), &body);
        assert!(token.refresh_token.is_none() && token.refresh_lifetime.is_none(), "{missing}");
    }
}

#[test]
fn a14_requests_beside_the_token_leave_authorization_to_whoever_sends_them() {
    let app = app();
    for request in [app.userinfo_request().unwrap(), app.topup_request().unwrap()] {
        assert_eq!(header(&request, "Authorization"), None);
    }
}

#[test]
fn a18_every_url_follows_the_base_url() {
    let app = App::aihubmix("http://127.0.0.1:9001/")
        .unwrap()
        .client_id("c")
        .client_secret("s")
        .redirect_uri("http://127.0.0.1:8765/cb")
        .build()
        .unwrap();
    assert!(authorize(&app).url.starts_with("http://127.0.0.1:9001/api/oauth2/authorize?"));
    assert_eq!(app.request(&refresh(), NOW).unwrap().url(), "http://127.0.0.1:9001/api/oauth2/token");
    assert_eq!(app.userinfo_request().unwrap().url(), "http://127.0.0.1:9001/api/oauth2/userinfo");
    assert_eq!(app.topup_request().unwrap().url(), "http://127.0.0.1:9001/api/oauth2/topup");
    for bad in [
        "http://your-domain.com",
        "https://your-domain.com?x",
        "your-domain.com",
        "https://u@your-domain.com",
    ] {
        assert!(App::aihubmix(bad).is_err(), "{bad}");
    }
}

#[test]
fn a19_the_balance_is_the_vendors_text_and_never_computed() {
    let user = UserInfo::read(&answer(200, USER), NOW).unwrap();
    assert_eq!(user.balance_formatted.as_deref(), Some("750.00"));
    let without =
        UserInfo::read(&answer(200, r#"{"id":1,"quota":1000000,"used_quota":250000}"#), NOW).unwrap();
    assert_eq!(without.balance_formatted, None);
}

#[test]
fn a20_a_space_is_read_in_both_spellings() {
    for query in ["error=no+way", "error=no%20way"] {
        let error = app().finish(authorize(&app()).login, &Callback::read(query)).unwrap_err();
        assert_eq!(error.code(), "no way");
    }
}

#[test]
fn a22_a_top_up_page_is_https_and_on_an_expected_host() {
    let app = App::aihubmix("https://api.aihubmix.com")
        .unwrap()
        .client_id("c")
        .client_secret("s")
        .redirect_uri("https://yourapp.com/cb")
        .build()
        .unwrap();
    let read = |body: &str| app.read_topup(&answer(200, body), NOW);
    let url = |url: &str| read(&format!(r#"{{"topup_url":"{url}"}}"#));
    for fine in
        ["https://aihubmix.com/topup?id=1", "https://pay.AIHubMix.com/x", "https://api.aihubmix.com/topup"]
    {
        assert_eq!(url(fine).unwrap().as_deref(), Some(fine));
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
    for nothing in ["{}", r#"{"topup_url":null}"#, r#"{"topup_url":""}"#] {
        assert_eq!(read(nothing).unwrap(), None, "absent: there is nothing to do");
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
    assert_eq!(app().profile().rotation, Rotation::SingleUse, "nobody says whether it survives its use");
}

#[test]
fn a_narrower_scope_leaves_out_everything_but_the_id() {
    let user = UserInfo::read(&answer(200, r#"{"id":12345}"#), NOW).unwrap();
    assert_eq!((user.id.as_str(), user.username, user.email, user.quota), ("12345", None, None, None));
    let odd =
        r#"{"id":"7","username":7,"email":null,"quota":"x","created_time":-1,"balance_formatted":750.0}"#;
    let user = UserInfo::read(&answer(200, odd), NOW).unwrap();
    assert_eq!(
        (user.id.as_str(), user.username, user.created, user.balance_formatted),
        ("7", None, None, None)
    );
}

#[test]
fn other_servers_user_info_is_read_by_its_own_names() {
    let body = r#"{"sub":"248289761001","name":"Jane Doe","preferred_username":"j.doe","email":"janedoe@example.com"}"#;
    let user = UserInfo::read(&answer(200, body), NOW).unwrap();
    assert_eq!((user.id.as_str(), user.username.as_deref()), ("248289761001", Some("j.doe")));
    assert_eq!(user.name.as_deref(), Some("Jane Doe"));
}

#[test]
fn user_info_without_an_id_or_with_two_is_nobodys() {
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
fn a_registration_that_failed_with_200_is_an_error_in_the_vendors_words() {
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
