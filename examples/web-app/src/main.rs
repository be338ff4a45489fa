//! A shop below `/shop` with its own routes, sessions and users, who sign in at their company or at a code forge.
//!
//! Everything that outlives the process is in SQLite, so any number of these processes can serve the site together.
use axum::{Router, extract::State, response::Html, routing::get};
use sqlx::SqlitePool;
use tower_sessions::{Session, SessionManagerLayer, cookie::SameSite};
use tower_sessions_sqlx_store::SqliteStore as Sessions;
use wellspring::axum::{Accepted, Refused, SignInAttempt, SignedIn, WebLogin};
use wellspring::oauth2::{App, AppBuilder, asynchronous::discover, escape_html};
use wellspring::{HyperTransport, Tls, TokenError, TokenPool, TokenSource, store::SqliteStore};

type Failure = Box<dyn core::error::Error + Send + Sync>;
const USERS: &str = "CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY, provider TEXT NOT NULL,
    subject TEXT NOT NULL, name TEXT NOT NULL, blocked INTEGER NOT NULL DEFAULT 0, UNIQUE (provider, subject))";

#[tokio::main]
async fn main() -> Result<(), Failure> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let db = SqlitePool::connect(&format!("sqlite:{}?mode=rwc", var("SHOP_DATABASE")?)).await?;
    sqlx::query(USERS).execute(&db).await?;
    let sessions = Sessions::new(db.clone());
    sessions.migrate().await?;

    let (transport, patience) = (HyperTransport::new(Tls::new())?, core::time::Duration::from_secs(10));
    let metadata = discover(&transport, &var("COMPANY_ISSUER")?, patience).await?;
    let company = registered(App::from_metadata(&metadata).scopes(["openid", "profile"]), "COMPANY_SECRET")?;
    let at = |name: &str| Ok::<_, Failure>(format!("{}/{name}", var("FORGE_URL")?));
    let forge = App::builder().authorize_url(at("authorize")?).token_url(at("token")?);
    let forge = forge.userinfo_url(at("userinfo")?).revocation_url(at("revoke")?).scopes(["profile"]);
    let forge = registered(forge, "FORGE_SECRET")?;

    // ANCHOR: login
    let users = db.clone();
    let login = WebLogin::builder(company.clone(), pool(company)?)
        .named("company", "Company")
        .provider("forge", "Forge", forge.clone(), pool(forge)?)
        .sessions(sessions.clone())
        .mounted_at("/shop")
        .on_sign_in(move |attempt| accept(users.clone(), attempt))
        .build()?;
    // The shop's own sessions, which also visitors have.
    let visits = SessionManagerLayer::new(sessions)
        .with_name("visits")
        .with_same_site(SameSite::Lax)
        .with_secure(false);
    let own = Router::new().route("/visits", get(count)).layer(visits).route("/me", get(me)).with_state(db);
    let site = Router::new().nest("/shop", login.router(own));
    // ANCHOR_END: login
    let listener = tokio::net::TcpListener::bind(var("SHOP_LISTEN")?).await?;
    println!("listening {}", listener.local_addr()?);
    let end = async { drop(tokio::signal::ctrl_c().await) };
    Ok(axum::serve(listener, site).with_graceful_shutdown(end).await?)
}

#[expect(clippy::disallowed_methods, reason = "the shop is configured by its environment")]
fn var(name: &str) -> Result<String, Failure> {
    std::env::var(name).map_err(|error| format!("{name}: {error}").into())
}

fn registered(app: AppBuilder, secret: &str) -> Result<App, Failure> {
    let redirect_uri = format!("{}/oauth/callback", var("SHOP_URL")?);
    Ok(app.client_id("shop").client_secret(var(secret)?).redirect_uri(redirect_uri).build()?)
}

fn pool(app: App) -> Result<TokenPool, Failure> {
    let tokens = TokenSource::builder(app.clone()).store(SqliteStore::open(var("SHOP_TOKENS")?)?);
    Ok(tokens.pool(move |user| app.for_user(user))?)
}

// ANCHOR: accept
/// Who signs in is a row of the shop's own table, made at the first sign-in.
async fn accept(db: SqlitePool, attempt: SignInAttempt) -> Result<Accepted, Refused> {
    let info = attempt.userinfo().await.map_err(Refused::because_of)?;
    let name = info.name.or(info.username).unwrap_or_else(|| info.id.clone());
    let row = "INSERT INTO users (provider, subject, name) VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET name = excluded.name RETURNING id, blocked";
    let row = sqlx::query_as::<_, (i64, bool)>(row).bind(attempt.provider()).bind(&info.id).bind(name);
    match row.fetch_one(&db).await {
        Ok((id, false)) => Ok(Accepted::user_id(id.to_string())),
        Ok((_, true)) => Err(Refused::because("This account is blocked in the shop.")),
        Err(error) => Err(Refused::because_of(TokenError::unavailable(error.to_string()))),
    }
}
// ANCHOR_END: accept

/// Asks no server: the name is in the shop's table.
async fn me(user: SignedIn, State(db): State<SqlitePool>) -> Html<String> {
    let row = sqlx::query_scalar("SELECT name FROM users WHERE id = ?").bind(user.user_id());
    let name: String = row.fetch_one(&db).await.unwrap_or_default();
    Html(format!("<p id=\"me\">{} ({})</p>", escape_html(&name), user.provider()))
}

async fn count(session: Session) -> Html<String> {
    let visits = session.get::<u32>("visits").await.ok().flatten().unwrap_or_default() + 1;
    let _ = session.insert("visits", visits).await;
    Html(format!("<p id=\"visits\">{visits}</p>"))
}
