//! Which versions of TLS the built-in client offers, whatever the machine allows.

use core::time::Duration;
use std::io::Read as _;
use std::net::TcpListener;
use std::thread;

use wellspring_core::{HttpRequest, Method};

use crate::driver::transport::{Tls, Transport};
use crate::driver::{ClientTransport, twin};
use crate::twins::client_settings::{child, given, tls_libraries};

/// A configuration of OpenSSL that allows everything that it can speak.
const ALLOWS_ALL: &str = "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nMinProtocol = None\n\
                          CipherString = ALL:@SECLEVEL=0\n";

#[twin::test]
async fn no_version_older_than_1_2_is_offered_where_the_machine_allows_it() {
    let folder = std::env::temp_dir().join(format!("wellspring-openssl-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("openssl.cnf");
    std::fs::write(&file, ALLOWS_ALL).unwrap();
    let environment = [("WELLSPRING_TEST_EXPECTED", "1.2"), ("OPENSSL_CONF", file.to_str().unwrap())];
    let output = child("twins::tls_versions::child_of_the_versions_test", &environment);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    std::fs::remove_dir_all(folder).unwrap();
}

#[twin::test]
async fn child_of_the_versions_test() {
    if given("WELLSPRING_TEST_EXPECTED").is_none() {
        return;
    }
    for &backend in tls_libraries() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}/token", listener.local_addr().unwrap());
        let hello = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = [0; 5];
            stream.read_exact(&mut head).unwrap();
            let mut hello = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
            stream.read_exact(&mut hello).unwrap();
            hello
        });
        let client = ClientTransport::new(Tls::new().backend(backend)).unwrap();
        let request = HttpRequest::new(Method::Post, url).body("{}");
        client.exchange(&request, Duration::from_secs(20)).await.unwrap_err();
        let mut offered = versions(&hello.join().unwrap());
        offered.sort_unstable();
        assert_eq!(offered, [0x0303, 0x0304], "{backend:?}");
    }
}

/// The versions that a ClientHello offers: its extension `supported_versions`.
fn versions(hello: &[u8]) -> Vec<u16> {
    let number = |at: usize| usize::from(u16::from_be_bytes([hello[at], hello[at + 1]]));
    // A message's head of 4 bytes, its version, 32 bytes of random, then the session's id, the suites and the compressions.
    let suites = 39 + usize::from(hello[38]);
    let compressions = suites + 2 + number(suites);
    let mut at = compressions + 1 + usize::from(hello[compressions]) + 2;
    while number(at) != 0x002b {
        at += 4 + number(at + 2);
    }
    let list = &hello[at + 5..at + 5 + usize::from(hello[at + 4])];
    list.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}
