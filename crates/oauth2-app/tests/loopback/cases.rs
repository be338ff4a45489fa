// Each case runs over the `Client` and the `wait` of the including module.

use core::fmt::Display;
use core::net::{Ipv4Addr, SocketAddr};
use core::time::Duration;
use std::net::TcpStream;
use std::thread;

use oauth2_app::App;
use oauth2_app::loopback::{Loopback, LoopbackError, SignIn};
use wellspring_simulator::{Endpoint, Fault, OauthClient, Simulator};

use crate::browser::{agree, visit};

/// Longer than any test takes.
const WITHIN: Duration = Duration::from_secs(600);
const ID: &str = "client_of_this_program";

/// A sign-in that waits for the user.
struct Stage {
    simulator: Simulator,
    app: App,
    sign_in: SignIn,
    redirect_uri: String,
}

impl Stage {
    fn new(at: impl Display) -> Self {
        let loopback = Loopback::bind(at).unwrap();
        let redirect_uri = loopback.redirect_uri().to_owned();
        let client = OauthClient::public(ID, &redirect_uri);
        let simulator = Simulator::builder().client(client).start().unwrap();
        let url = simulator.url();
        let app = App::builder()
            .authorize_url(format!("{url}/api/oauth2/authorize"))
            .token_url(format!("{url}/api/oauth2/token"))
            .client_id(ID)
            .redirect_uri(redirect_uri.as_str())
            .build()
            .unwrap();
        let sign_in = loopback.start(&app).unwrap();
        Self { simulator, app, sign_in, redirect_uri }
    }

    fn address(&self) -> String {
        let after = self.redirect_uri.strip_prefix("http://").unwrap();
        after.split('/').next().unwrap().to_owned()
    }
}

#[test]
fn the_browser_comes_back_to_each_loopback_host() {
    for uri in ["http://127.0.0.1/callback", "http://localhost/callback", "http://[::1]/cb?tenant=7"] {
        if uri.contains("::1") && Loopback::bind(uri).is_err() {
            // The machine has no IPv6.
            continue;
        }
        let stage = Stage::new(uri);
        let url = stage.sign_in.url().to_owned();
        let browser = thread::spawn(move || visit(&agree(&url)));
        let client = Client::new(stage.app).unwrap();
        wait(client.sign_in_on_loopback(stage.sign_in, WITHIN)).unwrap();
        let seen = browser.join().unwrap();
        assert!(seen.starts_with("HTTP/1.1 200 OK") && seen.contains("You are signed in."), "{uri}: {seen}");
        assert_eq!(stage.simulator.asked(Endpoint::CodeGrant), 1, "{uri}");
    }
}

#[test]
fn other_requests_end_nothing_and_silent_connections_delay_nothing() {
    let stage = Stage::new("http://127.0.0.1/callback");
    let (url, address) = (stage.sign_in.url().to_owned(), stage.address());
    let browser = thread::spawn(move || {
        let silent: Vec<_> = (0..100).map(|_| TcpStream::connect(address.as_str()).unwrap()).collect();
        let others = ["favicon.ico", "callback?code=forged&state=forged", "callback?error=access_denied"]
            .map(|target| visit(&format!("http://{address}/{target}")));
        let last = visit(&agree(&url));
        drop(silent);
        (others, last)
    });
    let client = Client::new(stage.app).unwrap();
    wait(client.sign_in_on_loopback(stage.sign_in, WITHIN)).unwrap();
    let ([icon, forged, refused], last) = browser.join().unwrap();
    assert!(icon.starts_with("HTTP/1.1 404"), "{icon}");
    assert!(forged.starts_with("HTTP/1.1 400") && refused.starts_with("HTTP/1.1 400"), "{forged} {refused}");
    assert!(last.starts_with("HTTP/1.1 200 OK"), "{last}");
}

#[test]
fn a_refusal_and_a_failed_exchange_are_shown_to_the_browser() {
    let stage = Stage::new("http://127.0.0.1/callback");
    let state = stage.sign_in.url().split("&state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let callback = format!("{}?error=access_denied&state={state}", stage.redirect_uri);
    let browser = thread::spawn(move || visit(&callback));
    let error = wait(Client::new(stage.app).unwrap().sign_in_on_loopback(stage.sign_in, WITHIN)).unwrap_err();
    assert!(matches!(&error, LoopbackError::Callback(refusal) if refusal.code() == "access_denied"), "{error}");
    let seen = browser.join().unwrap();
    assert!(seen.contains("The server did not grant the sign-in."), "{seen}");

    let stage = Stage::new("http://127.0.0.1/callback");
    stage.simulator.fault(Endpoint::CodeGrant, Fault::parse("invalid-grant").unwrap());
    let url = stage.sign_in.url().to_owned();
    let browser = thread::spawn(move || visit(&agree(&url)));
    let error = wait(Client::new(stage.app).unwrap().sign_in_on_loopback(stage.sign_in, WITHIN)).unwrap_err();
    assert!(matches!(error, LoopbackError::Token(_)), "{error}");
    let seen = browser.join().unwrap();
    assert!(seen.starts_with("HTTP/1.1 400") && seen.contains("the token request failed"), "{seen}");
}

#[test]
fn without_a_callback_the_wait_ends_and_the_port_closes() {
    let stage = Stage::new("http://127.0.0.1/callback");
    let address = stage.address();
    let client = Client::new(stage.app).unwrap();
    let error = wait(client.sign_in_on_loopback(stage.sign_in, Duration::ZERO)).unwrap_err();
    assert!(matches!(error, LoopbackError::TimedOut), "{error}");
    assert!(TcpStream::connect(address.as_str()).is_err());
}

#[test]
fn a_port_in_use_and_an_app_with_another_redirect_uri_start_no_sign_in() {
    let first = Loopback::bind("http://127.0.0.1/callback").unwrap();
    let taken = Loopback::bind(first.redirect_uri()).unwrap_err();
    assert!(matches!(taken, LoopbackError::PortInUse(_)), "{taken}");
    assert!(!first.uses_localhost());
    let stage = Stage::new("http://localhost/callback");
    let error = first.start(&stage.app).unwrap_err();
    assert!(error.to_string().starts_with("the app's redirect_uri must be"), "{error}");
    assert!(matches!(Loopback::bind("https://yourapp.com/cb").unwrap_err(), LoopbackError::NotLoopback));
}

#[test]
fn the_browser_comes_back_to_an_address_that_the_program_has() {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 8765));
    assert!(Loopback::names_port(address).unwrap());
    assert!(!Loopback::names_port(Ipv4Addr::LOCALHOST).unwrap());
    let stage = Stage::new(Ipv4Addr::LOCALHOST);
    assert!(stage.redirect_uri.ends_with('/'), "{}", stage.redirect_uri);
    let url = stage.sign_in.url().to_owned();
    let browser = thread::spawn(move || visit(&agree(&url)));
    wait(Client::new(stage.app).unwrap().sign_in_on_loopback(stage.sign_in, WITHIN)).unwrap();
    assert!(browser.join().unwrap().contains("You are signed in."));
    let error = Loopback::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8765))).unwrap_err();
    assert!(matches!(error, LoopbackError::NotLoopback), "{error}");
}
