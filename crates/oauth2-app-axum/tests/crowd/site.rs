//! The site, in a process of its own: it prints its URL, and reads the URL of the authorization server.

use std::io::Write as _;

use axum::Router;
use oauth2_app::aihubmix;
use oauth2_app_axum::WebLogin;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use wellspring_store_sqlite::SqliteStore;
use wellspring_transport_async::TokenSource;

pub(crate) const CLIENT: &str = "client_of_the_site";
pub(crate) const SECRET: &str = "secret_of_the_site_0123456789";

/// Serves until standard input ends. The tokens are in SQLite in this folder.
pub(crate) async fn serve(folder: &str) {
    tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_writer(std::io::stderr).init();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    println!("{url}");
    std::io::stdout().flush().unwrap();
    let mut input = BufReader::new(tokio::io::stdin()).lines();
    let server = input.next_line().await.unwrap().expect("the server's URL");

    let app = aihubmix::app(&server).unwrap().client_id(CLIENT).client_secret(SECRET);
    let app = app.redirect_uri(format!("{url}/oauth/callback")).scopes(["profile", "balance"]);
    let app = app.build().unwrap();
    let users = app.clone();
    let store = SqliteStore::open(format!("{folder}/tokens.db")).unwrap();
    let pool = TokenSource::builder(app.clone()).store(store).pool(move |user| users.for_user(user)).unwrap();
    let site = WebLogin::builder(app, pool).build().unwrap().router(Router::new());
    let ended = async move { while let Ok(Some(_)) = input.next_line().await {} };
    axum::serve(listener, site).with_graceful_shutdown(ended).await.unwrap();
}
