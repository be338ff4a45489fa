//! Plays the browser, and everyone else who can connect to the port.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// Loads a URL; returns the whole response.
pub(crate) fn visit(url: &str) -> String {
    let (authority, target) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    write!(stream, "GET /{target} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n").unwrap();
    let mut seen = String::new();
    stream.read_to_string(&mut seen).unwrap();
    seen
}

/// Where the authorization server sends the browser after the user has agreed.
pub(crate) fn agree(authorize: &str) -> String {
    let seen = visit(&format!("{authorize}&decision=allow"));
    seen.lines().find_map(|line| line.strip_prefix("Location: ")).unwrap().to_owned()
}
