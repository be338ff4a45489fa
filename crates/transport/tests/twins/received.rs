//! What was received counts, what was not sent is whole, and what is missing on this host is named: on real sockets.

use core::time::Duration;
use std::fs::File;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

#[cfg(unix)]
use rustix::process::{Pid, Signal, kill_process};
use wellspring_core::{
    AccessToken, ErrorKind, Fate, HttpRequest, HttpResponse, LoginReason, Method, Need, Obstacle, Policy,
    RefreshToken, Replay, TokenResponse, TransportError, TransportErrorKind,
};
use wellspring_simulator::Simulator;

use crate::driver::transport::{Clock, Tls, TokenSource, Transport};
use crate::driver::{ClientTransport, Reply, SECRET, Server, Toy, eventually, twin};
use crate::twins::client_settings::tls_libraries;

const WITHIN: Duration = Duration::from_secs(20);

fn client() -> ClientTransport {
    ClientTransport::new(Tls::new()).unwrap()
}

#[twin::function]
async fn exchange(
    client: &ClientTransport,
    url: impl core::fmt::Display,
) -> Result<HttpResponse, TransportError> {
    let request = HttpRequest::new(Method::Post, url).body("{}");
    client.exchange(&request, WITHIN).await
}

/// A response whose frame is not complete; then the server closes the connection.
fn cut(frame: &str, body: &str) -> Reply {
    Reply::Raw(format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{frame}\r\n\r\n{body}").into())
}

const TOKEN: &str = r#"{"access_token":"token-1","expires_in":3600}"#;

#[twin::test]
async fn a_complete_document_whose_frame_is_short_is_an_answer() {
    let chunk = format!("{:x}\r\n{TOKEN}\r\n", TOKEN.len());
    let longer = format!("Content-Length: {}", TOKEN.len() + 1);
    for (frame, body) in [
        ("Transfer-Encoding: chunked", chunk.as_str()),
        ("Transfer-Encoding: chunked", &format!("{chunk}0\r\n")),
        ("Transfer-Encoding: chunked", &format!("{chunk}zz\r\n\r\n")),
        (&longer, TOKEN),
        ("Content-Length: 4096", &format!("{TOKEN}\r\n")),
    ] {
        let reply = (frame.to_owned(), body.to_owned());
        let server = Server::start(move |_, _| cut(&reply.0, &reply.1));
        let answer = exchange(&client(), &server.url).await.unwrap();
        // ureq takes the size of the last chunk for the end of the body.
        assert!(answer.is_cut_short() || body.ends_with("0\r\n"), "{frame}: {body}");
        let source = TokenSource::builder(Toy::at(&server.url)).build().unwrap();
        assert_eq!(source.token().await.unwrap().expose(), "token-1");
    }
    let whole = Server::granting();
    assert!(!exchange(&client(), format!("{}/token", whole.url)).await.unwrap().is_cut_short());
}

#[twin::test]
async fn plain_json_that_the_server_labels_as_compressed_is_read() {
    let server = Server::start(|_, _| Reply::with(200, "Content-Encoding: gzip\r\n", TOKEN));
    let source = TokenSource::builder(Toy::at(&server.url)).build().unwrap();
    assert_eq!(source.token().await.unwrap().expose(), "token-1");
    assert_eq!(server.asked("/token"), 1);
}

#[twin::test]
async fn another_compression_is_named_and_no_single_use_grant_is_repeated_for_it() {
    // Bytes that are no text: `{}` in brotli, and the magic number of zstd.
    for (coding, body) in
        [("br", &[0x0b, 0x00, 0x80, 0x7b, 0xfd, 0x03][..]), ("zstd", &[0x28, 0xb5, 0x2f, 0xfd])]
    {
        let mut reply = format!(
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        reply.extend_from_slice(body);
        let server = Server::start(move |_, _| Reply::Raw(reply.clone()));
        let mut policy = Policy::default();
        policy.first_pause = Duration::ZERO;
        let toy = || Toy::at(&server.url).replaying(Replay::OwnerDead);
        let source = TokenSource::builder(toy()).policy(policy.clone()).build().unwrap();
        let error = source.token().await.unwrap_err();
        assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Protocol, false), "{error}");
        assert!(error.to_string().contains(&format!("compresses its response with {coding}")), "{error}");
        let asked = server.asked("/token");

        let source = TokenSource::builder(toy().without_credentials()).policy(policy).build().unwrap();
        let granted = TokenResponse::new(AccessToken::new("old")).with_lifetime(Duration::ZERO);
        source.adopt(granted.with_refresh_token(RefreshToken::new("once"))).unwrap();
        for _ in 0..3 {
            let error = source.acquire(Need::Fresh, WITHIN).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::LoginRequired { reason: LoginReason::Unreadable });
        }
        assert_eq!(server.asked("/token"), asked + 1);
    }
}

#[twin::test]
async fn a_response_that_breaks_off_is_answered_and_its_received_part_is_there() {
    let half = &TOKEN[..TOKEN.len() - 1];
    let form = "access_token=token-1";
    for (frame, body, came) in [
        ("Transfer-Encoding: chunked".to_owned(), format!("{:x}\r\n{half}", TOKEN.len()), half),
        (format!("Content-Length: {}", TOKEN.len()), half.to_owned(), half),
        ("Content-Length: 40".to_owned(), form.to_owned(), form),
        ("Content-Length: 40".to_owned(), String::new(), ""),
        // Plain JSON where a chunk's size belongs.
        ("Transfer-Encoding: chunked".to_owned(), TOKEN.to_owned(), ""),
    ] {
        let server = Server::start(move |_, _| cut(&frame, &body));
        let error = exchange(&client(), &server.url).await.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Incomplete, "{came}: {error:?}");
        let response = error.response().unwrap();
        assert!(response.status() == 200 && response.is_incomplete());
        assert_eq!(String::from_utf8_lossy(response.expose_body()), came);
        assert_eq!(error.into_error().fate(), Fate::Answered);
    }
}

#[twin::test]
async fn a_failure_that_breaks_off_has_spent_nothing_for_certain() {
    let server =
        Server::start(|_, _| Reply::Raw(b"HTTP/1.1 500 Failure\r\nContent-Length: 40\r\n\r\n{".to_vec()));
    let error = exchange(&client(), &server.url).await.unwrap_err();
    assert_eq!(error.response().map(HttpResponse::status), Some(500));
    assert_eq!(error.into_error().fate(), Fate::Unknown);
}

#[twin::test]
async fn a_single_use_refresh_token_whose_response_breaks_off_is_sent_once() {
    let large_head = "Set-Cookie: a=b\r\n".repeat(300);
    for reply in [
        cut("Content-Length: 4096", "{\"access_token\":\"token-1\",\"refr"),
        cut("Transfer-Encoding: chunked", TOKEN),
        Reply::with(200, &large_head, TOKEN),
    ] {
        let server = Server::start(move |_, _| reply.clone());
        let toy = Toy::at(&server.url).without_credentials().replaying(Replay::OwnerDead);
        let mut policy = Policy::default();
        policy.first_pause = Duration::ZERO;
        let source = TokenSource::builder(toy).policy(policy).build().unwrap();
        let granted = TokenResponse::new(AccessToken::new("old")).with_lifetime(Duration::ZERO);
        source.adopt(granted.with_refresh_token(RefreshToken::new("once"))).unwrap();
        // The token has expired when it is adopted, which opens a pause of a second.
        let error = source.acquire(Need::Fresh, WITHIN).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LoginRequired { reason: LoginReason::Unreadable });
        assert_eq!(server.asked("/token"), 1);
    }
}

#[twin::test]
async fn the_new_refresh_token_under_a_head_that_is_too_large_is_kept() {
    let server = Server::start(|_, _| {
        let field = format!("Set-Cookie: {}\r\n", "c".repeat(2_300));
        Reply::with(200, &field.repeat(115), TOKEN)
    });
    let error = exchange(&client(), &server.url).await.unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Unreadable, "{error:?}");
    let response = error.response().unwrap();
    assert!(!response.is_incomplete() && response.expose_body() == TOKEN.as_bytes());
}

#[twin::test]
async fn a_large_head_is_accepted_up_to_the_same_limits() {
    let reply = |fields: usize, length: usize| {
        let field = format!("Set-Cookie: {}\r\n", "c".repeat(length));
        move || Reply::with(200, &field.repeat(fields), TOKEN)
    };
    for (fields, length, accepted) in [
        (70, 1_000, true),
        (1, 70_000, true),
        (120, 2_000, true),
        (1, 250_000, true),
        (126, 20, true),
        (1, 270_000, false),
        (120, 2_300, false),
        (127, 20, false),
        (300, 20, false),
        (1, 600_000, false),
    ] {
        let reply = reply(fields, length);
        let server = Server::start(move |_, _| reply());
        match exchange(&client(), &server.url).await {
            Ok(answer) => assert!(accepted && answer.status() == 200, "{fields} of {length}"),
            Err(error) => {
                let kind = error.kind();
                assert!(
                    !accepted && kind == TransportErrorKind::Unreadable,
                    "{fields} of {length}: {error:?}"
                );
                assert!(error.into_error().to_string().contains("head of the endpoint's response"));
            }
        }
    }
}

#[twin::test]
async fn a_client_certificate_that_the_server_refuses_has_sent_nothing_and_names_the_alert() {
    let ours = Simulator::builder().mutual_tls().start().unwrap();
    let other = Simulator::builder().mutual_tls().start().unwrap();
    let (identity, foreign) = (ours.identity().unwrap(), other.identity().unwrap());
    let trusting = || Tls::new().certificate_authority(identity.ca_pem.clone());
    let expired = (&identity.expired_certificate_pem, &identity.expired_key_pem);
    let foreign_certificate = (&foreign.client_certificate_pem, &foreign.client_key_pem);
    let with = |(certificate, key): (&String, &String)| {
        trusting().client_certificate(certificate.clone(), key.clone())
    };
    let url = format!("{}/oauth/token", ours.url());
    for &backend in tls_libraries() {
        for (tls, alert) in [
            (trusting(), "certificate_required"),
            (with(expired), "certificate_expired"),
            (with(foreign_certificate), "unknown_ca"),
        ] {
            // Where the server closes before the request is written, the alert has to be read all the same.
            let client = ClientTransport::new(tls.backend(backend)).unwrap();
            for _ in 0..20 {
                let error = exchange(&client, &url).await.unwrap_err();
                assert_eq!(error.obstacle(), Some(Obstacle::CertificateRefused), "{backend:?}: {error:?}");
                let error = error.into_error();
                assert!(error.to_string().contains(alert), "{backend:?}, {alert}: {error}");
                assert_eq!((error.fate(), error.kind()), (Fate::Unspent, ErrorKind::Misconfigured));
            }
        }
    }
}

#[twin::test]
async fn what_kept_a_request_from_being_sent_is_named() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("http://{}/token", free.local_addr().unwrap());
    drop(free);
    // No TCP connection leads to a broadcast address.
    for (url, obstacle) in [
        (closed.as_str(), Obstacle::ConnectionRefused),
        ("https://host.invalid/token", Obstacle::NameLookup),
        ("https://255.255.255.255/token", Obstacle::NoNetwork),
        ("http://issuer.example/token", Obstacle::Settings),
    ] {
        let error = exchange(&client(), url).await.unwrap_err();
        assert_eq!(error.obstacle(), Some(obstacle), "{url}: {error:?}");
        assert_eq!(error.into_error().is_local(), obstacle != Obstacle::ConnectionRefused, "{url}");
    }
}

/// This test, in a process of its own.
fn child(test: &str, url: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("twins::received::{test}"), "--nocapture"])
        .env("WELLSPRING_TEST_SERVER", url)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[expect(clippy::disallowed_methods, reason = "how the test process reaches its child")]
fn given_url() -> Option<String> {
    std::env::var("WELLSPRING_TEST_SERVER").ok()
}

#[cfg(unix)]
fn send_signal(process: u32, signal: Signal) {
    let process = Pid::from_raw(process.try_into().unwrap()).unwrap();
    kill_process(process, signal).unwrap();
}

/// The deadline of the exchange in the process that is stopped. Before the stop the process needs only the time that the
/// server needs to read its request and to send the signal.
const DEADLINE: Duration = Duration::from_secs(5);

#[cfg(unix)]
#[twin::test]
async fn an_answer_that_arrives_while_the_process_is_stopped_is_read_though_its_deadline_has_passed() {
    let stopped = std::sync::Arc::new(std::sync::Mutex::new(None));
    let in_server = stopped.clone();
    let server = Server::start(move |request, earlier| {
        if earlier > 0 {
            return Reply::token(1, 3_600);
        }
        let process = request.header("user-agent").unwrap().parse().unwrap();
        send_signal(process, Signal::STOP);
        *in_server.lock().unwrap() = Some(process);
        Reply::token(1, 3_600)
    });
    let child = child("child_of_the_stop_test", &server.url);
    eventually(|| stopped.lock().unwrap().is_some()).await;
    let clock = Clock::system();
    // The deadline began before the stop.
    let end = clock.now().instant.plus(DEADLINE);
    eventually(|| clock.now().instant > end).await;
    send_signal(child.id(), Signal::CONT);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(server.asked("/token"), 1);
}

#[cfg(unix)]
#[twin::test]
async fn child_of_the_stop_test() {
    let Some(url) = given_url() else { return };
    let mut policy = Policy::default();
    policy.deadline = DEADLINE;
    let toy = Toy::at(&url).naming(std::process::id());
    let source = TokenSource::builder(toy).policy(policy).build().unwrap();
    let token = source.acquire(Need::Fresh, WITHIN).await.unwrap();
    assert_eq!(token.expose(), "token-1");
}

#[cfg(unix)]
#[twin::test]
async fn a_process_without_a_free_file_descriptor_says_so_and_sends_nothing() {
    let server = Server::granting();
    let output = child("child_of_the_descriptor_test", &server.url).wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(server.asked("/token"), 1, "only after the descriptors are free again");
}

#[cfg(unix)]
#[twin::test]
async fn child_of_the_descriptor_test() {
    let Some(url) = given_url() else { return };
    let client = client();
    let url = format!("{url}/token");
    let mut open = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        open.push(file);
    }
    let error = exchange(&client, &url).await.unwrap_err();
    drop(open);
    assert_eq!(error.obstacle(), Some(Obstacle::NoDescriptor), "{error:?}");
    assert!(!format!("{error:?}").contains(SECRET));
    let error = error.into_error();
    assert!(error.is_local() && error.to_string().contains("no file descriptor is free"), "{error}");
    assert!(exchange(&client, &url).await.is_ok());
}

#[cfg(target_os = "linux")]
#[twin::test]
async fn a_process_that_can_start_no_thread_says_so_and_does_not_panic() {
    let server = Server::granting();
    let output = child("child_of_the_thread_test", &server.url).wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panicked"), "{said}");
}

#[cfg(target_os = "linux")]
#[twin::test]
async fn child_of_the_thread_test() {
    let Some(url) = given_url() else { return };
    let client = client();
    assert!(exchange(&client, format!("{url}/token")).await.is_ok());
    // No room for the stack of another thread.
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = pages.split(' ').next().unwrap().parse().unwrap();
    let room = Some(pages * rustix::param::page_size() as u64 + (1 << 20));
    rustix::process::setrlimit(
        rustix::process::Resource::As,
        rustix::process::Rlimit { current: room, maximum: None },
    )
    .unwrap();
    let error = exchange(&client, "https://host.invalid/token").await.unwrap_err();
    assert_eq!(error.obstacle(), Some(Obstacle::NoThread), "{error:?}");
    assert!(error.into_error().to_string().contains("starts no further thread"));
}
