//! Handlers of the application that call the API as the signed-in user, and invalid sites.

use axum::Router;
use axum::routing::get;
use oauth2_app::{App, AppBuilder, aihubmix};
use oauth2_app_axum::{Builder, SignedIn, WebLogin};
use tokio::net::TcpListener;
use wellspring_core::ErrorKind;
use wellspring_simulator::{Endpoint, Simulator};
use wellspring_store::MemoryStore;
use wellspring_transport_async::TokenSource;

use crate::browser::Browser;
use crate::site::Site;

#[tokio::test]
async fn a_handler_calls_as_the_signed_in_user_and_other_users_are_redirected_to_the_sign_in() {
    let site = Site::start().await;
    let mut browser = Browser::default();
    let refused = browser.fetch(&site.at("/mine")).await;
    assert_eq!((refused.status, refused.body.as_str()), (401, r#"{"error":"Not authenticated"}"#));
    let sent = browser.get(&site.at("/mine?a=b&c=d")).await;
    assert_eq!(sent.location(), "/auth/oauth/start?next=%2Fmine%3Fa%3Db%26c%3Dd");

    let callback = browser.sent_back(&site.at(sent.location())).await;
    assert_eq!(browser.get(&callback).await.location(), "/mine?a=b&c=d");
    site.simulator.revoke_access_tokens();
    let mine = browser.get(&site.at("/mine")).await;
    assert!(mine.body.contains("user123"), "{}", mine.body);
    assert_eq!(site.simulator.asked(Endpoint::RefreshGrant), 1);
    assert_eq!(site.pool.len(), 1);
}

#[tokio::test]
async fn a_handler_in_a_nested_router_redirects_back_to_its_full_path() {
    let login = login(app("http://127.0.0.1/cb").build().unwrap()).build().unwrap();
    let inner = Router::new().route("/mine", get(async |_: SignedIn| "mine"));
    let router = login.router(Router::new().nest("/app", inner));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let sent = Browser::default().get(&format!("{at}/app/mine?a=b")).await;
    assert_eq!(sent.location(), "/auth/oauth/start?next=%2Fapp%2Fmine%3Fa%3Db");
}

#[tokio::test]
async fn a_handler_reads_the_user_info() {
    let simulator = Simulator::start().unwrap();
    let app = aihubmix::app(simulator.url()).unwrap().client_id("client_abc123def456");
    let app = app.client_secret("secret_xyz789uvw012").redirect_uri("https://yourapp.com/oauth/callback");
    let app = app.build().unwrap();
    let who = SignedIn::over("ann", TokenSource::fixed("unknown-token"));
    assert_eq!(who.userinfo().await.unwrap_err().kind(), ErrorKind::Misconfigured);
    assert!(who.with_app(app).userinfo().await.is_err(), "the simulator does not know this token");
    assert_eq!(simulator.asked(Endpoint::Userinfo), 1);

    let site = Site::start().await;
    let mut browser = site.signed_in().await;
    assert_eq!(browser.fetch(&site.at("/who")).await.body, "user123");
}

#[tokio::test]
async fn without_user_info_the_user_is_still_signed_in() {
    let site = Site::of(
        |url, _| {
            let app = App::builder().authorize_url(format!("{url}/api/oauth2/authorize"));
            app.token_url(format!("{url}/api/oauth2/token")).authorize_parameter("auto_authorize", "true")
        },
        |login| login,
    )
    .await;
    let mut browser = site.signed_in().await;
    let page = browser.get(&site.at("/")).await;
    assert!(page.body.contains("You are signed in.") && page.body.contains("id=\"logout\""), "{}", page.body);
    assert!(!page.body.contains("id=\"username\""), "{}", page.body);
    assert_eq!(browser.fetch(&site.at("/api/user/info")).await.body, "{}");
    assert_eq!(site.simulator.asked(Endpoint::Userinfo), 0);
}

fn app(redirect_uri: &str) -> AppBuilder {
    let app = aihubmix::app("https://api.example").unwrap();
    app.client_id("id").client_secret("secret").redirect_uri(redirect_uri)
}

fn login(app: App) -> Builder {
    let users = app.clone();
    let pool = TokenSource::builder(app.clone()).store(MemoryStore::open());
    WebLogin::builder(app, pool.pool(move |user| users.for_user(user)).unwrap())
}

#[tokio::test]
async fn under_https_the_cookie_is_secure_and_bound_to_the_host() {
    let login = login(app("https://yourapp.com/sign-in/back").build().unwrap()).build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, login.router(Router::new())).await.unwrap() });
    let mut browser = Browser::default();
    let start = browser.get(&format!("{at}/auth/oauth/start?host=1")).await;
    let cookie = start.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-signed-in-") && cookie.contains("; Secure"), "{cookie}");
    assert!(!cookie.contains("Domain"), "{cookie}");
    let back = browser.get(&format!("{at}/sign-in/back")).await;
    assert_eq!(back.location(), "/?error=missing_parameters");
}

#[tokio::test]
async fn an_invalid_site_cannot_be_built() {
    for uri in [
        "https://yourapp.com/",
        "https://yourapp.com/api/user/info",
        "https://yourapp.com/{a}",
        "https://yourapp.com/cb?x=y",
    ] {
        let error = login(app(uri).build().unwrap()).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured, "{uri}");
    }
    for home in ["", "account", "//evil.example", "/a?b", "/oauth/callback", "/auth/logout", "/*x"] {
        let made = login(app("https://yourapp.com/oauth/callback").build().unwrap())
            .paths(oauth2_app_axum::Paths::new().page(home))
            .build();
        assert!(made.is_err(), "{home}");
    }
}

#[tokio::test]
async fn a_site_of_another_server_has_nothing_of_one_vendor() {
    let simulator = Simulator::start().unwrap();
    let url = simulator.url();
    let app = App::builder()
        .authorize_url(format!("{url}/api/oauth2/authorize"))
        .token_url(format!("{url}/api/oauth2/token"))
        .userinfo_url(format!("{url}/api/oauth2/userinfo"))
        .authorize_parameter("auto_authorize", "true");
    let site = Site::plain(simulator, app).await;
    let mut browser = site.signed_in().await;
    let mut shown = browser.get(&site.at("/?error=no_topup")).await.body;
    for path in ["/api/user/info", "/auth/oauth/page.js", "/auth/oauth/page.css"] {
        shown.push_str(&browser.fetch(&site.at(path)).await.body);
    }
    assert!(shown.contains("user123"), "{shown}");
    for word in ["alance", "quota", "op up", "topup", "750"] {
        assert!(!shown.contains(word), "{word}: {shown}");
    }
    for path in ["/api/user/topup", "/api/oauth/userinfo"] {
        assert_eq!(browser.fetch(&site.at(path)).await.status, 404, "{path}");
    }
}
