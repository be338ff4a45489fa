// Each case runs over the `Client`, the functions and the `wait` of the including module.

use core::time::Duration;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::sync::mpsc;

use oauth2_app::aihubmix::{self, Registration, TopUp};
use oauth2_app::{
    App, Authorization, Callback, DeviceLogin, Entropy, RedirectUri, SignInError,
};
use wellspring_core::{
    AccessToken, AuthorizationGrant, ErrorKind, ExtensionGrant, GrantParameters, HttpRequest, Method,
};
use wellspring_simulator::{Endpoint, Fault, SimClock, Simulator};
use wellspring_wire::Form;

const WITHIN: Duration = Duration::from_secs(10);

fn app(simulator: &Simulator) -> App {
    aihubmix::app(simulator.url())
        .unwrap()
        .client_id("client_abc123def456")
        .client_secret("secret_xyz789uvw012")
        .redirect_uri("https://yourapp.com/oauth/callback")
        .revocation_url(format!("{}/api/oauth2/revoke", simulator.url()))
        .scopes(["profile", "balance"])
        .build()
        .unwrap()
}

/// Loads the authorization URL like a browser, and returns the callback of the redirect.
fn browse(authorization: &Authorization) -> Callback {
    let request = HttpRequest::new(Method::Get, &*authorization.url);
    let response = wait(transport().exchange(&request, WITHIN)).unwrap();
    Callback::read(response.head().first("location").unwrap())
}

fn signed_in(simulator: &Simulator) -> Client {
    let app = app(simulator);
    let client = Client::new(app.clone()).unwrap();
    let authorization = app.authorize(&Entropy::new([7; 64])).unwrap();
    let callback = browse(&authorization);
    wait(client.sign_in(authorization.login, &callback)).unwrap();
    client
}

#[test]
fn a_user_signs_in_and_the_user_info_is_read() {
    let simulator = Simulator::builder().start().unwrap();
    let client = signed_in(&simulator);
    assert_eq!(wait(client.userinfo()).unwrap().id, "12345");
    assert_eq!(simulator.asked(Endpoint::CodeGrant), 1);
}

#[test]
fn the_account_with_its_balance_is_read() {
    let simulator = Simulator::builder().start().unwrap();
    let account = wait(account(&signed_in(&simulator))).unwrap();
    let shown = (account.user.id.as_str(), account.balance_formatted.as_deref());
    assert_eq!(shown, ("12345", Some("750.00")));
}

#[test]
fn a_revoked_access_token_is_refreshed_and_the_call_is_repeated() {
    let simulator = Simulator::builder().start().unwrap();
    let client = signed_in(&simulator);
    simulator.revoke_access_tokens();
    wait(client.userinfo()).unwrap();
    assert_eq!(simulator.asked(Endpoint::RefreshGrant), 1);
}

#[test]
fn a25_a_sign_in_that_the_vendor_revoked_needs_a_new_one() {
    let simulator = Simulator::builder().start().unwrap();
    let client = signed_in(&simulator);
    simulator.revoke_families();
    let error = wait(client.userinfo()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::LoginRequired { .. }), "{error}");
}

#[test]
fn a_forged_callback_sends_no_code_and_leaves_the_sign_in_pending() {
    let simulator = Simulator::builder().start().unwrap();
    let app = app(&simulator);
    let client = Client::new(app.clone()).unwrap();
    let authorization = app.authorize(&Entropy::new([7; 64])).unwrap();
    let callback = browse(&authorization);
    let forged = Callback::read("code=stolen&state=guessed");
    let SignInError::Callback(error) = wait(client.sign_in(authorization.login, &forged)).unwrap_err() else {
        panic!("the forged code was sent")
    };
    assert_eq!(simulator.asked(Endpoint::CodeGrant), 0);
    wait(client.sign_in(error.into_pending().unwrap(), &callback)).unwrap();
}

#[test]
fn a_code_whose_answer_is_lost_is_not_sent_again() {
    let simulator = Simulator::builder().start().unwrap();
    let app = app(&simulator);
    let client = Client::new(app.clone()).unwrap();
    let authorization = app.authorize(&Entropy::new([7; 64])).unwrap();
    let callback = browse(&authorization);
    simulator.fault(Endpoint::CodeGrant, Fault::parse("internal-server-error@after").unwrap());
    let SignInError::Token(error) = wait(client.sign_in(authorization.login, &callback)).unwrap_err() else {
        panic!("the code was not sent")
    };
    assert!(matches!(error.kind(), ErrorKind::LoginRequired { .. }), "{error}");
    assert_eq!(simulator.asked(Endpoint::CodeGrant), 1);
}

#[test]
fn the_url_of_the_top_up_page_is_read() {
    let simulator = Simulator::builder().start().unwrap();
    let client = signed_in(&simulator);
    let endpoint = TopUp::new(simulator.url()).unwrap();
    assert_eq!(wait(topup(&client, &endpoint)).unwrap().as_deref(), Some("https://aihubmix.com/topup"));
    assert_eq!(simulator.asked(Endpoint::TopUp), 1);
}

#[test]
fn an_access_token_is_revoked() {
    let simulator = Simulator::builder().start().unwrap();
    let client = signed_in(&simulator);
    wait(client.revoke_access_token()).unwrap();
    wait(client.userinfo()).unwrap();
    assert_eq!(simulator.asked(Endpoint::Revocation), 1);
    assert_eq!(simulator.asked(Endpoint::RefreshGrant), 1, "the revoked token is not used again");
}

#[test]
fn an_app_is_registered() {
    let simulator = Simulator::builder().start().unwrap();
    let uri = RedirectUri::new("https://yourapp.com/oauth/callback").unwrap();
    let registration = Registration::new("My Third-party App", "App description", uri);
    let developer = AccessToken::new("YOUR_DEVELOPER_TOKEN");
    let app = wait(register_app(&transport(), &simulator.url(), &developer, &registration, WITHIN)).unwrap();
    assert!(!app.client_id.is_empty() && !app.client_secret.expose().is_empty());

    simulator.fault(Endpoint::Apps, Fault::parse("app-not-registered").unwrap());
    let refused = wait(register_app(&transport(), &simulator.url(), &developer, &registration, WITHIN));
    assert!(refused.unwrap_err().to_string().starts_with("the vendor refused to register the app"));
}

#[test]
fn the_metadata_of_an_issuer_is_discovered() {
    let simulator = Simulator::builder().start().unwrap();
    let metadata = wait(discover(&transport(), &simulator.url(), WITHIN)).unwrap();
    assert_eq!(metadata.issuer, simulator.url());
    assert!(metadata.token_endpoint.unwrap().starts_with(&simulator.url()));
    assert_eq!(simulator.asked(Endpoint::Metadata), 1);

    simulator.fault(Endpoint::Metadata, Fault::parse("bare-404").unwrap());
    assert!(wait(discover(&transport(), &simulator.url(), WITHIN)).is_ok(), "the second location has it");
    let with_slash = wait(discover(&transport(), &format!("{}/", simulator.url()), WITHIN)).unwrap_err();
    assert!(with_slash.to_string().contains("another issuer"), "{with_slash}");
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
    let mut login = wait(client.authorize_device()).unwrap();
    assert_eq!(login.pause(), Duration::from_secs(5));
    let pass_pause = |login: &DeviceLogin| clock.advance(login.pause());
    pass_pause(&login);
    assert!(wait(client.poll(&mut login)).unwrap().is_none());
    // This poll is too early, so the server answers `slow_down`.
    assert!(wait(client.poll(&mut login)).unwrap().is_none());
    assert_eq!(login.pause(), Duration::from_secs(10));
    simulator.fault(Endpoint::DeviceGrant, Fault::parse("status=502").unwrap());
    pass_pause(&login);
    assert!(wait(client.poll(&mut login)).unwrap().is_none());
    let form = Form::new().pair("user_code", login.user_code()).pair("decision", "allow").encode();
    let allow = HttpRequest::new(Method::Post, login.verification_uri())
        .header("Content-Type", Form::CONTENT_TYPE)
        .body(form);
    wait(transport().exchange(&allow, WITHIN)).unwrap();
    pass_pause(&login);
    let token = wait(client.poll(&mut login)).unwrap().unwrap();
    assert_eq!(wait(client.source().token()).unwrap().expose(), token.expose());
    assert_eq!(wait(client.userinfo()).unwrap().id, "12345");
    assert_eq!((simulator.asked(Endpoint::DeviceGrant), simulator.counters().device_grants), (4, 1));
}

#[test]
fn a_user_who_refuses_ends_the_sign_in_on_another_device() {
    let simulator = Simulator::builder().start().unwrap();
    let app = App::builder()
        .device_authorization_url(format!("{}/api/oauth2/device_authorization", simulator.url()))
        .token_url(format!("{}/api/oauth2/token", simulator.url()))
        .client_id("client_public")
        .build()
        .unwrap();
    let client = Client::new(app).unwrap();
    let mut login = wait(client.authorize_device()).unwrap();
    let form = Form::new().pair("user_code", login.user_code()).pair("decision", "deny").encode();
    let deny = HttpRequest::new(Method::Post, login.verification_uri())
        .header("Content-Type", Form::CONTENT_TYPE)
        .body(form);
    wait(transport().exchange(&deny, WITHIN)).unwrap();
    let error = wait(client.poll(&mut login)).unwrap_err();
    assert_eq!(error.code(), Some("access_denied"), "{error}");
}

/// A token endpoint that grants `token-1`, `token-2` and so on for an hour each, and the requests that it got: the
/// `Authorization` header and the body.
fn granting() -> (String, mpsc::Receiver<(Option<String>, String)>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/token", listener.local_addr().unwrap());
    let (sender, received) = mpsc::channel();
    std::thread::spawn(move || {
        for (n, stream) in listener.incoming().enumerate() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut authorization, mut length) = (None, 0);
            let mut line = String::new();
            while stream.read_line(&mut line).unwrap() > 2 {
                let (name, value) = line.split_once(':').unwrap_or_default();
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.trim().parse().unwrap(),
                    "authorization" => authorization = Some(value.trim().to_owned()),
                    _ => {}
                }
                line.clear();
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            if sender.send((authorization, String::from_utf8(body).unwrap())).is_err() {
                return;
            }
            let granted = format!(
                "{{\"access_token\":\"token-{}\",\"token_type\":\"Bearer\",\"expires_in\":3600}}",
                n + 1
            );
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: ";
            write!(stream.get_mut(), "{head}{}\r\n\r\n{granted}", granted.len()).unwrap();
        }
    });
    (url, received)
}

#[test]
fn an_assertion_is_made_and_sent_anew_for_each_renewal() {
    let (token_url, received) = granting();
    let app = App::builder()
        .token_url(token_url)
        .extension_grant("urn:ietf:params:oauth:grant-type:jwt-bearer", "robot@example.com", |now| {
            Ok(GrantParameters::new().with("assertion", format!("signed at {}", now.as_secs())))
        })
        .scopes(["read"])
        .build()
        .unwrap();
    let clock = Clock::manual(1_700_000_000);
    let source = TokenSource::builder(app).clock(&clock).build().unwrap();
    for (token, time) in [("token-1", 1_700_000_000), ("token-2", 1_700_003_600)] {
        assert_eq!(wait(source.token()).unwrap().expose(), token);
        let sent = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&scope=read&assertion=signed+at+";
        assert_eq!(received.recv().unwrap(), (None, format!("{sent}{time}")));
        assert_eq!(wait(source.token()).unwrap().expose(), token, "one request for each token");
        clock.advance(Duration::from_secs(3_600));
    }
    assert!(received.try_recv().is_err());
}

#[test]
fn a_grant_of_one_sign_in_is_sent_once_with_the_clients_authentication() {
    let (token_url, received) = granting();
    let app = App::builder().token_url(token_url).client_id("id").client_secret("secret").build().unwrap();
    let source = TokenSource::builder(app).build().unwrap();
    let subject = GrantParameters::new().with("subject_token", "token of another server");
    let grant = ExtensionGrant::new("urn:ietf:params:oauth:grant-type:token-exchange", subject);
    let token = wait(source.sign_in(AuthorizationGrant::Extension(grant))).unwrap();
    assert_eq!(token.expose(), "token-1");
    let body = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange\
                &subject_token=token+of+another+server";
    assert_eq!(received.recv().unwrap(), (Some("Basic aWQ6c2VjcmV0".to_owned()), body.to_owned()));
    assert_eq!(wait(source.token()).unwrap().expose(), "token-1");
    assert!(received.try_recv().is_err());
}
