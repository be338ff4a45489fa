//! A site of this crate as its users see it: at a port of its own, or behind something that has one.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use oauth2_app::{App, AppBuilder};
use oauth2_app_axum::{Builder, NotSignedIn, SignedIn, WebLogin};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use wellspring_simulator::{OauthClient, Simulator};
use wellspring_store::MemoryStore;
use wellspring_transport_async::TokenSource;

pub(crate) const CLIENT: &str = "client_of_the_site";
pub(crate) const SECRET: &str = "secret_of_the_site_0123456789";

/// A running site. It ends on drop.
pub(crate) struct Web {
    /// Where it listens, which need not be where browsers find it.
    pub(crate) url: String,
    server: JoinHandle<()>,
}

/// A port for a site that is not built yet: its address is what a redirect URI is made of.
pub(crate) async fn port() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

impl Web {
    pub(crate) fn serve(listener: TcpListener, router: Router) -> Self {
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, server }
    }

    /// The same port with another router, as after a restart.
    pub(crate) async fn restarted(mut self, router: Router) -> Self {
        self.server.abort();
        let _ = (&mut self.server).await;
        let listener = TcpListener::bind(self.url.strip_prefix("http://").unwrap()).await.unwrap();
        Self::serve(listener, router)
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// The sign-in of this app, with its tokens in memory.
pub(crate) fn login(app: AppBuilder, change: impl FnOnce(Builder) -> Builder) -> WebLogin {
    let app = app.build().unwrap();
    let pool = pool(&app);
    change(WebLogin::builder(app, pool)).build().unwrap()
}

pub(crate) fn pool(app: &App) -> wellspring_transport_async::TokenPool {
    let users = app.clone();
    let tokens = TokenSource::builder(app.clone()).store(MemoryStore::open());
    tokens.pool(move |user| users.for_user(user)).unwrap()
}

/// The pages of the site's own: two for signed-in users, one for all visitors.
pub(crate) fn pages() -> Router {
    let hello = async || Html("<p id=\"hello\">Hello</p>");
    Router::new().route("/mine", get(mine)).route("/strict", get(strict)).route("/hello", get(hello))
}

/// Sends the user to the sign-in again when the server does not accept the token.
async fn strict(user: SignedIn) -> Result<Html<String>, NotSignedIn> {
    match user.userinfo().await {
        Ok(info) => Ok(Html(format!("<p id=\"strict\">{}</p>", info.id))),
        Err(_) => Err(NotSignedIn::Start { next: Some("/strict".to_owned()) }),
    }
}

async fn mine(user: SignedIn) -> Html<String> {
    let info = user.userinfo().await.unwrap();
    Html(format!("<p id=\"mine\">{}</p>", info.name.or(info.username).unwrap_or(info.id)))
}

/// A simulator that knows the site by this redirect URI.
pub(crate) fn simulator(redirect_uri: &str) -> Simulator {
    let client = OauthClient::confidential(CLIENT, SECRET, redirect_uri);
    Simulator::builder().client(client).start().unwrap()
}

/// The site's application at this simulator, whose page asks the user to allow.
pub(crate) fn app(simulator: &Simulator, redirect_uri: &str) -> AppBuilder {
    let at = |name: &str| format!("{}/api/oauth2/{name}", simulator.url());
    App::builder()
        .authorize_url(at("authorize"))
        .token_url(at("token"))
        .userinfo_url(at("userinfo"))
        .revocation_url(at("revoke"))
        .client_id(CLIENT)
        .client_secret(SECRET)
        .redirect_uri(redirect_uri)
        .scopes(["profile"])
}
