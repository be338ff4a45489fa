//! Dialects of vendors, each said by a profile and played against a server of a few lines: the bytes of the requests, the
//! tokens and the errors, over both transports.
#![expect(clippy::unwrap_used, reason = "a failed test shows its line")]

mod apps;
mod banks;
mod server;
mod services;

use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use wellspring_core::{
    AuthorizationCode, AuthorizationGrant, Clocks, ErrorKind, HttpResponse, Provider, Reading, ResponseHead,
    Token, TokenError, UnixTime,
};
use wellspring_profiles::{Configuration, Profile};
use wellspring_store::MemoryStore;
use wellspring_token_endpoint::StaticToken;
use wellspring_transport_async as asynchronous;
use wellspring_transport_blocking::{self as blocking, Clock};

use crate::server::{Received, Server};

/// One vendor.
pub(crate) struct Vendor {
    pub(crate) name: &'static str,
    /// The lines below `[profile.own]`; `{url}` is the server.
    pub(crate) profile: &'static str,
    pub(crate) steps: &'static [Step],
    /// What a call of `/api` carries: method and target, and headers.
    pub(crate) call: (&'static str, &'static [(&'static str, &'static str)]),
}

/// What is sent.
#[derive(Clone, Copy)]
pub(crate) enum Grant {
    /// The profile's own grant.
    Own,
    /// The authorization code `c`.
    Code,
    /// The refresh token `r`.
    Refresh,
}

/// One token request and its answer.
pub(crate) struct Step {
    pub(crate) grant: Grant,
    /// Method and target.
    pub(crate) line: &'static str,
    pub(crate) headers: &'static [(&'static str, &'static str)],
    pub(crate) body: &'static str,
    pub(crate) status: u16,
    /// `{in_an_hour}` is a time.
    pub(crate) answer: &'static str,
    pub(crate) result: Result<Granted, Kind>,
}

/// A token, its lifetime in seconds, and a member that the user gets.
pub(crate) type Granted = (&'static str, Option<u64>, Option<(&'static str, &'static str)>);

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    LoginRequired,
    Misconfigured,
    Protocol,
    Unavailable,
}

#[test]
fn every_dialect_is_said_by_a_profile_over_both_transports() {
    let mut wrong = Vec::new();
    for dialect in apps::ALL.iter().chain(services::ALL).chain(banks::ALL) {
        for transport in ["async", "blocking"] {
            if std::panic::catch_unwind(|| play(dialect, transport)).is_err() {
                wrong.push((dialect.name, transport));
            }
        }
    }
    assert!(wrong.is_empty(), "each panic above says why: {wrong:?}");
}

fn play(dialect: &Vendor, transport: &str) {
    let at = format!("{} {transport}", dialect.name);
    for (nth, step) in dialect.steps.iter().enumerate() {
        let at = format!("{at} step {nth}");
        let server = Server::start();
        let (profile, _folder) = profile(&dialect.profile.replace("{url}", &server.url));
        let source = Source::of(&profile, transport);
        let clock = Clock::system();
        let hour = clock.now().unix.plus(Duration::from_secs(3_600)).to_string();
        server.reply(step.status, &step.answer.replace("{in_an_hour}", &hour));
        let got = source.get(step.grant);
        let requests = server.take();
        assert_eq!(requests.len(), 1, "{at}: {requests:?} {got:?}");
        check(&requests[0], step.line, step.headers, &at);
        assert_eq!(requests[0].body, step.body, "{at}");
        match (got, &step.result) {
            (Ok(token), Ok(granted)) => {
                compare(&token, granted, clock.now(), &at);
                call(&source, &server, dialect, token.expose(), &at);
            }
            (Err(error), Err(kind)) => {
                assert_eq!(Some(*kind), kind_of(&error), "{at}: {error}");
                assert!(!format!("{error:?} {error}").contains("s3cret"), "{at}: {error}");
            }
            (got, _) => panic!("{at}: {got:?}"),
        }
    }
}

fn compare(token: &Token, (text, lifetime, member): &Granted, now: Clocks, at: &str) {
    assert_eq!(token.expose(), *text, "{at}");
    let left = token.remaining(now).map(|left| left.as_secs());
    match (left, lifetime) {
        (Some(left), Some(lifetime)) => assert!((lifetime - 30..=*lifetime).contains(&left), "{at}: {left}"),
        (left, lifetime) => assert_eq!(left, *lifetime, "{at}"),
    }
    if let Some((name, value)) = member {
        let found = token.members().iter().find(|(known, _)| known == name);
        assert_eq!(found.map(|(_, member)| member.expose().to_owned()).as_deref(), Some(*value), "{at}");
    }
    for (_, member) in token.members().iter() {
        assert!(!member.expose().contains(*text), "{at}: a member holds the token");
    }
}

fn call(source: &Source, server: &Server, dialect: &Vendor, token: &str, at: &str) {
    server.reply(200, "{}");
    source.send(&format!("{}/api?x=1", server.url));
    let requests = server.take();
    assert_eq!(requests.len(), 1, "{at}: {requests:?}");
    let (line, headers) = dialect.call;
    let headers: Vec<_> =
        headers.iter().map(|(name, value)| (*name, value.replace("{token}", token))).collect();
    let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    check(&requests[0], line, &headers, at);
    if !headers.iter().any(|(name, _)| *name == "authorization") {
        assert_eq!(requests[0].header("authorization"), None, "{at}");
    }
}

fn check(request: &Received, line: &str, headers: &[(&str, &str)], at: &str) {
    assert_eq!(request.line, line, "{at}");
    for (name, value) in headers {
        assert_eq!(request.header(name), Some(*value), "{at}: {name}");
    }
}

/// A source of either transport.
enum Source {
    Async(tokio::runtime::Runtime, asynchronous::TokenSource),
    Blocking(blocking::TokenSource),
}

impl Source {
    fn of(profile: &Profile, transport: &str) -> Self {
        let provider: Arc<dyn Provider> = profile.provider().unwrap().into();
        let url = profile.api_urls().unwrap().remove(0);
        let policy = profile.policy().unwrap();
        if transport == "async" {
            let builder = asynchronous::Builder::new(provider).policy(policy).allow_origin(url).unwrap();
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            return Self::Async(runtime.unwrap(), builder.build().unwrap());
        }
        let builder = blocking::Builder::new(provider).policy(policy).allow_origin(url).unwrap();
        Self::Blocking(builder.build().unwrap())
    }

    fn get(&self, grant: Grant) -> Result<Token, TokenError> {
        let grant = match grant {
            Grant::Own => None,
            Grant::Code => Some(AuthorizationGrant::AuthorizationCode {
                code: AuthorizationCode::new("c"),
                redirect_uri: "http://127.0.0.1:8765/cb".into(),
                verifier: None,
            }),
            Grant::Refresh => Some(AuthorizationGrant::refresh_token("r")),
        };
        match (self, grant) {
            (Self::Async(runtime, source), None) => runtime.block_on(source.token()),
            (Self::Async(runtime, source), Some(grant)) => runtime.block_on(source.sign_in(grant)),
            (Self::Blocking(source), None) => source.token(),
            (Self::Blocking(source), Some(grant)) => source.sign_in(grant),
        }
    }

    fn send(&self, url: &str) {
        match self {
            Self::Async(runtime, source) => {
                let request = http::Request::get(url).body(()).unwrap();
                assert_eq!(runtime.block_on(source.send(request)).unwrap().status(), 200);
            }
            Self::Blocking(source) => {
                let request = http::Request::get(url).body(()).unwrap();
                assert_eq!(source.send(request).unwrap().status(), 200);
            }
        }
    }
}

fn kind_of(error: &TokenError) -> Option<Kind> {
    Some(match error.kind() {
        ErrorKind::LoginRequired { .. } => Kind::LoginRequired,
        ErrorKind::Misconfigured => Kind::Misconfigured,
        ErrorKind::Protocol => Kind::Protocol,
        ErrorKind::Unavailable { .. } => Kind::Unavailable,
        _ => return None,
    })
}

/// A folder that is removed at the end of the test.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn profile(lines: &str) -> (Profile, Folder) {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("dialects-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let folder = Folder(std::env::temp_dir().join(name));
    fs::create_dir_all(&folder.0).unwrap();
    fs::write(folder.0.join("wellspring.toml"), format!("[profile.own]\n{lines}\n")).unwrap();
    fs::write(folder.0.join("s3cret"), "s3cret\n").unwrap();
    let all = Configuration::load(folder.0.join("wellspring.toml")).unwrap();
    (all.profile("own").unwrap().clone(), folder)
}

/// A token without a request.
#[test]
fn a_static_token_is_sent_as_it_is_until_it_expires() {
    for transport in ["async", "blocking"] {
        let server = Server::start();
        let asaas = "provider = 'static'\ntoken = { file = 's3cret' }\napi_urls = '{url}'\n\
                     [profile.own.calls]\ntoken_header = 'access_token'\nuser_agent = 'shop/1.0'\n";
        let (profile, _folder) = profile(&asaas.replace("{url}", &server.url));
        assert!(!profile.store().outlives_the_process());
        let source = Source::of(&profile, transport);
        assert_eq!(source.get(Grant::Own).unwrap().expose(), "s3cret");
        server.reply(200, "{}");
        source.send(&format!("{}/api", server.url));
        let requests = server.take();
        assert_eq!(requests.len(), 1, "{requests:?}");
        let headers = [("access_token", "s3cret"), ("user-agent", "shop/1.0")];
        check(&requests[0], "GET /api", &headers, transport);
        assert_eq!(requests[0].header("authorization"), None);
    }
    let kept = StaticToken::new("s3cret").unwrap();
    let error = blocking::Builder::new(Arc::new(kept)).store(MemoryStore::open()).build().unwrap_err();
    assert!(error.to_string().contains("build its source without one"), "{error}");
    let over = "provider = 'static'\ntoken = 's3cret'\nexpires_at = '2001-01-01T00:00:00Z'\napi_urls = 'https://a.example'\n";
    let (profile, _folder) = profile(over);
    let error = Source::of(&profile, "blocking").get(Grant::Own).unwrap_err();
    let text =
        "the static token expired at 2001-01-01T00:00:00Z; make a new one at the vendor and replace it";
    assert_eq!((kind_of(&error), error.to_string().as_str()), (Some(Kind::Misconfigured), text));
    assert_eq!(UnixTime::from_secs(978_307_200).to_string(), "2001-01-01T00:00:00Z");
}

/// A refused refresh token leads back to the credentials.
#[test]
fn a_custom_profile_that_names_a_refresh_token_falls_back_to_its_credentials() {
    let lines = "provider = 'custom'\ntoken_url = 'https://as.example/token'\nclient_id = 'id'\nclient_secret = 's3cret'\n";
    let provider = |more: &str| -> Arc<dyn Provider> {
        let (profile, _folder) = profile(&format!("{lines}{more}"));
        profile.provider().unwrap().into()
    };
    let grant = AuthorizationGrant::refresh_token("r");
    let renews = provider("[profile.own.response]\nrefresh_token = 'refresh_token'\n");
    let request = renews.request(&grant, UnixTime::EPOCH).unwrap();
    let body = b"grant_type=refresh_token&refresh_token=r&client_id=id&client_secret=s3cret";
    assert_eq!(request.expose_body(), body);
    let refused = HttpResponse::new(ResponseHead::new(400), r#"{"error":"invalid_grant"}"#);
    let reading = renews.read(&grant, &refused, UnixTime::EPOCH);
    assert!(matches!(reading, Reading::Next(AuthorizationGrant::ClientCredentials)), "{reading:?}");
    let granted = HttpResponse::new(ResponseHead::new(200), r#"{"access_token":"a","refresh_token":"r"}"#);
    let kept = |provider: &dyn Provider| match provider.read(
        &AuthorizationGrant::ClientCredentials,
        &granted,
        UnixTime::EPOCH,
    ) {
        Reading::Granted(token) => token.refresh_token.is_some(),
        reading => panic!("{reading:?}"),
    };
    let ignores = provider("");
    assert!(kept(&*renews) && !kept(&*ignores));
    assert!(ignores.request(&grant, UnixTime::EPOCH).is_err());
}
