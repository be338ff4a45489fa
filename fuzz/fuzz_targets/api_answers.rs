//! Answers beside those of a token endpoint: of the providers' APIs, and of the endpoints next to the token endpoint.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oauth2_app::aihubmix::{self, RegisteredApp, TopUp};
use oauth2_app::{App, UserInfo};
use pix_bacen::{ApiError, Balance, Charge};
use wellspring_core::{
    AuthorizationGrant, Clocks, HttpResponse, Instant, Origin, Provider as _, Reading, RefreshToken,
};
use wellspring_fuzz::{NOW, SECRET, check_error, lines, response, status};

fuzz_target!(|input: &[u8]| {
    let Some(([api, code, content_type], body)) = lines(input) else { return };
    let response = response(status(code), content_type, body);
    match api {
        "pix" => pix(status(code), body),
        "hive" => hive(&response),
        "app" => app(&response),
        _ => device(&response),
    }
});

fn pix(status: u16, body: &[u8]) {
    check_error(&ApiError::read(status, body));
    let results = [Balance::read(status, body).err(), Charge::read(status, body).err()];
    results.iter().flatten().for_each(check_error);
}

fn hive(response: &HttpResponse) {
    let endpoint = hive_auth::HiveAuth::base_url("https://auth.example").expect("it is HTTPS");
    let hive = endpoint.credentials("id", SECRET).expect("neither is empty");
    let grants =
        [AuthorizationGrant::ClientCredentials, AuthorizationGrant::RefreshToken(RefreshToken::new(SECRET))];
    for grant in grants {
        if let Reading::Refused(error) | Reading::Unusable { error, .. } = hive.read(&grant, response, NOW) {
            check_error(&error);
        }
    }
    let _ = hive.judge(response.head(), response.expose_body());
}

fn app(response: &HttpResponse) {
    let (app, topup) = (aihubmix(), TopUp::new("https://api.example").expect("it is HTTPS"));
    let results = [
        UserInfo::read(response, NOW).err(),
        RegisteredApp::read(response, NOW).err(),
        topup.read(response, NOW).err(),
        app.read_revocation(response, NOW).err(),
    ];
    results.iter().flatten().for_each(check_error);
}

fn device(response: &HttpResponse) {
    let sent = Clocks { instant: Instant::default(), unix: NOW };
    match aihubmix().read_device_authorization(response, sent) {
        Err(error) => check_error(&error),
        Ok(login) => {
            assert!(login.user_code().bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
            let uris = [Some(login.verification_uri()), login.verification_uri_complete()];
            for uri in uris.into_iter().flatten() {
                assert!(Origin::of(uri.split('#').next().unwrap_or_default()).is_ok(), "{uri}");
            }
        }
    }
}

fn aihubmix() -> App {
    let app = aihubmix::app("https://api.example").expect("it is HTTPS");
    app.client_id("c")
        .client_secret(SECRET)
        .redirect_uri("https://app.example/cb")
        .build()
        .expect("it is complete")
}
