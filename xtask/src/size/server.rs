//! A server on loopback that gives every client the same token, one connection after the other.

use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

pub(super) const TOKEN: &str = "a-token-from-loopback";

/// The server. It runs until the process ends.
pub(super) struct Server {
    url: String,
}

impl Server {
    pub(super) fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // If the client disconnects, it prints no token and the measurement fails there.
                let _ = answer(&stream);
            }
        });
        Ok(Self { url })
    }

    /// The base URL, without a slash at its end.
    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

fn answer(mut stream: &TcpStream) -> Result<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
    let body =
        format!(r#"{{"access_token":"{TOKEN}","token_type":"Bearer","expires_in":3600,"scope":"pix:read"}}"#);
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes())
}
