//! Plays every fault with every grant on both transports.

use core::fmt::Write as _;
use core::time::Duration;
use std::collections::BTreeSet;
use std::sync::Arc;

use hive_auth::HiveAuth;
use oauth2_app::{App, AuthMethod, Callback, Entropy, GrantType, aihubmix};
use pix_bacen::Gateway;
use wellspring_core::{
    AuthorizationGrant, CallFormat, Clocks, HttpResponse, Method, Policy, Provider, ResponseHead, Token,
    TokenError,
};
use wellspring_simulator::{Endpoint, Fault, OauthClient, Request, SimClock, Simulator};
use wellspring_token_endpoint::{
    ClientAuthentication, Encoding, StaticToken, TokenEndpoint, TokenRequestSpec,
};
use wellspring_transport_async as asynchronous;
use wellspring_transport_blocking as blocking;
use wellspring_transport_blocking::{Clock, ManualClock};

use crate::{capture, sentinel};

const PIX: &str = "canary-of-the-pix-gateway+/?0123456789";
const APP: &str = "canary-of-the-oauth-app+/?0123456789";
const HIVE: &str = "canary-of-the-hive+/?0123456789";
const QUERY: &str = "canary-of-the-query+/?0123456789";
const HEADER: &str = "canary-of-a-fixed-header-0123456789";
const KEY: &str = "canary-of-an-api-key-0123456789";
const CALLBACK: &str = "https://yourapp.com/oauth/callback";
const START: u64 = 1_700_000_000;

/// The grant that the source uses when the fault occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grant {
    PixCredentials,
    AppCredentials,
    Code,
    Device,
    AppRefresh,
    HiveCredentials,
    HiveRefresh,
    /// A GET with the client's secret in the query, and a fixed header.
    Query,
    /// A token without an endpoint, and calls with a fixed header and a fixed query.
    Static,
}

const GRANTS: [Grant; 9] = [
    Grant::PixCredentials,
    Grant::AppCredentials,
    Grant::Code,
    Grant::Device,
    Grant::AppRefresh,
    Grant::HiveCredentials,
    Grant::HiveRefresh,
    Grant::Query,
    Grant::Static,
];

fn simulator(clock: &SimClock) -> Simulator {
    let configured = Simulator::builder().clock(clock.clone()).configure(|config| {
        config.pix.client_secret = PIX.into();
        config.hive.secret_key = HIVE.into();
        config.app.clients = vec![OauthClient::confidential("canary-app", APP, CALLBACK)];
    });
    configured.start().unwrap()
}

fn app(url: &str) -> App {
    let app = aihubmix::app(url).unwrap().client_id("canary-app").client_secret(APP);
    let device = format!("{url}/api/oauth2/device_authorization");
    app.redirect_uri(CALLBACK).device_authorization_url(device).pkce(true).build().unwrap()
}

fn provider(grant: Grant, url: &str) -> Arc<dyn Provider> {
    match grant {
        Grant::PixCredentials => {
            Arc::new(Gateway::base_url(url).unwrap().credentials("your-client-id", PIX).unwrap())
        }
        Grant::AppCredentials => {
            let app = App::builder().token_url(format!("{url}/api/oauth2/token")).api_url(url);
            let app = app.grant_type(GrantType::ClientCredentials).client_id("canary-app").client_secret(APP);
            Arc::new(app.token_endpoint_auth_method(AuthMethod::ClientSecretBasic).build().unwrap())
        }
        Grant::Code | Grant::Device | Grant::AppRefresh => Arc::new(app(url)),
        Grant::HiveCredentials | Grant::HiveRefresh => {
            let hive = HiveAuth::base_url(url).unwrap().credentials("test", HIVE).unwrap();
            Arc::new(hive.api_origin(url).unwrap())
        }
        Grant::Query => {
            let spec = TokenRequestSpec::new("/oauth/token").method(Method::Get).encoding(Encoding::Query);
            let spec = spec.authentication(ClientAuthentication::Body).header("X-Key", HEADER);
            let client = TokenEndpoint::new(url, spec).unwrap().credentials("your-client-id", QUERY).unwrap();
            Arc::new(client.api_url(url).unwrap().calls(fixed()))
        }
        Grant::Static => Arc::new(StaticToken::new(KEY).unwrap().api_url(url).unwrap().calls(fixed())),
    }
}

/// What each call carries.
fn fixed() -> CallFormat {
    CallFormat::new().header("X-Key", HEADER).query("key", QUERY)
}

/// A source on either transport.
enum Source {
    Async(tokio::runtime::Runtime, asynchronous::TokenSource),
    Blocking(blocking::TokenSource),
}

impl Source {
    fn new(blocking: bool, provider: Arc<dyn Provider>, clock: &ManualClock) -> Self {
        let mut policy = Policy::default();
        // Real time: some faults never answer.
        policy.deadline = Duration::from_millis(120);
        if blocking {
            let builder = blocking::Builder::new(provider).policy(policy).clock(Clock::from(clock));
            Self::Blocking(builder.build().unwrap())
        } else {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let builder = asynchronous::Builder::new(provider).policy(policy).clock(Clock::from(clock));
            Self::Async(runtime, builder.build().unwrap())
        }
    }

    fn token(&self) -> Result<Token, TokenError> {
        match self {
            Self::Async(runtime, source) => runtime.block_on(source.token()),
            Self::Blocking(source) => source.token(),
        }
    }

    fn sign_in(&self, grant: AuthorizationGrant) -> Result<Token, TokenError> {
        match self {
            Self::Async(runtime, source) => runtime.block_on(source.sign_in(grant)),
            Self::Blocking(source) => source.sign_in(grant),
        }
    }

    /// One API call. Formats the body type but not its contents, which belong to the caller.
    fn call(&self, url: &str) -> Result<String, TokenError> {
        let request = http::Request::get(url).body(()).unwrap();
        match self {
            Self::Async(runtime, source) => {
                runtime.block_on(source.send(request)).map(|answer| format!("{:?}", answer.into_body()))
            }
            Self::Blocking(source) => source.send(request).map(|answer| format!("{:?}", answer.into_body())),
        }
    }

    fn formatted(&self) -> String {
        match self {
            Self::Async(_, source) => format!("{source:?} {source:#?} {:?}", source.try_token()),
            Self::Blocking(source) => format!("{source:?} {source:#?} {:?}", source.try_token()),
        }
    }
}

/// The authorization code of a browser's callback.
fn code(simulator: &Simulator, now: Duration) -> AuthorizationGrant {
    let app = app(&simulator.url());
    let authorization = app.authorize(&Entropy::new([7; 64])).unwrap();
    let target = authorization.url.strip_prefix(&simulator.url()).unwrap().to_owned();
    let answer = simulator.world().answer(&Request::get(&target), now);
    app.finish(authorization.login, &Callback::read(answer.header("Location").unwrap())).unwrap()
}

/// A device code that the user has approved.
fn device_code(simulator: &Simulator, now: Duration) -> AuthorizationGrant {
    let app = app(&simulator.url());
    let path = "/api/oauth2/device_authorization";
    let ask = Request::post(path).with_form(&[("client_id", "canary-app"), ("client_secret", APP)]);
    let answer = simulator.world().answer(&ask, now);
    let response = HttpResponse::new(ResponseHead::new(answer.status), answer.body);
    let login = app.read_device_authorization(&response, Clocks::default()).unwrap();
    let agree = Request::post("/api/oauth2/device");
    let agree = agree.with_form(&[("user_code", login.user_code()), ("decision", "allow")]);
    assert_eq!(simulator.world().answer(&agree, now).status, 200);
    login.grant()
}

/// Plays one fault in one exchange; returns all output and all secrets.
fn play(grant: Grant, blocking: bool, endpoint: Endpoint, fault: &str) -> (String, BTreeSet<String>) {
    let (server_clock, clock) = (SimClock::manual(START), Clock::manual(START));
    let simulator = simulator(&server_clock);
    let source = Source::new(blocking, provider(grant, &simulator.url()), &clock);
    let mut out = String::new();
    let mut secrets = BTreeSet::from([PIX, APP, HIVE, QUERY, HEADER, KEY].map(str::to_owned));
    let mut note = |result: Result<Token, TokenError>| match result {
        Ok(token) => {
            write!(out, "{token:?} {token:#?}").unwrap();
            secrets.insert(token.expose().to_owned());
        }
        Err(error) => out.push_str(&sentinel::every_way(&error)),
    };
    // First a token, so that there is a refresh token; then the fault; then another request.
    if matches!(grant, Grant::AppRefresh) {
        note(source.sign_in(code(&simulator, server_clock.now())));
    } else if matches!(grant, Grant::HiveRefresh) {
        note(source.token());
    }
    server_clock.advance(Duration::from_secs(90_000));
    clock.advance(Duration::from_secs(90_000));
    let fresh_grant = match grant {
        Grant::Code => Some(code(&simulator, server_clock.now())),
        Grant::Device => Some(device_code(&simulator, server_clock.now())),
        _ => None,
    };
    simulator.fault_times(endpoint, Fault::parse(fault).unwrap(), 2);
    match fresh_grant {
        Some(fresh_grant) => note(source.sign_in(fresh_grant)),
        None => note(source.token()),
    }
    note(source.token());
    if endpoint == Endpoint::Api {
        let path = match grant {
            Grant::PixCredentials | Grant::Query | Grant::Static => "/accounts/balances",
            Grant::HiveCredentials | Grant::HiveRefresh => "/service/v1/ping",
            _ => "/api/oauth2/userinfo",
        };
        match source.call(&format!("{}{path}", simulator.url())) {
            Ok(answer) => out.push_str(&answer),
            Err(error) => out.push_str(&sentinel::every_way(&error)),
        }
    }
    out.push_str(&source.formatted());
    drop(source);
    for request in simulator.received(Endpoint::Any) {
        secrets.extend(sentinel::of(&request));
    }
    // Every access token of the simulator starts like this, also those in malformed responses.
    secrets.insert("eyJhbGciOi".into());
    (out, secrets)
}

/// The output and the secrets of one exchange.
struct Played {
    scene: String,
    output: String,
    secrets: BTreeSet<String>,
}

/// Plays one fault for every grant on both transports in parallel.
fn round(endpoint: Endpoint, fault: &str) -> Vec<Played> {
    std::thread::scope(|scope| {
        let scenes = GRANTS.into_iter().flat_map(|grant| [(grant, false), (grant, true)]);
        let start = |(grant, blocking)| {
            let play = move || {
                let (output, secrets) = play(grant, blocking, endpoint, fault);
                Played { scene: format!("{grant:?}, blocking: {blocking}"), output, secrets }
            };
            scope.spawn(play)
        };
        let playing: Vec<_> = scenes.map(start).collect();
        playing.into_iter().map(|played| played.join().unwrap()).collect()
    })
}

#[test]
fn no_secret_is_in_logs_or_errors_whatever_a_server_answers() {
    capture::start();
    let (mut leaks, mut failures) = (Vec::new(), 0);
    let hostile = format!("oauth-error={HOSTILE}");
    let valued = [
        "html=503",
        "oauth-error=canary",
        &hostile,
        "redirect-307=http://127.0.0.1:9/",
        "retry-after=7",
        "status=418",
    ];
    for fault in Fault::all_names().map(|(name, _)| name).chain(valued) {
        for endpoint in [Endpoint::Token, Endpoint::Api] {
            if endpoint == Endpoint::Api && !concerns_the_api(fault) {
                continue;
            }
            let all = round(endpoint, fault);
            let logged = capture::take();
            failures += logged.matches("renewal.failed").count();
            for Played { scene, output, secrets } in &all {
                if let Some(c) = controls(output) {
                    leaks.push(format!("{fault} at {endpoint}, {scene}: shows {c:?}"));
                }
                let encodings = secrets.iter().filter_map(|secret| sentinel::found(output, secret));
                leaks.extend(encodings.map(|how| format!("{fault} at {endpoint}, {scene}: shown {how}")));
            }
            if let Some(c) = controls(&logged) {
                leaks.push(format!("{fault} at {endpoint}: logs {c:?}"));
            }
            let secrets: BTreeSet<_> = all.iter().flat_map(|played| &played.secrets).collect();
            let encodings = secrets.into_iter().filter_map(|secret| sentinel::found(&logged, secret));
            leaks.extend(encodings.map(|how| format!("{fault} at {endpoint}: logged {how}")));
        }
    }
    assert!(leaks.is_empty(), "{leaks:#?}");
    assert!(failures > 1_000, "the faults occurred and the log was captured: {failures}");
}

/// A server's text that would control a terminal.
const HOSTILE: &str = "\u{1b}]0;x\u{7}\u{1b}[2J\u{8}\u{9b}31m\u{202e}\u{2066}\u{200f}";

/// A character that controls a terminal.
fn controls(text: &str) -> Option<char> {
    text.chars().find(|c| c.is_control() && *c != '\n' || HOSTILE.chars().any(|h| !h.is_ascii() && h == *c))
}

/// Whether an API response with this fault matters: it refuses the token, echoes it, or fails in transport.
fn concerns_the_api(fault: &str) -> bool {
    ["challenge", "echo", "reset", "truncated", "silence", "api-401", "redirect", "nest"]
        .iter()
        .any(|kind| fault.starts_with(kind))
}
