//! Two instances that share their sessions in Redis, through the published store.

use std::process::Command;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use tower_service::Service as _;
use tower_sessions_redis_store::RedisStore;
use tower_sessions_redis_store::fred::prelude::{ClientLike as _, Config, Pool};
use wellspring::TokenSource;
use wellspring::axum::{Accepted, Refused, SignInAttempt, SignedIn, WebLogin};
use wellspring::oauth2::App;
use wellspring::store::SqliteStore;
use wellspring_simulator::{Endpoint, OauthClient, Simulator};

#[path = "../../../crates/oauth2-app-axum/tests/web/browser.rs"]
#[expect(dead_code, reason = "what the other tests ask of a browser")]
mod browser;
#[path = "../../../crates/oauth2-app-axum/tests/chromium/rigs/process.rs"]
#[expect(dead_code, reason = "what the other tests ask of a program")]
mod process;

use browser::Browser;
use process::{Folder, Process, free_port};

const HOST: &str = "shop.example";

/// A Redis of this test's own, which keeps nothing on the disk.
async fn redis(folder: &Folder) -> (Process, Pool) {
    let port = free_port();
    let mut command = Command::new("redis-server");
    command.current_dir(folder.path()).args(["--port", &port.to_string(), "--bind", "127.0.0.1"]);
    command.args(["--save", "", "--appendonly", "no"]);
    let mut process = Process::start(&mut command, "install it with `apt-get install redis-server`");
    process.says(|line| line.contains("Ready to accept connections").then_some(())).await;
    let config = Config::from_url(&format!("redis://127.0.0.1:{port}")).unwrap();
    let pool = Pool::new(config, None, None, None, 2).unwrap();
    pool.connect();
    pool.wait_for_connect().await.unwrap();
    (process, pool)
}

/// An instance of the site. All instances have the same stores.
fn instance(simulator: &Simulator, sessions: &Pool, folder: &Folder) -> Router {
    let at = |name: &str| format!("{}/api/oauth2/{name}", simulator.url());
    let app =
        App::builder().authorize_url(at("authorize")).token_url(at("token")).userinfo_url(at("userinfo"));
    let app = app.revocation_url(at("revoke")).client_id("shop").client_secret("secret-of-the-shop");
    let app = app.redirect_uri(format!("https://{HOST}/oauth/callback")).scopes(["profile"]).build().unwrap();
    let (users, tokens) = (app.clone(), SqliteStore::open(folder.path().join("tokens.db")).unwrap());
    let tokens =
        TokenSource::builder(app.clone()).store(tokens).pool(move |user| users.for_user(user)).unwrap();
    let login = WebLogin::builder(app, tokens).sessions(RedisStore::new(sessions.clone()));
    let login = login.on_sign_in(async |attempt: SignInAttempt| {
        let info = attempt.userinfo().await.map_err(Refused::because_of)?;
        Ok(Accepted::user_id(format!("own-{}", info.id)))
    });
    let mine = get(async |user: SignedIn| user.user_id().unwrap_or_default().to_owned());
    login.build().unwrap().router(Router::new().route("/mine", mine))
}

/// What an instance answers to this request of a browser with these cookies.
async fn ask(instance: &Router, method: &str, path: &str, cookies: &str) -> Response {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, HOST)
        .header(header::COOKIE, cookies);
    let request = request.header("sec-fetch-mode", "navigate").header("sec-fetch-site", "same-origin");
    let Ok(answer) = instance.clone().call(request.body(Body::empty()).unwrap()).await;
    answer
}

fn location(answer: &Response) -> &str {
    answer.headers()[header::LOCATION].to_str().unwrap()
}

/// The cookies that an answer sets, as a browser sends them.
fn cookies(answer: &Response) -> String {
    let set = answer.headers().get_all(header::SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap());
    let kept = set.filter(|cookie| !cookie.contains("Max-Age=0"));
    kept.map(|cookie| cookie.split(';').next().unwrap()).collect::<Vec<_>>().join("; ")
}

async fn text(answer: Response) -> String {
    let bytes = axum::body::to_bytes(answer.into_body(), 9_999).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn two_instances_share_their_sessions_in_redis() {
    // What the site logs stands beside the message of a failed assertion.
    tracing_subscriber::fmt().with_test_writer().init();
    let folder = Folder::new();
    let (_redis, sessions) = redis(&folder).await;
    let client =
        OauthClient::confidential("shop", "secret-of-the-shop", &format!("https://{HOST}/oauth/callback"));
    let simulator = Simulator::builder().client(client).start().unwrap();
    let [one, other] = [(), ()].map(|()| instance(&simulator, &sessions, &folder));

    // The sign-in starts at one instance, and its callback reaches both at once.
    let start = ask(&one, "GET", "/auth/oauth/start?next=/mine", "").await;
    let pending = cookies(&start);
    assert!(location(&start).starts_with(&simulator.url()), "{start:?}");
    let back = Browser::default().get(&format!("{}&decision=allow", location(&start))).await;
    let callback = back.location().strip_prefix(&format!("https://{HOST}")).unwrap().to_owned();
    let (first, second) =
        tokio::join!(ask(&other, "GET", &callback, &pending), ask(&one, "GET", &callback, &pending));
    for answer in [&first, &second] {
        assert_eq!(location(answer), "/mine", "{answer:?}");
    }
    assert_eq!(simulator.asked(Endpoint::CodeGrant), 1);
    let session = cookies(&first);
    assert!(session.starts_with("__Host-") && session == cookies(&second), "{session}");

    for instance in [&one, &other] {
        assert!(text(ask(instance, "GET", "/mine", &session).await).await.starts_with("own-"));
    }
    // A sign-out at one instance holds at the other.
    let out = ask(&one, "POST", "/auth/logout", &session).await;
    assert_eq!(location(&out), "/?logout=success");
    let after = ask(&other, "GET", "/mine", &session).await;
    assert_eq!(after.status(), StatusCode::FOUND);
    assert!(location(&after).starts_with("/auth/oauth/start?next="));
    assert_eq!(simulator.asked(Endpoint::Revocation), 1);
}
