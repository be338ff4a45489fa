//! The rules of a token request, on real sockets: where it may go, how long it may take, what may come back.

use core::time::Duration;
use std::net::TcpListener;
use std::process::Command;

use wellspring_core::{
    AccessToken, ErrorKind, Fate, HttpRequest, LoginReason, Method, Need, Policy, RefreshToken, Replay,
    TokenResponse, TransportErrorKind,
};
use wellspring_simulator::{Endpoint, Fault, Simulator};

use crate::driver::transport::{Tls, TokenSource, Transport};
use crate::driver::{ClientTransport, Reply, SECRET, Server, Toy, code, twin};
use crate::twins::client_settings::tls_libraries;

const WITHIN: Duration = Duration::from_secs(10);

fn client() -> ClientTransport {
    ClientTransport::new(Tls::new()).unwrap()
}

fn post(url: impl core::fmt::Display) -> HttpRequest {
    HttpRequest::new(Method::Post, url).body("{}")
}

#[twin::function]
async fn failure(
    client: &ClientTransport,
    url: impl core::fmt::Display,
    within: Duration,
) -> TransportErrorKind {
    let error = client.exchange(&post(url), within).await.unwrap_err();
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    error.kind()
}

#[twin::test]
async fn plain_http_is_only_for_this_machine_and_no_other_host_is_looked_up() {
    for url in ["http://example.com/token", "http://localhost.example.com/", "ftp://127.0.0.1/", "token"] {
        assert_eq!(failure(&client(), url, WITHIN).await, TransportErrorKind::Refused, "{url}");
    }
    let error =
        TokenSource::builder(Toy::at("http://issuer.example")).build().unwrap().token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
}

#[twin::test]
async fn a_redirect_is_never_followed() {
    let other = Server::granting();
    for status in [301, 302, 303, 307, 308] {
        let location = format!("Location: {}/token\r\n", other.url);
        let server = Server::start(move |_, _| Reply::with(status, &location, ""));
        let answer = client().exchange(&post(format!("{}/token", server.url)), WITHIN).await.unwrap();
        assert_eq!(answer.status(), status);
    }
    assert_eq!(other.asked("/token"), 0);
}

#[twin::test]
async fn a_request_that_was_never_sent_is_distinct_from_one_that_may_have_arrived() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("http://{}/token", free.local_addr().unwrap());
    drop(free);
    assert_eq!(failure(&client(), closed, WITHIN).await, TransportErrorKind::NotSent);
    let unknown = "https://host.invalid/token";
    assert_eq!(failure(&client(), unknown, WITHIN).await, TransportErrorKind::NotSent);

    // A handshake with a server that speaks no TLS.
    let plain = Server::granting();
    let no_tls = plain.url.replace("http:", "https:");
    assert_eq!(failure(&client(), no_tls, WITHIN).await, TransportErrorKind::NotSent);

    let hangs_up = Server::start(|_, _| Reply::Hangup);
    assert_eq!(failure(&client(), hangs_up.url, WITHIN).await, TransportErrorKind::Ambiguous);
    let cut = Server::start(|_, _| Reply::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut".to_vec()));
    assert_eq!(failure(&client(), cut.url, WITHIN).await, TransportErrorKind::Incomplete);
}

#[twin::test]
async fn a_refresh_token_that_may_have_been_spent_is_not_sent_again() {
    let server = Server::start(|_, _| Reply::Hangup);
    let toy = Toy::at(&server.url).without_credentials().replaying(Replay::Never);
    let mut policy = Policy::default();
    policy.first_pause = Duration::ZERO;
    let source = TokenSource::builder(toy).policy(policy).build().unwrap();
    let granted = TokenResponse::new(AccessToken::new("old")).with_lifetime(Duration::ZERO);
    source.adopt(granted.with_refresh_token(RefreshToken::new("once"))).unwrap();
    let pause = Duration::from_secs(30);
    // The token has expired when it is adopted, which opens a pause of a second.
    let error = source.acquire(Need::Fresh, pause).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LoginRequired { reason: LoginReason::Ambiguous });
    assert_eq!(server.asked("/token"), 1);
}

#[twin::test]
async fn an_answer_of_more_than_a_mebibyte_is_left_unread() {
    let endless = Server::start(|_, _| {
        let mut bytes = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
        bytes.resize(bytes.len() + (1 << 20) + 1, b' ');
        Reply::Raw(bytes)
    });
    assert_eq!(failure(&client(), endless.url, WITHIN).await, TransportErrorKind::Unreadable);
}

#[twin::test]
async fn a_compressed_answer_is_inflated_up_to_the_limit_of_any_answer() {
    let sim = Simulator::builder().start().unwrap();
    for (name, inflated) in [("gzip", true), ("gzip-bomb", false)] {
        sim.clear_faults();
        sim.fault(Endpoint::Token, Fault::parse(name).unwrap());
        let source = TokenSource::builder(Toy::at_path(&sim.url(), "/oauth/token")).build().unwrap();
        match source.token().await {
            Ok(_) => assert!(inflated, "{name}"),
            Err(error) => {
                assert_eq!((inflated, error.kind()), (false, ErrorKind::Protocol), "{name}: {error}")
            }
        }
    }
    for request in sim.received(Endpoint::Token) {
        assert_eq!(request.header("accept-encoding"), Some("identity"));
    }
}

#[twin::test]
async fn a_body_that_drips_ends_at_the_deadline() {
    let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
    let server = Server::start(move |_, _| Reply::Drip(head.clone(), Duration::from_millis(20)));
    let within = Duration::from_secs(1);
    assert_eq!(failure(&client(), &server.url, within).await, TransportErrorKind::Incomplete);
}

#[twin::test]
async fn a_head_that_never_comes_ends_at_the_deadline() {
    let server =
        Server::start(|_, _| Reply::Drip(b"HTTP/1.1 200 OK\r\nX:".to_vec(), Duration::from_millis(20)));
    let within = Duration::from_secs(1);
    assert_eq!(failure(&client(), &server.url, within).await, TransportErrorKind::Ambiguous);
}

#[twin::test]
async fn each_token_request_has_a_connection_of_its_own() {
    let sim = Simulator::builder().start().unwrap();
    let client = client();
    for _ in 0..3 {
        let request = post(format!("{}/oauth/token", sim.url()));
        client.exchange(&request, WITHIN).await.unwrap();
    }
    assert_eq!(sim.connections(), 3);
}

#[twin::test]
async fn an_empty_post_says_that_its_length_is_zero() {
    let server = Server::granting();
    let request = HttpRequest::new(Method::Post, format!("{}/token", server.url));
    client().exchange(&request, WITHIN).await.unwrap();
    let received = &server.received("/token")[0];
    assert_eq!(received.header("content-length"), Some("0"), "{}", received.head);
    assert_eq!(received.head.to_lowercase().matches("content-length").count(), 1);
    assert_eq!(received.header("transfer-encoding"), None);
}

#[twin::test]
async fn an_answer_arrives_as_it_was_sent() {
    let server = Server::start(|_, _| Reply::with(418, "X-Two: a\r\nX-Two: b\r\n", "short and stout"));
    let answer = client().exchange(&post(&server.url), WITHIN).await.unwrap();
    assert_eq!(answer.status(), 418);
    assert_eq!(answer.head().all("x-two").collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(answer.expose_body(), b"short and stout");
}

#[twin::test]
async fn certificates_are_checked_and_shown_as_the_settings_say() {
    let sim = Simulator::builder().tls().start().unwrap();
    let mutual = Simulator::builder().mutual_tls().start().unwrap();
    for &backend in tls_libraries() {
        let tls = || Tls::new().backend(backend);
        let url = format!("{}/oauth/token", sim.url());
        let usual = ClientTransport::new(tls()).unwrap();
        assert_eq!(failure(&usual, &url, WITHIN).await, TransportErrorKind::Refused, "{backend:?}");
        let ca = sim.identity().unwrap().ca_pem.clone();
        let trusting = ClientTransport::new(tls().certificate_authority(ca)).unwrap();
        let answer = trusting.exchange(&post(&url), WITHIN).await;
        assert!(answer.is_ok(), "{backend:?}: {answer:?}");

        let identity = mutual.identity().unwrap();
        let url = format!("{}/oauth/token", mutual.url());
        let tls = tls().certificate_authority(identity.ca_pem.clone());
        let anonymous = ClientTransport::new(tls.clone()).unwrap();
        assert!(anonymous.exchange(&post(&url), WITHIN).await.is_err(), "{backend:?}");
        let (certificate, key) = (identity.client_certificate_pem.clone(), identity.client_key_pem.clone());
        // One file may hold both, as PEM.
        let both = format!("{certificate}{key}");
        for (certificate, key) in [(certificate, key), (both.clone(), both)] {
            let known = ClientTransport::new(tls.clone().client_certificate(certificate, key)).unwrap();
            let answer = known.exchange(&post(&url), WITHIN).await;
            assert!(answer.is_ok(), "{backend:?}: {answer:?}");
        }
    }
}

#[twin::test]
async fn tls_settings_that_make_no_sense_are_refused_in_a_sentence() {
    let sim = Simulator::builder().mutual_tls().start().unwrap();
    let other = Simulator::builder().mutual_tls().start().unwrap();
    let (ours, theirs) = (sim.identity().unwrap(), other.identity().unwrap());
    let certificate = || ours.client_certificate_pem.clone();
    for &backend in tls_libraries() {
        let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for tls in [
            Tls::new().client_certificate("nonsense", ours.client_key_pem.clone()),
            Tls::new().client_certificate(certificate(), "nonsense"),
            Tls::new().client_certificate(certificate(), theirs.client_key_pem.clone()),
            Tls::new().certificate_authority("nonsense"),
            Tls::new().certificate_authority(no_certificate),
        ] {
            let error = ClientTransport::new(tls.backend(backend)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Misconfigured, "{backend:?}: {error}");
        }
    }
}

#[twin::test]
async fn a_sign_in_whose_response_is_lost_ends_in_an_ambiguous_error() {
    let server = Server::start(|_, _| Reply::Hangup);
    let source = TokenSource::builder(Toy::at(&server.url)).build().unwrap();
    let error = source.sign_in(code()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LoginRequired { reason: LoginReason::Ambiguous });
    assert_eq!(error.fate(), Fate::Dead);
    assert_eq!(server.asked("/token"), 1);
}

#[twin::test]
async fn a_proxy_of_the_environment_sees_no_request_to_this_machine() {
    // A client reads its proxy from the environment when it is made, so this client is in a process of its own.
    let proxy = Server::start(|_, _| Reply::token(666, 3_600));
    let server = Server::granting();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "twins::exchange::child_of_the_proxy_test", "--nocapture"])
        .env("WELLSPRING_TEST_SERVER", &server.url)
        .envs(
            ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
                .map(|name| (name, &proxy.url)),
        )
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(server.asked("/token"), 1);
    assert_eq!(server.asked("/cob"), 1);
    // The HTTPS request asks the proxy for a tunnel, which shows the proxy only the host.
    let seen = proxy.received("issuer.invalid:443");
    assert_eq!(seen.len(), 1);
    assert!(seen[0].head.starts_with("CONNECT ") && !seen[0].head.contains(SECRET), "{}", seen[0].head);
    assert!(proxy.received("/token").is_empty());
}

#[twin::test]
#[expect(clippy::disallowed_methods, reason = "how the test process reaches its child")]
async fn child_of_the_proxy_test() {
    let Ok(url) = std::env::var("WELLSPRING_TEST_SERVER") else { return };
    let source = TokenSource::builder(Toy::at(&url)).build().unwrap();
    let request = http::Request::get(format!("{url}/cob")).body(()).unwrap();
    source.send(request).await.unwrap();
    let elsewhere = TokenSource::builder(Toy::at("https://issuer.invalid")).build().unwrap();
    elsewhere.token().await.unwrap_err();
}
