//! A server that sends what a dialect gives it, and keeps the bytes that it received.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request as it stood on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// Method and target, such as `POST /token`.
    pub(crate) line: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let same = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        self.headers.iter().find(same).map(|(_, value)| value.as_str())
    }
}

/// The server. Its thread lasts as long as the test's process.
pub(crate) struct Server {
    pub(crate) url: String,
    replies: Arc<Mutex<Vec<(u16, String)>>>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let replies: Arc<Mutex<Vec<(u16, String)>>> = Arc::default();
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let (out, kept) = (Arc::clone(&replies), Arc::clone(&received));
        thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let Some(request) = read(&mut connection) else { continue };
                kept.lock().unwrap().push(request);
                let reply = out.lock().unwrap().pop();
                let (status, body) = reply.unwrap_or((599, "no reply is left".to_owned()));
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
                );
                let _ = connection.write_all((head + &body).as_bytes());
            }
        });
        Self { url, replies, received }
    }

    /// What the next request gets.
    pub(crate) fn reply(&self, status: u16, body: &str) {
        *self.replies.lock().unwrap() = vec![(status, body.to_owned())];
    }

    /// What came since the last call.
    pub(crate) fn take(&self) -> Vec<Received> {
        core::mem::take(&mut self.received.lock().unwrap())
    }
}

fn read(connection: &mut TcpStream) -> Option<Received> {
    let mut reader = BufReader::new(connection);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let line = line.trim_end().strip_suffix(" HTTP/1.1")?.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut field = String::new();
        reader.read_line(&mut field).ok()?;
        let Some((name, value)) = field.trim_end().split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.map_or(0, |(_, length)| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Received { line, headers, body: String::from_utf8(body).unwrap() })
}
