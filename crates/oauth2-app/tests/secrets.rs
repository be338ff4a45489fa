//! No output shows a secret, and no input makes a reader panic.

#![expect(clippy::unwrap_used, reason = "a test that cannot continue has failed")]

use core::fmt::{Debug, Write};

use oauth2_app::aihubmix::{self, Account, RegisteredApp, Registration, TopUp};
use oauth2_app::{App, Callback, Discovery, Entropy, PendingLogin, RedirectUri, UserInfo};
use wellspring_core::{
    AccessToken, AuthorizationCode, AuthorizationGrant, Clocks, CodeVerifier, DeviceCode, HttpResponse,
    Instant, Provider, Reading, RefreshToken, ResponseHead, UnixTime,
};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);
const SENT: Clocks = Clocks { instant: Instant::ORIGIN, unix: NOW };
const SECRET: &str = "canary-secret-1";
const REFRESH: &str = "canary-refresh-2";
const CODE: &str = "canary-code-3";
const VERIFIER: &str = "canary-verifier-4";
const DEVICE_CODE: &str = "canary-device-code-5";

fn app() -> App {
    aihubmix::app("https://api.aihubmix.com")
        .unwrap()
        .client_id("client")
        .client_secret(SECRET)
        .redirect_uri("https://yourapp.com/cb")
        .revocation_url("https://api.aihubmix.com/revoke")
        .device_authorization_url("https://api.aihubmix.com/device")
        .pkce(true)
        .build()
        .unwrap()
}

fn grants() -> [AuthorizationGrant; 3] {
    [
        AuthorizationGrant::DeviceCode(DeviceCode::new(DEVICE_CODE)),
        AuthorizationGrant::RefreshToken(RefreshToken::new(REFRESH)),
        AuthorizationGrant::AuthorizationCode {
            code: AuthorizationCode::new(CODE),
            redirect_uri: "https://yourapp.com/cb".into(),
            verifier: Some(CodeVerifier::new(VERIFIER)),
        },
    ]
}

#[test]
fn no_debug_shows_a_secret() {
    let mut shown = String::new();
    let mut show = |value: &dyn Debug| write!(shown, "{value:?} {value:#?}").unwrap();
    let app = app();
    show(&app);
    show(&App::builder().client_secret(SECRET));
    show(&app.spec());
    for grant in grants() {
        let request = app.request(&grant, NOW).unwrap();
        assert!(String::from_utf8_lossy(request.expose_body()).contains("canary"));
        show(&request);
        show(&grant);
    }
    show(&app.revocation(&RefreshToken::new(REFRESH)));
    show(&app.access_revocation(&AccessToken::new("canary")));
    let redirect_uri = RedirectUri::new("https://yourapp.com/cb").unwrap();
    show(
        &Registration::new("n", "d", redirect_uri)
            .request(aihubmix::API, &AccessToken::new("canary"))
            .unwrap(),
    );
    let body = r#"{"success":true,"data":{"client_id":"c","client_secret":"canary"}}"#;
    show(&RegisteredApp::read(&HttpResponse::new(ResponseHead::new(200), body), NOW).unwrap());
    show(&Callback::read("code=canary&state=canary&error=canary&iss=canary"));

    let body = r#"{"device_code":"canary","user_code":"canary","verification_uri":"https://a.com",
        "verification_uri_complete":"https://a.com?canary","expires_in":9}"#;
    show(&app.device_authorization());
    show(&app.read_device_authorization(&HttpResponse::new(ResponseHead::new(200), body), SENT));
    let body = body.replace(":9", ":0");
    show(&app.read_device_authorization(&HttpResponse::new(ResponseHead::new(200), body), SENT));

    let entropy = Entropy::new([7; 64]);
    show(&entropy);
    let authorization = app.authorize(&entropy).unwrap();
    let state = authorization.login.state().expose().to_owned();
    show(&authorization);
    show(authorization.login.state());
    let error = app.finish(authorization.login, &Callback::read("code=canary&state=canary")).unwrap_err();
    show(&error);
    assert!(!error.to_string().contains("canary"));
    assert!(!shown.contains("canary") && !shown.contains(&state) && !shown.contains("BwcHBw"), "{shown}");
}

#[test]
fn an_error_does_not_repeat_the_request_that_an_endpoint_echoes() {
    let app = app();
    for grant in grants() {
        let sent = String::from_utf8(app.request(&grant, NOW).unwrap().expose_body().to_vec()).unwrap();
        for (status, body) in [
            (400, format!(r#"{{"error":"invalid_request","error_description":"{sent}"}}"#)),
            (400, format!(r#"{{"error":"{SECRET}"}}"#)),
            (400, format!(r#"{{"message":"{sent}"}}"#)),
            (200, format!("<html>{sent}</html>")),
            (200, sent.clone()),
            (500, sent.clone()),
        ] {
            let response = HttpResponse::new(ResponseHead::new(status), body);
            let Reading::Refused(error) = app.read(&grant, &response, NOW) else { panic!("{status}") };
            assert!(!format!("{error} {error:?} {error:#?}").contains("canary"), "{error}");
        }
    }
}

/// Checks every prefix of this text, and every text with one bit of a byte flipped.
fn mangled(text: &str, mut check: impl FnMut(&[u8])) {
    for at in 0..=text.len() {
        check(&text.as_bytes()[..at]);
        for bit in [0, 3, 5, 7] {
            let mut flipped = text.as_bytes().to_vec();
            if let Some(byte) = flipped.get_mut(at) {
                *byte ^= 1 << bit;
                check(&flipped);
            }
        }
    }
}

#[test]
fn no_mangled_answer_makes_a_reader_panic() {
    let app = app();
    let topup = TopUp::new(aihubmix::API).unwrap();
    let discovery = Discovery::new("https://a.com").unwrap();
    for text in [
        r#"{"access_token":"eyJ","token_type":"Bearer","expires_in":7200,"refresh_token":"r","scope":"profile balance"}"#,
        r#"{"id":12345,"sub":"a","username":"é","quota":1e3,"balance_formatted":"750.00","created_time":1640995200}"#,
        r#"{"success":true,"message":"m","data":{"id":1,"client_id":"c","client_secret":"s","created_time":1}}"#,
        r#"{"topup_url":"https://aihubmix.com/topup?a=%20"}"#,
        r#"{"device_code":"c","user_code":"U-1","verification_uri":"https://a.com/d","expires_in":1800,"interval":5}"#,
        r#"{"issuer":"https://a.com","token_endpoint":"https://a.com/t","scopes_supported":["a"]}"#,
    ] {
        mangled(text, |bytes| {
            for status in [200, 400] {
                let response = HttpResponse::new(ResponseHead::new(status), bytes);
                for grant in grants() {
                    let _ = app.read(&grant, &response, NOW);
                }
                let _ = UserInfo::read(&response, NOW);
                let _ = Account::read(&response, NOW);
                let _ = RegisteredApp::read(&response, NOW);
                let _ = topup.read(&response, NOW);
                let _ = app.read_revocation(&response, NOW);
                let _ = discovery.read(&response, NOW);
                if let Ok(login) = app.read_device_authorization(&response, SENT) {
                    let shown = [login.user_code(), login.verification_uri()].concat();
                    assert!(shown.bytes().all(|b| b.is_ascii_graphic() || b == b' '), "{shown:?}");
                }
            }
        });
    }
}

#[test]
fn no_mangled_callback_makes_the_reader_panic_or_matches_another_state() {
    let app = app();
    let authorization = app.authorize(&Entropy::new([7; 64])).unwrap();
    let state = authorization.login.state().expose().to_owned();
    let mut login = Some(authorization.login);
    let real = format!("code=c0de&state={state}&iss=x");
    mangled(&real, |bytes| {
        let Ok(query) = core::str::from_utf8(bytes) else { return };
        let callback = Callback::read(query);
        if login.as_ref().unwrap().answers(&callback) {
            assert!(query.contains(&state), "{query}");
        } else {
            let error = app.finish(login.take().unwrap(), &callback).unwrap_err();
            login = error.into_pending();
        }
    });
    assert!(login.is_some());
}

#[test]
fn the_error_of_a_garbled_callback_does_not_repeat_the_state() {
    const STATE: &str = "canary-state-6";
    for query in [
        format!("error=access_de&error_description=state%3D{STATE}"),
        format!("error=access_denied%26state={STATE}"),
        format!("error={STATE}&state={STATE}"),
    ] {
        let uri = RedirectUri::new("https://yourapp.com/cb").unwrap();
        let login = PendingLogin::from_parts(STATE, None, uri).unwrap();
        let error = app().finish(login, &Callback::read(&query)).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("refused the sign-in") && !shown.contains("canary"), "{shown}");
    }
}
