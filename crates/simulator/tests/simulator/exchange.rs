//! A minimal client, so that the tests test only the simulator.

use core::time::Duration;
use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;
use wellspring_simulator::{Answer, Config, Request, Simulator, World};

/// 2023-11-14, 22:13:20 UTC.
pub(crate) const NOW: Duration = Duration::from_secs(1_700_000_000);

pub(crate) fn after(seconds: u64) -> Duration {
    NOW + Duration::from_secs(seconds)
}

pub(crate) fn world() -> World {
    World::new(Config::default())
}

pub(crate) fn json(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).expect("the body is JSON")
}

/// A string in a JSON answer; `data.accessToken` leads into an object.
pub(crate) fn text(answer: &Answer, path: &str) -> String {
    let pointer = format!("/{}", path.replace('.', "/"));
    json(answer)
        .pointer(&pointer)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("no string {path}"))
        .to_owned()
}

/// An answer as a client receives it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }
}

pub(crate) fn connect(simulator: &Simulator) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", simulator.port())).expect("the simulator listens");
    // A broken simulator then fails the test instead of hanging it.
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout can be set");
    stream
}

/// A request as bytes, with its length.
pub(crate) fn bytes_of(request: &Request) -> Vec<u8> {
    let target = if request.query.is_empty() {
        request.path.clone()
    } else {
        format!("{}?{}", request.path, request.query)
    };
    let mut out = format!("{} {target} HTTP/1.1\r\nHost: simulator.test\r\n", request.method);
    for (name, value) in &request.headers {
        out.push_str(&format!("{name}: {value}\r\n"));
    }
    out.push_str(&format!("Content-Length: {}\r\n\r\n", request.body.len()));
    [out.into_bytes(), request.body.clone()].concat()
}

/// One request on a connection of its own.
pub(crate) fn exchange(simulator: &Simulator, request: &Request) -> std::io::Result<Seen> {
    send(&mut connect(simulator), &bytes_of(request))
}

pub(crate) fn send(stream: &mut (impl Read + Write), bytes: &[u8]) -> std::io::Result<Seen> {
    stream.write_all(bytes)?;
    stream.flush()?;
    receive(stream)
}

/// One answer with any framing; an error if the connection ends before the answer is complete.
pub(crate) fn receive(stream: &mut impl Read) -> std::io::Result<Seen> {
    let mut bytes = Vec::new();
    let (mut seen, head) = loop {
        let mut fields = [httparse::EMPTY_HEADER; 64];
        let mut parsed = httparse::Response::new(&mut fields);
        if let httparse::Status::Complete(head) = parsed.parse(&bytes).map_err(std::io::Error::other)? {
            let headers = parsed
                .headers
                .iter()
                .map(|field| (field.name.to_owned(), String::from_utf8_lossy(field.value).into_owned()));
            let seen = Seen {
                status: parsed.code.unwrap_or_default(),
                headers: headers.collect(),
                body: Vec::new(),
            };
            break (seen, head);
        }
        more(stream, &mut bytes)?;
    };
    let mut body = bytes.split_off(head);
    if let Some(length) = seen.header("content-length") {
        let length: usize = length.parse().map_err(std::io::Error::other)?;
        while body.len() < length {
            more(stream, &mut body)?;
        }
        body.truncate(length);
    } else if seen.header("transfer-encoding").is_some() {
        while !body.ends_with(b"0\r\n\r\n") {
            more(stream, &mut body)?;
        }
        body = unchunked(&body);
    } else if seen.status != 204 {
        stream.read_to_end(&mut body)?;
    }
    seen.body = body;
    Ok(seen)
}

fn more(stream: &mut impl Read, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    let mut piece = [0; 4096];
    match stream.read(&mut piece)? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        read => {
            bytes.extend(&piece[..read]);
            Ok(())
        }
    }
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(httparse::Status::Complete((skip, size))) = httparse::parse_chunk_size(rest) {
        let size = size as usize;
        body.extend(&rest[skip..skip + size]);
        rest = &rest[skip + size + 2..];
    }
    body
}
