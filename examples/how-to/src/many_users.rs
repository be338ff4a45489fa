//! The page "Keep the tokens of many users".

use core::error::Error;
use core::time::Duration;
use std::path::Path;

use wellspring_simulator::{Endpoint, Simulator};

use crate::outcome::Outcome;

// ANCHOR: pool
use wellspring::http::{Request, StatusCode};
use wellspring::oauth2::App;
use wellspring::store::SqliteStore;
use wellspring::{TokenPool, TokenSource};

/// A source for each user, all with the settings of this builder.
fn users(app: App, store: &Path) -> Result<TokenPool, Box<dyn Error>> {
    let users = app.clone();
    let pool = TokenSource::builder(app)
        .store(SqliteStore::open(store)?)
        .idle(Duration::from_secs(1_800))
        .pool(move |user| users.for_user(user))?;
    Ok(pool)
}

/// A call of one user. Ask the pool each time: a source that you keep is not evicted.
async fn call(pool: &TokenPool, user: &str, url: &str) -> Result<StatusCode, Box<dyn Error>> {
    let source = pool.source(user)?;
    let answer = source.send(Request::get(url).body(())?).await?;
    Ok(answer.status())
}
// ANCHOR_END: pool

pub(crate) async fn run() -> Outcome {
    let simulator = Simulator::builder().auto_approve().start()?;
    let folder = std::env::temp_dir().join(format!("wellspring-many-users-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let called = sign_in_and_call(&simulator, &folder.join("tokens.db")).await;
    std::fs::remove_dir_all(&folder)?;
    called
}

async fn sign_in_and_call(simulator: &Simulator, store: &Path) -> Outcome {
    use wellspring::oauth2::{Authorization, Callback, Entropy};
    use wellspring::sans_io::{HttpRequest, Method};

    let url = |name: &str| format!("{}/api/oauth2/{name}", simulator.url());
    let app = App::builder()
        .authorize_url(url("authorize"))
        .token_url(url("token"))
        .userinfo_url(url("userinfo"))
        .client_id("client_abc123def456")
        .client_secret("secret_xyz789uvw012")
        .redirect_uri("https://yourapp.com/oauth/callback")
        .build()?;
    let pool = users(app.clone(), store)?;
    for user in ["user-7", "user-8"] {
        let source = pool.source(user)?;
        let Authorization { url, login, .. } = app.authorize(&Entropy::from_system()?)?;
        let answer = source.exchange(&HttpRequest::new(Method::Get, url)).await?;
        let callback = Callback::read(answer.head().first("location").ok_or("no redirect")?);
        source.sign_in(app.finish(login, &callback)?).await?;
    }
    assert_eq!(call(&pool, "user-7", &url("userinfo")).await?, 200);
    assert_eq!(call(&pool, "user-8", &url("userinfo")).await?, 200);
    assert_eq!(simulator.asked(Endpoint::CodeGrant), 2);
    Ok(())
}
