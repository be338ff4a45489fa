//! A site with a sign-in, and its authorization server, the simulator.

use core::time::Duration;

use axum::Router;
use axum::extract::Extension;
use axum::response::IntoResponse;
use axum::routing::get;
use http::StatusCode;
use oauth2_app::aihubmix::{self, TopUp};
use oauth2_app::{App, AppBuilder};
use oauth2_app_axum::aihubmix::{account_page, compat_router, topup_router};
use oauth2_app_axum::{Builder, MemorySessions, SignedIn, WebLogin};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use wellspring_core::Store;
use wellspring_simulator::{OauthClient, Simulator};
use wellspring_store::MemoryStore;
use wellspring_transport_async::{TokenPool, TokenSource};

use crate::browser::Browser;

pub(crate) const CLIENT: &str = "client_of_the_site";
pub(crate) const SECRET: &str = "secret_of_the_site_0123456789";

pub(crate) const LONG: Duration = Duration::from_secs(60);

pub(crate) struct Site {
    pub(crate) simulator: Simulator,
    pub(crate) url: String,
    pub(crate) pool: TokenPool,
    server: JoinHandle<()>,
}

impl Site {
    pub(crate) async fn start() -> Self {
        Self::of(|_, app| app, |login| login).await
    }

    /// Starts with changes to the app, which get the simulator's URL, and to the sign-in.
    pub(crate) async fn of(
        app: impl FnOnce(&str, AppBuilder) -> AppBuilder,
        login: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        Self::over(MemoryStore::open(), app, login).await
    }

    pub(crate) async fn over(
        store: impl Store + 'static,
        app: impl FnOnce(&str, AppBuilder) -> AppBuilder,
        login: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        Self::routed(store, app, login, WebLogin::router).await
    }

    pub(crate) async fn routed(
        store: impl Store + 'static,
        app: impl FnOnce(&str, AppBuilder) -> AppBuilder,
        login: impl FnOnce(Builder) -> Builder,
        routes: impl FnOnce(&WebLogin, Router) -> Router,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let redirect_uri = format!("{url}/oauth/callback");
        let client = OauthClient::confidential(CLIENT, SECRET, &redirect_uri);
        let simulator = Simulator::builder().client(client).start().unwrap();
        let app =
            app(&simulator.url(), aihubmix::app(simulator.url()).unwrap().scopes(["profile", "balance"]));
        let app = app.client_id(CLIENT).client_secret(SECRET).redirect_uri(redirect_uri).build().unwrap();
        Self::with(simulator, listener, store, app, login, routes)
    }

    /// Starts a site of any server: it has only what every site has.
    pub(crate) async fn plain(simulator: Simulator, app: AppBuilder) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let redirect_uri = format!("{url}/oauth/callback");
        let client = OauthClient::confidential(CLIENT, SECRET, &redirect_uri);
        simulator.configure(|config| config.app.clients.push(client));
        let app = app.client_id(CLIENT).client_secret(SECRET).redirect_uri(redirect_uri).build().unwrap();
        let users = app.clone();
        let pool = TokenSource::builder(app.clone()).store(MemoryStore::open());
        let pool = pool.pool(move |user| users.for_user(user)).unwrap();
        let router = WebLogin::builder(app, pool.clone()).build().unwrap().router(Router::new());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { simulator, url, pool, server }
    }

    /// Starts a site whose front end keeps the tokens.
    pub(crate) async fn compat(app: impl FnOnce(&str, AppBuilder) -> AppBuilder) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let redirect_uri = format!("http://{}/oauth/callback.html", listener.local_addr().unwrap());
        let client = OauthClient::confidential(CLIENT, SECRET, &redirect_uri);
        let simulator = Simulator::builder().client(client).start().unwrap();
        let app =
            app(&simulator.url(), aihubmix::app(simulator.url()).unwrap().scopes(["profile", "balance"]));
        let app = app.client_id(CLIENT).client_secret(SECRET).redirect_uri(redirect_uri).build().unwrap();
        let store = MemoryStore::open();
        Self::with(simulator, listener, store, app, |login| login, compat_router)
    }

    fn with(
        simulator: Simulator,
        listener: TcpListener,
        store: impl Store + 'static,
        app: App,
        login: impl FnOnce(Builder) -> Builder,
        routes: impl FnOnce(&WebLogin, Router) -> Router,
    ) -> Self {
        let url = format!("http://{}", listener.local_addr().unwrap());
        let users = app.clone();
        let pool = TokenSource::builder(app.clone()).store(store);
        let pool = pool.pool(move |user| users.for_user(user)).unwrap();
        // A busy machine takes longer than a person waits.
        let builder = WebLogin::builder(app, pool.clone()).account_page(account_page()).patience(LONG);
        let login = login(builder).build().unwrap();
        let own =
            Router::new().route("/mine", get(mine)).route("/who", get(who)).layer(Extension(simulator.url()));
        let topup = TopUp::new(simulator.url()).unwrap().hosts(["aihubmix.com", "127.0.0.1", "localhost"]);
        let router = routes(&login, own.merge(topup_router(topup)));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { simulator, url, pool, server }
    }

    /// Restarts the site as another process would: the same port, store and sessions, and nothing else.
    pub(crate) async fn restarted(self, store: impl Store + 'static, sessions: MemorySessions) -> Self {
        self.server.abort();
        let _ = self.server.await;
        let listener = TcpListener::bind(self.url.strip_prefix("http://").unwrap()).await.unwrap();
        let app = aihubmix::app(self.simulator.url()).unwrap().scopes(["profile", "balance"]);
        let app = app.client_id(CLIENT).client_secret(SECRET);
        let app = app.redirect_uri(format!("{}/oauth/callback", self.url)).build().unwrap();
        Self::with(self.simulator, listener, store, app, |login| login.sessions(sessions), WebLogin::router)
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// A signed-in browser.
    pub(crate) async fn signed_in(&self) -> Browser {
        let mut browser = Browser::default();
        let callback = browser.sent_back(&self.at("/auth/oauth/start")).await;
        assert_eq!(browser.get(&callback).await.location(), "/?login=success");
        browser
    }
}

/// A handler that returns the user's pool key.
async fn who(signed_in: SignedIn) -> String {
    signed_in.userinfo().await.unwrap().username.unwrap()
}

/// A handler that calls the API as the signed-in user.
async fn mine(signed_in: SignedIn, Extension(api): Extension<String>) -> impl IntoResponse {
    let call = http::Request::get(format!("{api}/api/oauth2/userinfo")).body(()).unwrap();
    match signed_in.send(call).await {
        Ok(answer) => {
            let status = answer.status();
            (status, answer.into_body().text(9_999).await.unwrap())
        }
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()),
    }
}
