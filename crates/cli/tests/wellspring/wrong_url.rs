//! `doctor` finds a wrong token URL before the first call, and sends no credential for it.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use crate::command::Folder;

/// A server that answers each request in this way, and what it has received.
fn answering(answer: &'static str) -> (String, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/token", listener.local_addr().unwrap());
    let received = Arc::new(Mutex::new(String::new()));
    let in_server = Arc::clone(&received);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = Vec::new();
            let mut byte = [0];
            let whole = |request: &[u8]| {
                let text = String::from_utf8_lossy(request).to_ascii_lowercase();
                let (head, body) = text.split_once("\r\n\r\n")?;
                let length = head.split_once("content-length: ")?.1.lines().next()?.parse::<usize>().ok()?;
                Some(body.len() >= length)
            };
            while !whole(&request).unwrap_or(false) && stream.read(&mut byte).unwrap_or(0) > 0 {
                request.push(byte[0]);
            }
            in_server.lock().unwrap().push_str(&String::from_utf8_lossy(&request));
            let (status, body) = answer.split_once('|').unwrap();
            let length = body.len();
            let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    (url, received)
}

#[test]
fn doctor_asks_without_a_credential_and_names_a_url_that_is_no_token_endpoint() {
    for (answer, status, says) in [
        (
            "404 Not Found|{}",
            2,
            "wrong  shop: {url} answers 404: is this the token endpoint's URL? correct it in the profile",
        ),
        ("405 Method Not Allowed|", 2, "answers 405: is this the token endpoint's URL?"),
        ("410 Gone|", 2, "answers 410: is this the token endpoint's URL?"),
        ("200 OK|<!DOCTYPE html><title>Sign in</title>", 2, "answers 200 with a web page: is this"),
        ("302 Found|", 2, "answers 302, a redirect, which no token request follows: is this"),
        ("401 Unauthorized|{\"error\":\"invalid_client\"}", 0, "ok     shop: {url} is a token endpoint"),
        ("400 Bad Request|{\"error\":\"invalid_request\"}", 0, "ok     shop: {url} is a token endpoint"),
        (
            "503 Service Unavailable|<html>",
            0,
            "note   shop: {url} answers 503, so whether it is a token endpoint is not known",
        ),
    ] {
        let (url, received) = answering(answer);
        let folder = Folder::with(&format!(
            "[profile.other]\nprovider = \"pix-bacen\"\nbase_url = \"http://127.0.0.1:1\"\nclient_id = \"x\"\n\
             client_secret = {{ env = \"NOT_SET\" }}\n[profile.shop]\nprovider = \"oauth2-app\"\n\
             token_url = \"{url}\"\ngrant_type = \"client_credentials\"\nclient_id = \"canary-id\"\n\
             client_secret = \"canary-secret\"\n"
        ));
        crate::stored::private(&folder, "wellspring.toml");
        let ran = folder.run(&["doctor", "shop"]);
        let says = says.replace("{url}", &url);
        assert_eq!(ran.status, status, "{answer}: {}", ran.stdout);
        assert!(ran.stdout.contains(&says), "{answer}: {}", ran.stdout);
        assert!(!ran.stdout.contains("other"), "only the named profile: {}", ran.stdout);
        let received = received.lock().unwrap().clone();
        assert!(received.starts_with("POST /token "), "{received}");
        assert!(received.ends_with("\r\n\r\ngrant_type=client_credentials"), "{received}");
        assert!(
            !received.to_ascii_lowercase().contains("canary") && !received.contains("uthorization"),
            "{received}"
        );
    }
}
