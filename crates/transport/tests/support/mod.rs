//! What the tests of both transports share: a provider of a few lines, and a server that sends what a test gives it.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses its own part")]

mod moody;

use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use wellspring_core::{
    AccessToken, AuthorizationCode, AuthorizationGrant, CallFormat, Fate, HttpRequest, HttpResponse,
    LoginReason, Method, Origin, Provider, ProviderSpec, Reading, RefreshToken, Replay, ResponseHead,
    Rotation, Scope, TokenError, TokenKey, TokenResponse, UnixTime, Verdict,
};

pub use moody::Moody;

/// Must not appear outside a request.
pub const SECRET: &str = "canary-secret";

/// A provider of a few lines: client credentials, or the refresh token where there is one.
#[derive(Debug)]
pub struct Toy {
    spec: ProviderSpec,
    url: String,
    panics: bool,
    /// Whether `/revoke` revokes its refresh tokens.
    revokes: bool,
    /// The `User-Agent` of its requests.
    name: String,
}

impl Toy {
    /// The token endpoint is `/token` of this server, its API everything else.
    pub fn at(base: &str) -> Self {
        let mut spec = ProviderSpec::new("toy", TokenKey::new("toy", base));
        spec.credentials = true;
        spec.rotation = Rotation::SingleUse;
        spec.origins.extend(Origin::of(base));
        Self { spec, url: format!("{base}/token"), panics: false, revokes: false, name: "toy".to_owned() }
    }

    pub fn at_path(base: &str, path: &str) -> Self {
        Self { url: format!("{base}{path}"), ..Self::at(base) }
    }

    pub fn of_user(mut self, user: &str) -> Self {
        self.spec.key = self.spec.key.user(user);
        self
    }

    pub fn without_credentials(mut self) -> Self {
        self.spec.credentials = false;
        self
    }

    pub fn replaying(mut self, replay: Replay) -> Self {
        self.spec.replay = replay;
        self
    }

    pub fn judging(mut self, bytes: usize) -> Self {
        self.spec.judged_bytes = bytes;
        self
    }

    /// Its requests have no `User-Agent` of their own.
    pub fn unnamed(mut self) -> Self {
        self.name.clear();
        self
    }

    pub fn calling(mut self, format: CallFormat) -> Self {
        self.spec.calls = format;
        self
    }

    pub fn naming(mut self, process: u32) -> Self {
        self.name = process.to_string();
        self
    }

    pub fn revoking(mut self) -> Self {
        self.revokes = true;
        self
    }

    pub fn that_panics(mut self) -> Self {
        self.panics = true;
        self
    }
}

impl Provider for Toy {
    fn request(&self, grant: &AuthorizationGrant, _: UnixTime) -> Result<HttpRequest, TokenError> {
        let body = match grant {
            AuthorizationGrant::RefreshToken(token) => format!(r#"{{"refresh":"{}"}}"#, token.expose()),
            _ => r#"{"clientId":"your-client-id","clientSecret":"your-client-secret"}"#.to_owned(),
        };
        let request = HttpRequest::new(Method::Post, self.url.as_str())
            .header("Content-Type", "application/json")
            .header("Authorization", format!("Basic {SECRET}"))
            .body(body);
        Ok(if self.name.is_empty() { request } else { request.header("User-Agent", self.name.as_str()) })
    }

    fn revocation(&self, token: &RefreshToken) -> Option<HttpRequest> {
        let url = self.url.replace("/token", "/revoke");
        self.revokes.then(|| HttpRequest::new(Method::Post, url).body(token.expose()))
    }

    fn read(&self, _: &AuthorizationGrant, response: &HttpResponse, _: UnixTime) -> Reading {
        assert!(!self.panics, "this provider panics");
        let body = String::from_utf8_lossy(response.expose_body());
        let member = |name: &str| {
            let rest = body.split_once(&format!("\"{name}\":"))?.1.trim_start_matches('"');
            Some(rest.split(['"', ',', '}']).next().unwrap_or_default().to_owned())
        };
        match (response.status(), member("access_token")) {
            (200 | 201, Some(token)) => {
                let mut granted = TokenResponse::new(AccessToken::new(token));
                granted.lifetime =
                    member("expires_in").map(|text| Duration::from_secs(text.parse().unwrap()));
                granted.refresh_token = member("refresh_token").map(RefreshToken::new);
                for name in ["id_token", "region"] {
                    assert!(member(name).is_none_or(|text| granted.members.insert_text(name, text)));
                }
                Reading::Granted(granted)
            }
            (200 | 201, None) if response.is_incomplete() => {
                Reading::Refused(TokenError::protocol("half a document"))
            }
            (400, _) => Reading::Refused(TokenError::login_required(LoginReason::Refused)),
            (401 | 403, _) => Reading::Refused(TokenError::misconfigured("the client is not known")),
            (503, _) => Reading::Refused(TokenError::unavailable("busy")),
            (status, _) if status >= 500 => {
                Reading::Refused(TokenError::unavailable("down").with_fate(Fate::Unknown))
            }
            (status, _) => {
                Reading::Refused(TokenError::from_intermediary("strange").with_status(status, None))
            }
        }
    }

    fn judge(&self, head: &ResponseHead, body_start: &[u8]) -> Verdict {
        let challenge = head.first("www-authenticate").unwrap_or_default();
        if head.status() == 401
            || challenge.contains("invalid_token")
            || body_start.starts_with(b"{\"code\":101")
        {
            return Verdict::TokenRefused;
        }
        if challenge.contains("insufficient_scope") {
            return Verdict::ScopeMissing(Some(Scope::parse("pix:read")));
        }
        Verdict::Accepted
    }

    fn spec(&self) -> &ProviderSpec {
        &self.spec
    }
}

/// The code that a user brings back from the sign-in page.
pub fn code() -> AuthorizationGrant {
    let redirect_uri = "http://127.0.0.1/".into();
    AuthorizationGrant::AuthorizationCode {
        code: AuthorizationCode::new("code"),
        redirect_uri,
        verifier: None,
    }
}

/// A request that the server has received.
#[derive(Clone, Debug)]
pub struct Received {
    pub head: String,
    pub body: Vec<u8>,
}

impl Received {
    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// What the server sends.
#[derive(Clone)]
pub enum Reply {
    /// These bytes.
    Raw(Vec<u8>),
    /// These bytes, then one more at each interval.
    Drip(Vec<u8>, Duration),
    /// These bytes, and nothing after them: the connection stays open.
    Silence(Vec<u8>),
    /// Nothing: the server closes the connection.
    Hangup,
}

impl Reply {
    pub fn with(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self::Raw(
            format!(
                "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
            )
            .into_bytes(),
        )
    }

    pub fn status(status: u16) -> Self {
        Self::with(status, "", "")
    }

    /// The token with this number and this lifetime in seconds.
    pub fn token(number: usize, lifetime: u64) -> Self {
        Self::with(200, "", &format!(r#"{{"access_token":"token-{number}","expires_in":{lifetime}}}"#))
    }
}

/// A server that sends what a test gives it. It ends with the process.
#[derive(Clone)]
pub struct Server {
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Server {
    /// The handler gets each request, and the number of earlier requests to the same path.
    pub fn start(handler: impl Fn(&Received, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Self { url, received: Arc::default() };
        let (received, handler) = (Arc::clone(&server.received), Arc::new(handler));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (received, handler) = (Arc::clone(&received), Arc::clone(&handler));
                thread::spawn(move || answer(&stream, &received, &*handler));
            }
        });
        server
    }

    /// A server that grants tokens, and answers 401 to each upload with the first token before it has read the body. Then it
    /// closes the connection, unless it `stays`. It reads other uploads to their end, in pieces of this size with this pause
    /// after each.
    pub fn refusing_early(stays: bool, piece: usize, pause: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server =
            Self { url: format!("http://{}", listener.local_addr().unwrap()), received: Arc::default() };
        let received = Arc::clone(&server.received);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let received = Arc::clone(&received);
                thread::spawn(move || {
                    let mut stream = &stream;
                    let mut head = Vec::new();
                    let mut byte = [0];
                    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) > 0 {
                        head.push(byte[0]);
                    }
                    let request =
                        Received { head: String::from_utf8_lossy(&head).into_owned(), body: Vec::new() };
                    let before = {
                        let mut received = received.lock().unwrap();
                        received.push(request.clone());
                        received.iter().filter(|other| other.path() == request.path()).count()
                    };
                    let Reply::Raw(reply) = (match request.path() {
                        "/token" => Reply::token(before, 3_600),
                        _ if request.header("authorization") == Some("Bearer token-1") => {
                            Reply::with(401, "", "refused")
                        }
                        _ => Reply::with(200, "", "fine"),
                    }) else {
                        unreachable!("these replies are bytes")
                    };
                    if reply.starts_with(b"HTTP/1.1 401") {
                        let _ = stream.write_all(&reply);
                        if !stays {
                            return;
                        }
                        loop {
                            thread::park();
                        }
                    }
                    let length = request.header("content-length").and_then(|text| text.parse().ok());
                    let mut left: usize = length.unwrap_or(0);
                    let mut buffer = vec![0; piece];
                    while left > 0 {
                        let wanted = left.min(piece);
                        if stream.read_exact(&mut buffer[..wanted]).is_err() {
                            return;
                        }
                        left -= wanted;
                        thread::park_timeout(pause);
                    }
                    let _ = stream.write_all(&reply);
                });
            }
        });
        server
    }

    /// A server that grants numbered tokens of one hour and answers 200 to everything else.
    pub fn granting() -> Self {
        Self::start(|request, n| match request.path() {
            "/token" => Reply::token(n + 1, 3_600),
            _ => Reply::with(200, "", "fine"),
        })
    }

    /// A server that grants numbered tokens of one hour, and whose API answers 401 to the `Authorization` values that
    /// are `refused`.
    pub fn refusing(refused: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        Self::start(move |request, n| match request.path() {
            "/token" => Reply::token(n + 1, 3_600),
            _ if refused(request.header("authorization").unwrap_or_default()) => {
                Reply::with(401, "", "refused")
            }
            _ => Reply::with(200, "", "fine"),
        })
    }

    /// A server that grants numbered tokens of one hour once the gate is open.
    pub fn gated() -> (Self, Gate) {
        let gate = Gate::default();
        let in_server = gate.clone();
        let server = Self::start(move |_, n| {
            in_server.pass();
            Reply::token(n + 1, 3_600)
        });
        (server, gate)
    }

    /// The requests to this path.
    pub fn received(&self, path: &str) -> Vec<Received> {
        self.received.lock().unwrap().iter().filter(|request| request.path() == path).cloned().collect()
    }

    /// The number of requests to this path.
    pub fn asked(&self, path: &str) -> usize {
        self.received(path).len()
    }

    /// The `Authorization` values of the requests to this path.
    pub fn bearers(&self, path: &str) -> Vec<String> {
        let bearer = |request: &Received| request.header("authorization").unwrap_or_default().to_owned();
        self.received(path).iter().map(bearer).collect()
    }
}

fn answer(
    stream: &TcpStream,
    received: &Mutex<Vec<Received>>,
    handler: &(dyn Fn(&Received, usize) -> Reply + Send + Sync),
) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    let mut request = Received { head, body: Vec::new() };
    if request.header("transfer-encoding").is_some() {
        while !request.body.ends_with(b"0\r\n\r\n") {
            let mut byte = [0];
            if reader.read(&mut byte).unwrap_or(0) == 0 {
                return;
            }
            request.body.push(byte[0]);
        }
    } else {
        let length = request.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        request.body.resize(length, 0);
        if reader.read_exact(&mut request.body).is_err() {
            return;
        }
    }
    let before = {
        let mut received = received.lock().unwrap();
        let before = received.iter().filter(|other| other.path() == request.path()).count();
        received.push(request.clone());
        before
    };
    let mut stream = stream;
    match handler(&request, before) {
        Reply::Raw(bytes) => drop(stream.write_all(&bytes)),
        Reply::Drip(bytes, every) => {
            let mut sent = stream.write_all(&bytes);
            while sent.is_ok() {
                thread::park_timeout(every);
                sent = stream.write_all(b" ");
            }
        }
        Reply::Silence(bytes) => {
            let _ = stream.write_all(&bytes);
            // Until the client closes the connection.
            let _ = stream.read(&mut [0]);
        }
        Reply::Hangup => {}
    }
}

/// A gate at which the handler of a server waits until the test opens it.
#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<(bool, usize)>, Condvar)>);

impl Gate {
    /// For the handler: waits until the gate is open.
    pub fn pass(&self) {
        let (state, changed) = &*self.0;
        let mut state = state.lock().unwrap();
        state.1 += 1;
        changed.notify_all();
        while !state.0 {
            state = changed.wait(state).unwrap();
        }
    }

    /// For the test: waits until a handler waits at the gate.
    pub fn arrived(&self) {
        let (state, changed) = &*self.0;
        let mut state = state.lock().unwrap();
        while state.1 == 0 {
            state = changed.wait(state).unwrap();
        }
    }

    pub fn open(&self) {
        self.0.0.lock().unwrap().0 = true;
        self.0.1.notify_all();
    }
}
