//! The page "A million users".

use core::error::Error;
use core::time::Duration;

use wellspring_simulator::{Endpoint, Simulator};

use crate::outcome::Outcome;

// ANCHOR: pool
use wellspring::oauth2::App;
use wellspring::sans_io::Store;
use wellspring::{KeepAlive, KeepAliveReport, TokenPool, TokenSource};

/// A pool that renews at most 64 tokens of one endpoint at once, and drops a user after a day without a call.
fn users(app: App, store: impl Store + 'static) -> Result<TokenPool, Box<dyn Error>> {
    let users = app.clone();
    let pool = TokenSource::builder(app)
        .store(store)
        .renewals_at_once(64)
        .idle(Duration::from_secs(86_400))
        .pool(move |user| users.for_user(user))?;
    Ok(pool)
}

/// One round over all users of the program, begun once a day. The server ends refresh tokens that were not used for 30 days.
async fn round(pool: &TokenPool, all: &[&str]) -> Result<KeepAliveReport, Box<dyn Error>> {
    let unused = KeepAlive::unused_for(Duration::from_secs(20 * 86_400)).per_minute(60);
    Ok(pool.keep_alive(all, unused).await?)
}
// ANCHOR_END: pool

pub(crate) async fn run() -> Outcome {
    use wellspring::oauth2::{Authorization, Callback, Entropy};
    use wellspring::sans_io::{HttpRequest, Method};
    use wellspring::store::MemoryStore;

    let simulator = Simulator::builder().auto_approve().start()?;
    let url = |name: &str| format!("{}/api/oauth2/{name}", simulator.url());
    let app = App::builder()
        .authorize_url(url("authorize"))
        .token_url(url("token"))
        .client_id("client_abc123def456")
        .client_secret("secret_xyz789uvw012")
        .redirect_uri("https://yourapp.com/oauth/callback")
        .build()?;
    let pool = users(app.clone(), MemoryStore::open())?;
    let source = pool.source("user-7")?;
    let Authorization { url, login, .. } = app.authorize(&Entropy::from_system()?)?;
    let answer = source.exchange(&HttpRequest::new(Method::Get, url)).await?;
    let callback = Callback::read(answer.head().first("location").ok_or("no redirect")?);
    source.sign_in(app.finish(login, &callback)?).await?;

    // ANCHOR: round
    // One of the two has a session, and its refresh token is new: nothing is sent.
    let report = round(&pool, &["user-7", "user-8"]).await?;
    assert_eq!((report.in_use, report.renewed, report.without_session, report.failed), (1, 0, 1, 0));
    // ANCHOR_END: round
    assert_eq!((simulator.asked(Endpoint::CodeGrant), simulator.asked(Endpoint::Refresh)), (1, 0));
    Ok(())
}
