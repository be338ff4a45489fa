//! One connection: reads requests and writes answers by [RFC 9112](https://www.rfc-editor.org/rfc/rfc9112), or as a
//! [`Delivery`] demands.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use rustls::{ServerConnection, StreamOwned};

use crate::answer::{Answer, Delivery};
use crate::control;
use crate::endpoint::Endpoint;
use crate::request::Request;
use crate::server::shared::{Shared, locked};
use crate::server::stop::Stop;

const HEAD_LIMIT: usize = 64 * 1024;
const BODY_LIMIT: usize = 1024 * 1024;
const FIELDS: usize = 100;

trait Stream: Read + Write {
    /// Announces the end of the stream, if the protocol can.
    fn close_notify(&mut self) {}
}

impl Stream for TcpStream {}

impl Stream for StreamOwned<ServerConnection, TcpStream> {
    fn close_notify(&mut self) {
        self.conn.send_close_notify();
        drop(self.flush());
    }
}

pub(super) fn serve(socket: TcpStream, shared: &Shared, stop: &Stop, number: u64) {
    drop(socket.set_nodelay(true));
    let Ok(raw) = socket.try_clone() else { return };
    let ended = match &shared.tls {
        None => Connection { stream: socket, unread: Vec::new(), client_certificate: None }.run(shared, stop),
        Some(tls) => handshake(socket, tls, &shared.refused_handshakes).and_then(|stream| {
            let certificate = stream.conn.peer_certificates().and_then(|chain| chain.first());
            let client_certificate = certificate.map(|certificate| certificate.to_vec());
            Connection { stream, unread: Vec::new(), client_certificate }.run(shared, stop)
        }),
    };
    match ended {
        Ok(End::Reset) => {
            // With a linger time of zero, the close resets the connection. All handles must be closed.
            let _ = rustix::net::sockopt::set_socket_linger(&raw, Some(Duration::ZERO));
        }
        Ok(End::Refused) => {
            // Closing with unread bytes would reset the connection and lose the answer.
            drop(raw.shutdown(Shutdown::Write));
            drop(io::copy(&mut &raw, &mut io::sink()));
        }
        _ => drop(raw.shutdown(Shutdown::Write)),
    }
    drop(locked(&shared.open).remove(&number));
}

/// The TLS handshake, step by step. A refusal is counted before it is sent, so that a client that has seen it finds it
/// counted.
fn handshake(
    mut socket: TcpStream,
    tls: &Arc<rustls::ServerConfig>,
    refused: &AtomicU64,
) -> io::Result<StreamOwned<ServerConnection, TcpStream>> {
    let mut connection = ServerConnection::new(Arc::clone(tls)).map_err(io::Error::other)?;
    while connection.is_handshaking() {
        while connection.wants_write() {
            connection.write_tls(&mut socket)?;
        }
        if !connection.is_handshaking() {
            break;
        }
        if connection.read_tls(&mut socket)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Err(error) = connection.process_new_packets() {
            // An alert from the client is the client's own refusal.
            if !matches!(error, rustls::Error::AlertReceived(_)) {
                refused.fetch_add(1, Ordering::SeqCst);
            }
            while connection.wants_write() {
                connection.write_tls(&mut socket)?;
            }
            return Err(io::Error::other(error));
        }
    }
    Ok(StreamOwned::new(connection, socket))
}

enum End {
    Closed,
    /// Within an answer.
    Cut,
    /// Within a request that was not read completely.
    Refused,
    Reset,
}

enum Incoming {
    Request {
        request: Request,
        close: bool,
    },
    /// The request is invalid; answer with this status.
    Unreadable(u16),
    /// The client has disconnected.
    Gone,
}

struct Connection<S> {
    stream: S,
    /// Bytes that were received and not yet parsed.
    unread: Vec<u8>,
    client_certificate: Option<Vec<u8>>,
}

impl<S: Stream> Connection<S> {
    fn run(mut self, shared: &Shared, stop: &Stop) -> io::Result<End> {
        let end = self.exchange(shared, stop)?;
        if matches!(end, End::Closed | End::Refused) {
            self.stream.close_notify();
        }
        Ok(end)
    }

    fn exchange(&mut self, shared: &Shared, stop: &Stop) -> io::Result<End> {
        loop {
            let (request, close) = match self.request()? {
                Incoming::Request { request, close } => (request, close),
                Incoming::Unreadable(status) => {
                    let head = format!(
                        "HTTP/1.1 {status} {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                        reason(status)
                    );
                    self.send(head.as_bytes())?;
                    return Ok(End::Refused);
                }
                Incoming::Gone => return Ok(End::Closed),
            };
            let is_control = request.path.starts_with("/__sim/");
            let (answer, latency) = if is_control {
                (control::answer(&mut shared.world(), &shared.clock, &request), Duration::ZERO)
            } else {
                let mut world = shared.world();
                (world.answer(&request, shared.clock.now()), world.providers.config.latency)
            };
            if !is_control {
                shared.wait_for_release(Endpoint::of(&request), || stop.is_ordered());
            }
            if stop.is_ordered() || !stop.pause(latency) {
                return Ok(End::Closed);
            }
            match self.deliver(&answer, close, request.method == "HEAD", stop)? {
                Some(end) => return Ok(end),
                None if close => return Ok(End::Closed),
                None => {}
            }
        }
    }

    fn fill(&mut self) -> io::Result<bool> {
        let mut piece = [0; 8 * 1024];
        let read = self.stream.read(&mut piece)?;
        self.unread.extend_from_slice(&piece[..read]);
        Ok(read > 0)
    }

    fn request(&mut self) -> io::Result<Incoming> {
        let (mut request, head) = loop {
            match read_head(&self.unread) {
                Head::Whole { request, length } => break (request, length),
                Head::Broken(status) => return Ok(Incoming::Unreadable(status)),
                Head::Part if self.unread.len() > HEAD_LIMIT => return Ok(Incoming::Unreadable(431)),
                Head::Part if self.fill()? => {}
                Head::Part => return Ok(Incoming::Gone),
            }
        };
        self.unread.drain(..head.bytes);
        if request.header("expect").is_some_and(|expect| expect.eq_ignore_ascii_case("100-continue")) {
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let body = match head.body {
            Length::Known(length) if length > BODY_LIMIT => return Ok(Incoming::Unreadable(413)),
            Length::Known(length) => self.exactly(length)?,
            Length::Chunked => match self.chunks()? {
                Ok(body) => Some(body),
                Err(status) => return Ok(Incoming::Unreadable(status)),
            },
        };
        let Some(body) = body else { return Ok(Incoming::Gone) };
        request.body = body;
        request.client_certificate.clone_from(&self.client_certificate);
        let asked_to_close =
            request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        Ok(Incoming::Request { request, close: asked_to_close || head.old })
    }

    /// Reads this many bytes; `None` if the client disconnects.
    fn exactly(&mut self, length: usize) -> io::Result<Option<Vec<u8>>> {
        while self.unread.len() < length {
            if !self.fill()? {
                return Ok(None);
            }
        }
        Ok(Some(self.unread.drain(..length).collect()))
    }

    fn chunks(&mut self) -> io::Result<Result<Vec<u8>, u16>> {
        let mut body = Vec::new();
        loop {
            let (skip, size) = loop {
                match httparse::parse_chunk_size(&self.unread) {
                    Ok(httparse::Status::Complete((skip, size))) => break (skip, size as usize),
                    Ok(httparse::Status::Partial) if self.unread.len() < HEAD_LIMIT => {
                        if !self.fill()? {
                            return Ok(Err(400));
                        }
                    }
                    _ => return Ok(Err(400)),
                }
            };
            self.unread.drain(..skip);
            if size > BODY_LIMIT || body.len() + size > BODY_LIMIT {
                return Ok(Err(413));
            }
            // No trailers: an empty line follows the last chunk too.
            let Some(chunk) = self.exactly(size + 2)? else { return Ok(Err(400)) };
            if !chunk.ends_with(b"\r\n") {
                return Ok(Err(400));
            }
            if size == 0 {
                return Ok(Ok(body));
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }

    /// Writes the answer. Returns how the connection ends, if it ends with the answer.
    fn deliver(
        &mut self,
        answer: &Answer,
        close: bool,
        head_only: bool,
        stop: &Stop,
    ) -> io::Result<Option<End>> {
        let body = if head_only { &[] } else { answer.body.as_slice() };
        let cut = match answer.delivery {
            Delivery::Reset => return Ok(Some(End::Reset)),
            Delivery::Never => {
                // Until the client disconnects, or the simulator stops.
                while self.fill()? {}
                return Ok(Some(End::Closed));
            }
            Delivery::Late { after } if !stop.pause(after) => return Ok(Some(End::Cut)),
            Delivery::Truncated { sent } => sent.min(body.len()),
            _ => body.len(),
        };
        let mut out = head(answer, close).into_bytes();
        match answer.delivery {
            Delivery::Chunked => {
                for chunk in body.chunks(16) {
                    out.extend(format!("{:x}\r\n", chunk.len()).bytes());
                    out.extend(chunk);
                    out.extend(b"\r\n");
                }
                out.extend(b"0\r\n\r\n");
            }
            Delivery::Dripped { every } => {
                self.send(&out)?;
                for byte in body {
                    if !stop.pause(every) {
                        return Ok(Some(End::Cut));
                    }
                    self.send(core::slice::from_ref(byte))?;
                }
                return Ok(None);
            }
            _ => out.extend(&body[..cut]),
        }
        self.send(&out)?;
        Ok(match answer.delivery {
            Delivery::Truncated { .. } => Some(End::Cut),
            Delivery::UntilClose | Delivery::ThenClosed => Some(End::Closed),
            _ => None,
        })
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }
}

/// How a body is framed.
enum Length {
    Known(usize),
    Chunked,
}

struct HeadLength {
    bytes: usize,
    body: Length,
    /// HTTP/1.0, which closes after each answer.
    old: bool,
}

enum Head {
    Whole { request: Request, length: HeadLength },
    Part,
    Broken(u16),
}

fn read_head(bytes: &[u8]) -> Head {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut parsed = httparse::Request::new(&mut fields);
    let length = match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Head::Part,
        Err(httparse::Error::TooManyHeaders) => return Head::Broken(431),
        Err(_) => return Head::Broken(400),
    };
    let mut request = Request::new(parsed.method.unwrap_or_default(), parsed.path.unwrap_or_default());
    for field in parsed.headers.iter() {
        request.headers.push((field.name.to_owned(), String::from_utf8_lossy(field.value).into_owned()));
    }
    let chunked = request.header("transfer-encoding").map(|coding| coding.eq_ignore_ascii_case("chunked"));
    let body = match (chunked, request.header("content-length")) {
        (Some(true), None) => Length::Chunked,
        // Two framings in one request allow request smuggling: RFC 9112 §6.3.
        (Some(_), _) => return Head::Broken(400),
        (None, None) => Length::Known(0),
        (None, Some(length)) => match length.parse() {
            Ok(length) => Length::Known(length),
            Err(_) => return Head::Broken(400),
        },
    };
    Head::Whole { request, length: HeadLength { bytes: length, body, old: parsed.version == Some(0) } }
}

fn head(answer: &Answer, close: bool) -> String {
    let mut head = format!("HTTP/1.1 {} {}\r\n", answer.status, reason(answer.status));
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    match answer.delivery {
        Delivery::Chunked => head.push_str("Transfer-Encoding: chunked\r\n"),
        Delivery::UntilClose => {}
        // https://www.rfc-editor.org/rfc/rfc9110#section-8.6: never with a 204.
        _ if answer.status == 204 => {}
        _ => head.push_str(&format!("Content-Length: {}\r\n", answer.body.len())),
    }
    if close || answer.delivery == Delivery::UntilClose {
        head.push_str("Connection: close\r\n");
    }
    head.push_str("\r\n");
    head
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        425 => "Too Early",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Unnamed",
    }
}
