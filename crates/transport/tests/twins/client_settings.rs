//! What a program chooses for the built-in client: TLS library, certificate store, proxy. On real sockets.

use std::process::{Command, Output};

use wellspring_core::ErrorKind;
#[cfg(all(feature = "platform-verifier", target_os = "linux"))]
use {
    crate::driver::ClientTransport,
    crate::driver::transport::{Tls, Transport},
    wellspring_core::{HttpRequest, Method, Obstacle, TransportErrorKind},
    wellspring_simulator::Simulator,
};

use crate::driver::transport::{TlsBackend, TokenSource};
use crate::driver::{Reply, Server, Toy, twin};

/// The TLS libraries that are enabled. One of them needs a process-wide provider.
pub(crate) fn tls_libraries() -> &'static [TlsBackend] {
    // It stays the same for all tests of the process.
    let _ = rustls::crypto::ring::default_provider().install_default();
    TlsBackend::ENABLED
}

/// This test, in a process of its own with this environment.
pub(crate) fn child(test: &str, environment: &[(&str, &str)]) -> Output {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

#[expect(clippy::disallowed_methods, reason = "how the test process reaches its child")]
pub(crate) fn given(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(all(feature = "platform-verifier", target_os = "linux"))]
#[twin::test]
async fn the_systems_certificate_store_is_trusted_by_one_call_and_ssl_cert_file_takes_its_place() {
    let sim = Simulator::builder().tls().start().unwrap();
    let other = Simulator::builder().tls().start().unwrap();
    let folder = std::env::temp_dir().join(format!("wellspring-system-store-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (of, trusted) in [(&sim, "trusted"), (&other, "not trusted")] {
        let file = folder.join("ca.pem");
        std::fs::write(&file, &of.identity().unwrap().ca_pem).unwrap();
        let url = format!("{}/oauth/token", sim.url());
        let environment = [
            ("WELLSPRING_TEST_SERVER", url.as_str()),
            ("WELLSPRING_TEST_EXPECTED", trusted),
            ("SSL_CERT_FILE", file.to_str().unwrap()),
        ];
        let output = child("twins::client_settings::child_of_the_store_test", &environment);
        assert!(output.status.success(), "{trusted}: {}", String::from_utf8_lossy(&output.stdout));
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[cfg(all(feature = "platform-verifier", target_os = "linux"))]
#[twin::test]
async fn child_of_the_store_test() {
    let Some(url) = given("WELLSPRING_TEST_SERVER") else { return };
    for &backend in tls_libraries() {
        let client = ClientTransport::new(Tls::new().backend(backend).system_roots()).unwrap();
        let request = HttpRequest::new(Method::Post, &url).body("{}");
        let answer = client.exchange(&request, core::time::Duration::from_secs(20)).await;
        if given("WELLSPRING_TEST_EXPECTED").as_deref() == Some("trusted") {
            assert!(answer.is_ok(), "{backend:?}: {answer:?}");
        } else {
            let error = answer.unwrap_err();
            assert_eq!(error.obstacle(), Some(Obstacle::UntrustedServer), "{backend:?}: {error:?}");
            assert_eq!(error.kind(), TransportErrorKind::Refused);
        }
    }
}

#[twin::test]
async fn a_given_proxy_carries_https_requests_and_never_sees_loopback() {
    let proxy = Server::start(|_, _| Reply::with(502, "", ""));
    let url = proxy.url.replace("http://", "http://user:canary-secret@");
    let through = |toy| TokenSource::builder(toy).proxy(url.clone()).build().unwrap();
    let error = through(Toy::at("https://issuer.invalid")).token().await.unwrap_err();
    assert!(error.to_string().contains("through the proxy"), "{error}");
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    let seen = proxy.received("issuer.invalid:443");
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].header("proxy-authorization"), Some("Basic dXNlcjpjYW5hcnktc2VjcmV0"));

    let server = Server::granting();
    through(Toy::at(&server.url)).token().await.unwrap();
    assert!(proxy.received("/token").is_empty());
    // The server speaks no TLS, and the proxy would refuse: the error says which of the two was reached.
    let error = through(Toy::at(&server.url.replace("http://", "https://"))).token().await.unwrap_err();
    assert!(!error.to_string().contains("proxy"), "{error}");
    assert!(proxy.received(server.url.trim_start_matches("http://")).is_empty());

    for wrong in
        ["socks5://u:canary-secret@127.0.0.1:1080", "socks5h://127.0.0.1", "ftp://127.0.0.1", "no proxy", ""]
    {
        let error = TokenSource::builder(Toy::at(&server.url)).proxy(wrong).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{wrong}: {error}");
        assert_eq!(
            error.to_string(),
            "the proxy's URL is not valid: it must begin with http:// or https:// and name a host; SOCKS proxies are not \
             supported"
        );
    }
}

/// What a SOCKS proxy of the environment leads to.
const SOCKS: &str = "the request was not sent: the proxy that the environment names is no HTTP proxy, and others, such as SOCKS, are \
                     not supported; name an http:// or https:// proxy in `HTTPS_PROXY`, except the host in `NO_PROXY`, or \
                     build the source with `no_proxy`";

#[twin::test]
async fn the_proxy_of_the_environment_is_used_unless_the_settings_forbid_it_and_never_passed_by() {
    let proxy = Server::start(|_, _| Reply::with(502, "", ""));
    for (environment, expected) in [
        (proxy.url.as_str(), "through the proxy"),
        ("socks5://127.0.0.1:1", SOCKS),
        (proxy.url.as_str(), "cannot be looked up"),
    ] {
        let mut names = vec![("WELLSPRING_TEST_EXPECTED", expected), ("NO_PROXY", ""), ("no_proxy", "")];
        names.extend(["https_proxy", "HTTPS_PROXY"].map(|name| (name, environment)));
        let output = child("twins::client_settings::child_of_the_environment_test", &names);
        assert!(output.status.success(), "{environment}: {}", String::from_utf8_lossy(&output.stdout));
    }
    assert_eq!(proxy.received("issuer.invalid:443").len(), 1);
}

#[twin::test]
async fn child_of_the_environment_test() {
    let Some(expected) = given("WELLSPRING_TEST_EXPECTED") else { return };
    let mut builder = TokenSource::builder(Toy::at("https://issuer.invalid"));
    if expected.contains("looked up") {
        builder = builder.no_proxy();
    }
    let error = builder.build().unwrap().token().await.unwrap_err();
    assert!(error.to_string().contains(&expected), "{error}");
    if expected == SOCKS {
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "no retry helps");
    }
}
