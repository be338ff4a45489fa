//! A stand-in for a vendor: it listens where a proxy would, so that the presets' own URLs lead to it, and takes only what the vendor
//! documents. What differs is a complaint that the test prints.

use core::sync::atomic::{AtomicBool, Ordering};
use std::collections::BTreeMap;
use std::io::{self, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustls::{ServerConnection, StreamOwned};

use super::certificates::Certificates;
use super::facts::{Basic, Facts, Grant, Place, host, target};
use super::request::{Request, difference, pairs};

/// `client-1:s+cret/%41`.
const VERBATIM: &str = "Basic Y2xpZW50LTE6cytjcmV0LyU0MQ==";
/// `client-1:s%2Bcret%2F%2541`.
const ENCODED: &str = "Basic Y2xpZW50LTE6cyUyQmNyZXQlMkYlMjU0MQ==";
/// What any client may send.
const USUAL: [&str; 7] =
    ["accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent"];

/// The vendor of one preset, in one of its environments.
pub(crate) struct StandIn {
    /// The URL of its proxy.
    pub(crate) url: String,
    pub(crate) certificates: Certificates,
    shared: Arc<Shared>,
}

struct Shared {
    facts: Arc<Facts>,
    place: Place,
    refuses: AtomicBool,
    complaints: Mutex<Vec<String>>,
    /// The names of the grants, and `call`.
    served: Mutex<Vec<String>>,
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl StandIn {
    pub(crate) fn start(facts: &Arc<Facts>, place: &Place) -> Self {
        let mut hosts: Vec<String> = place.hosts().map(str::to_owned).collect();
        hosts.dedup();
        let certificates = Certificates::of(hosts);
        let shared = Arc::new(Shared {
            facts: Arc::clone(facts),
            place: place.clone(),
            refuses: AtomicBool::new(false),
            complaints: Mutex::default(),
            served: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (open, certified) = (Arc::clone(&certificates.open), Arc::clone(&certificates.certified));
        let server = Arc::clone(&shared);
        thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let (server, open, certified) =
                    (Arc::clone(&server), Arc::clone(&open), Arc::clone(&certified));
                thread::spawn(move || {
                    let host = match connect(&socket) {
                        Ok(host) => host,
                        Err(error) => return server.complain(error),
                    };
                    let tls = if server.place.certifies(&host) { certified } else { open };
                    let connection = ServerConnection::new(tls).unwrap();
                    // A client that turns away ends the connection, which is its right.
                    drop(server.serve(&host, StreamOwned::new(connection, socket)));
                });
            }
        });
        Self { url, certificates, shared }
    }

    /// From now on it refuses the last grant.
    pub(crate) fn refuse(&self) {
        self.shared.refuses.store(true, Ordering::SeqCst);
    }

    /// What it has taken.
    pub(crate) fn served(&self) -> Vec<String> {
        locked(&self.shared.served).clone()
    }

    /// What it has turned away, and why.
    pub(crate) fn complaints(&self) -> String {
        locked(&self.shared.complaints).join("\n")
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers as a proxy. The host that the client wants.
fn connect(mut socket: &TcpStream) -> io::Result<String> {
    // Byte by byte: what follows is the handshake.
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).map_err(io::Error::other)?;
    let host = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(":443 ").next());
    let host = host.ok_or(io::Error::other("not CONNECT"))?.to_owned();
    socket.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    Ok(host)
}

impl Shared {
    fn complain(&self, what: impl core::fmt::Display) {
        locked(&self.complaints).push(what.to_string());
    }

    fn serve(&self, name: &str, stream: StreamOwned<ServerConnection, TcpStream>) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        while let Some(request) = Request::read(&mut stream)? {
            let answer = self.answer(name, &request).unwrap_or_else(|complaint| {
                self.complain(format_args!("{} {name}{}: {complaint}", request.method, request.target));
                Answer {
                    status: 418,
                    headers: Vec::new(),
                    body: "{\"error\":\"the stand-in complains\"}".into(),
                }
            });
            let mut text = format!("HTTP/1.1 {} Documented\r\n", answer.status);
            for (name, value) in answer.headers {
                text += &format!("{name}: {value}\r\n");
            }
            let kind = if answer.body.starts_with('<') { "text/html" } else { "application/json" };
            text += &format!("content-type: {kind}\r\ncontent-length: {}\r\n\r\n", answer.body.len());
            stream.get_mut().write_all((text + &answer.body).as_bytes())?;
            stream.get_mut().flush()?;
        }
        Ok(())
    }

    fn answer(&self, name: &str, request: &Request) -> Result<Answer, String> {
        let at = |url: &str| host(url) == name && target(url) == request.target;
        if self.place.token_url.as_deref().is_some_and(at) {
            return self.token(request);
        }
        if self.place.revocation.as_deref().is_some_and(at) {
            return self.revoke(request);
        }
        let query = self.facts.call.query.as_deref().map_or(String::new(), |query| format!("?{query}"));
        if at(&format!("{}{query}", self.place.call)) {
            self.call(request)
        } else {
            Err("no such place".into())
        }
    }

    fn token(&self, request: &Request) -> Result<Answer, String> {
        if request.method != "POST" {
            return Err("not POST".into());
        }
        let mut differences = Vec::new();
        for (number, grant) in self.facts.grant.iter().enumerate() {
            if let Some(difference) = differs(request, grant) {
                differences.push(format!("not the grant \"{}\": {difference}", grant.name));
                continue;
            }
            locked(&self.served).push(grant.name.clone());
            let last = number + 1 == self.facts.grant.len();
            return Ok(
                match self.facts.refused.as_ref().filter(|_| last && self.refuses.load(Ordering::SeqCst)) {
                    Some(refused) => Answer {
                        status: refused.status,
                        headers: refused.headers.clone().into_iter().collect(),
                        body: refused.body.clone(),
                    },
                    None => Answer { status: grant.status, headers: Vec::new(), body: grant.answer.clone() },
                },
            );
        }
        Err(differences.join("; "))
    }

    /// A form with the token, from a client that authenticates ([RFC 7009 §2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.1)).
    fn revoke(&self, request: &Request) -> Result<Answer, String> {
        let kind = request.header("content-type").unwrap_or_default();
        if request.method != "POST" || kind != "application/x-www-form-urlencoded" {
            return Err(format!("not a POST of a form, but {kind}"));
        }
        let form = pairs(core::str::from_utf8(&request.body).unwrap_or_default());
        let one = |name: &str| match &form.iter().filter(|(key, _)| key == name).collect::<Vec<_>>()[..] {
            [(_, value)] => Some(value.clone()),
            _ => None,
        };
        let basic = request.header("authorization");
        let is_client = basic.is_some_and(|basic| [VERBATIM, ENCODED].contains(&basic))
            || one("client_id").as_deref() == Some("client-1");
        let token = one("token").filter(|_| is_client).ok_or("no token, or no client")?;
        locked(&self.served).push(format!("revoke {token}"));
        Ok(Answer { status: 200, headers: Vec::new(), body: String::new() })
    }

    fn call(&self, request: &Request) -> Result<Answer, String> {
        let (name, value) = self.facts.token_header();
        let mut headers = self.facts.call.headers.clone();
        headers.insert(name.to_owned(), value.to_owned());
        if let Some(difference) = headers_differ(request, &headers) {
            return Err(difference);
        }
        locked(&self.served).push("call".into());
        Ok(Answer { status: 200, headers: Vec::new(), body: "{}".into() })
    }
}

/// What keeps a request from being this documented one.
fn differs(request: &Request, grant: &Grant) -> Option<String> {
    let mut headers = grant.headers.clone();
    let basic = grant.authorization.map(|basic| match basic {
        Basic::Verbatim => VERBATIM,
        Basic::Encoded => ENCODED,
    });
    headers.extend(basic.map(|basic| ("authorization".to_owned(), basic.to_owned())));
    if let Some(difference) = headers_differ(request, &headers) {
        return Some(difference);
    }
    let kind = request.header("content-type").unwrap_or_default();
    let body = core::str::from_utf8(&request.body).ok()?;
    match (&grant.form, &grant.json) {
        (Some(form), None) if kind == "application/x-www-form-urlencoded" => difference(&pairs(body), form),
        (None, Some(json)) if kind == "application/json" => {
            difference(&members(body), &members(json).into_iter().collect())
        }
        _ => Some(format!("the content type {kind}")),
    }
}

/// The members of a flat JSON object, whose values are strings.
fn members(json: &str) -> Vec<(String, String)> {
    let object: BTreeMap<String, String> = serde_json::from_str(json).unwrap_or_default();
    object.into_iter().collect()
}

/// What keeps the headers from being the documented ones and those that any client may send.
fn headers_differ(request: &Request, documented: &BTreeMap<String, String>) -> Option<String> {
    let unusual = |name: &String| documented.contains_key(name) || !USUAL.contains(&name.as_str());
    let sent: Vec<_> = request.headers.iter().filter(|(name, _)| unusual(name)).collect();
    let sent: Vec<_> = sent.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    difference(&sent, documented)
}
