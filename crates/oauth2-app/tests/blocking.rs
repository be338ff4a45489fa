//! Sign-in and typed calls against a server on loopback, in blocking code.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use core::time::Duration;

use oauth2_app::blocking::{Client, discover, register_app};
use oauth2_app::{
    App, Authorization, Callback, DeviceLogin, Entropy, RedirectUri, Registration, SignInError,
};
use wellspring_core::{AccessToken, ErrorKind, HttpRequest, Method};
use wellspring_simulator::{Endpoint, Fault, SimClock, Simulator};
use wellspring_transport_blocking::{Tls, Transport, UreqTransport};
use wellspring_wire::Form;

const WITHIN: Duration = Duration::from_secs(10);

fn app(simulator: &Simulator) -> App {
    App::aihubmix(&simulator.url())
        .unwrap()
        .client_id("client_abc123def456")
        .client_secret("secret_xyz789uvw012")
        .redirect_uri("https://yourapp.com/oauth/callback")
        .revocation_url(format!("{}/api/oauth2/revoke", simulator.url()))
        .scopes(["profile", "balance"])
        .build()
        .unwrap()
}

fn transport() -> UreqTransport {
    UreqTransport::new(Tls::new()).unwrap()
}

/// What a browser does: goes to the authorization URL and is sent back.
fn browse(authorization: &Authorization) -> Callback {
    let answer = transport().exchange(&HttpRequest::new(Method::Get, &*authorization.url), WITHIN).unwrap();
    Callback::read(answer.head().first("location").unwrap())
}

fn signed_in(simulator: &Simulator) -> Client {
    let app = app(simulator);
    let client = Client::new(app.clone()).unwrap();
    let authorization = app.authorize(&Entropy::new([7; 64])).unwrap();
    let callback = browse(&authorization);
    client.sign_in(authorization.login, &callback).unwrap();
    client
}

#[test]
fn a_user_signs_in_and_is_known() {
    let simulator = Simulator::builder().start().unwrap();
    let client = signed_in(&simulator);
    let user = client.userinfo().unwrap();
    assert_eq!((user.id.as_str(), user.balance_formatted.as_deref()), ("12345", Some("750.00")));
    assert_eq!(simulator.asked(Endpoint::CodeGrant), 1);
}

#[test]
fn a_revoked_access_token_is_refreshed_and_the_call_made_again() {
    let simulator = Simulator::builder().start().unwrap();
    let client = signed_in(&simulator);
    simulator.revoke_access_tokens();
    client.userinfo().unwrap();
    assert_eq!(simulator.asked(Endpoint::RefreshGrant), 1);
}

#[test]
fn a25_a_sign_in_revoked_at_the_vendors_is_over() {
    let simulator = Simulator::builder().start().unwrap();
    let client = signed_in(&simulator);
    simulator.revoke_families();
    let error = client.userinfo().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::LoginRequired { .. }), "{error}");
}

#[test]
fn a_forged_callback_spends_nothing_and_leaves_the_sign_in_as_it_was() {
    let simulator = Simulator::builder().start().unwrap();
    let app = app(&simulator);
    let client = Client::new(app.clone()).unwrap();
    let authorization = app.authorize(&Entropy::new([7; 64])).unwrap();
    let callback = browse(&authorization);
    let forged = Callback::read("code=stolen&state=guessed");
    let SignInError::Callback(error) = client.sign_in(authorization.login, &forged).unwrap_err() else {
        panic!("nothing was to be sent")
    };
    assert_eq!(simulator.asked(Endpoint::CodeGrant), 0);
    client.sign_in(error.into_pending().unwrap(), &callback).unwrap();
}

#[test]
fn a_code_whose_answer_is_lost_is_not_sent_again() {
    let simulator = Simulator::builder().start().unwrap();
    let app = app(&simulator);
    let client = Client::new(app.clone()).unwrap();
    let authorization = app.authorize(&Entropy::new([7; 64])).unwrap();
    let callback = browse(&authorization);
    simulator.fault(Endpoint::CodeGrant, Fault::parse("internal-server-error@after").unwrap());
    let SignInError::Token(error) = client.sign_in(authorization.login, &callback).unwrap_err() else {
        panic!("the code was sent")
    };
    assert!(matches!(error.kind(), ErrorKind::LoginRequired { .. }), "{error}");
    assert_eq!(simulator.asked(Endpoint::CodeGrant), 1);
}

#[test]
fn a_top_up_page_on_the_vendors_own_host_is_found() {
    let simulator = Simulator::builder().start().unwrap();
    let client = signed_in(&simulator);
    assert_eq!(client.topup().unwrap().as_deref(), Some("https://aihubmix.com/topup"));
    assert_eq!(simulator.asked(Endpoint::TopUp), 1);
}

#[test]
fn an_access_token_is_revoked() {
    let simulator = Simulator::builder().start().unwrap();
    let client = signed_in(&simulator);
    client.revoke_access_token().unwrap();
    client.userinfo().unwrap();
    assert_eq!(simulator.asked(Endpoint::Revocation), 1);
    assert_eq!(simulator.asked(Endpoint::RefreshGrant), 1, "it was not used again");
}

#[test]
fn an_app_is_registered() {
    let simulator = Simulator::builder().start().unwrap();
    let uri = RedirectUri::new("https://yourapp.com/oauth/callback").unwrap();
    let registration = Registration::new("My Third-party App", "App description", uri);
    let developer = AccessToken::new("YOUR_DEVELOPER_TOKEN");
    let app = register_app(&transport(), &simulator.url(), &developer, &registration, WITHIN).unwrap();
    assert!(!app.client_id.is_empty() && !app.client_secret.expose().is_empty());

    simulator.fault(Endpoint::Apps, Fault::parse("app-not-registered").unwrap());
    let refused = register_app(&transport(), &simulator.url(), &developer, &registration, WITHIN);
    assert!(refused.unwrap_err().to_string().starts_with("the vendor refused to register the app"));
}

#[test]
fn an_issuer_is_asked_for_its_metadata() {
    let simulator = Simulator::builder().start().unwrap();
    let metadata = discover(&transport(), &simulator.url(), WITHIN).unwrap();
    assert_eq!(metadata.issuer, simulator.url());
    assert!(metadata.token_endpoint.unwrap().starts_with(&simulator.url()));
    assert_eq!(simulator.asked(Endpoint::Metadata), 1);

    simulator.fault(Endpoint::Metadata, Fault::parse("bare-404").unwrap());
    assert!(discover(&transport(), &simulator.url(), WITHIN).is_ok(), "the other place has it");
    let slash = discover(&transport(), &format!("{}/", simulator.url()), WITHIN).unwrap_err();
    assert!(slash.to_string().contains("another issuer"), "{slash}");
}

#[test]
fn a_user_signs_in_on_another_device() {
    let clock = SimClock::manual(1_700_000_000);
    let simulator = Simulator::builder().clock(clock.clone()).start().unwrap();
    let url = |name: &str| format!("{}/api/oauth2/{name}", simulator.url());
    let app = App::builder()
        .device_authorization_url(url("device_authorization"))
        .token_url(url("token"))
        .userinfo_url(url("userinfo"))
        .client_id("client_public")
        .build()
        .unwrap();
    let client = Client::new(app).unwrap();
    let mut login = client.authorize_device().unwrap();
    assert_eq!(login.pause(), Duration::from_secs(5));
    let wait = |login: &DeviceLogin| clock.advance(login.pause());
    wait(&login);
    assert!(client.poll(&mut login).unwrap().is_none());
    // Too soon: the server says so, and is heard.
    assert!(client.poll(&mut login).unwrap().is_none());
    assert_eq!(login.pause(), Duration::from_secs(10));
    simulator.fault(Endpoint::DeviceGrant, Fault::parse("status=502").unwrap());
    wait(&login);
    assert!(client.poll(&mut login).unwrap().is_none());
    let form = Form::new().pair("user_code", login.user_code()).pair("decision", "allow").encode();
    let allow = HttpRequest::new(Method::Post, login.verification_uri())
        .header("Content-Type", Form::CONTENT_TYPE)
        .body(form);
    transport().exchange(&allow, WITHIN).unwrap();
    wait(&login);
    let token = client.poll(&mut login).unwrap().unwrap();
    assert_eq!(client.source().token().unwrap().expose(), token.expose());
    assert_eq!(client.userinfo().unwrap().id, "12345");
    assert_eq!((simulator.asked(Endpoint::DeviceGrant), simulator.counters().device_grants), (4, 1));
}

#[test]
fn a_person_who_refuses_ends_the_sign_in_on_the_device() {
    let simulator = Simulator::builder().start().unwrap();
    let app = App::builder()
        .device_authorization_url(format!("{}/api/oauth2/device_authorization", simulator.url()))
        .token_url(format!("{}/api/oauth2/token", simulator.url()))
        .client_id("client_public")
        .build()
        .unwrap();
    let client = Client::new(app).unwrap();
    let mut login = client.authorize_device().unwrap();
    let form = Form::new().pair("user_code", login.user_code()).pair("decision", "deny").encode();
    let deny = HttpRequest::new(Method::Post, login.verification_uri())
        .header("Content-Type", Form::CONTENT_TYPE)
        .body(form);
    transport().exchange(&deny, WITHIN).unwrap();
    let error = client.poll(&mut login).unwrap_err();
    assert_eq!(error.code(), Some("access_denied"), "{error}");
}
