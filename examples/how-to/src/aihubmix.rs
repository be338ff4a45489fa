//! The page "AIHubMix".

use crate::outcome::Outcome;

// ANCHOR: app
use wellspring::TokenError;
use wellspring::oauth2::{App, aihubmix};

fn app() -> Result<App, TokenError> {
    aihubmix::app("https://api.aihubmix.com")?
        .client_id("client_abc123def456")
        .client_secret("secret_xyz789uvw012")
        .redirect_uri("https://yourapp.com/oauth/callback")
        .scopes(["profile", "balance"])
        .build()
}
// ANCHOR_END: app

mod on_a_site {
    // ANCHOR: site
    use axum::Router;
    use wellspring::axum::{WebLogin, aihubmix};
    use wellspring::oauth2::{App, aihubmix::TopUp};
    use wellspring::{TokenError, TokenPool};

    /// The site of an app, with its own handlers.
    pub(super) fn site(app: App, pool: TokenPool, handlers: Router) -> Result<Router, TokenError> {
        let login = WebLogin::builder(app, pool).account_page(aihubmix::account_page()).build()?;
        let topup = aihubmix::topup_router(TopUp::new("https://api.aihubmix.com")?);
        Ok(login.router(handlers.merge(topup)))
    }
    // ANCHOR_END: site
}

pub(crate) fn run() -> Outcome {
    let app = app()?;
    let users = app.clone();
    let tokens = wellspring::TokenSource::builder(app.clone()).store(wellspring::store::MemoryStore::open());
    let pool = tokens.pool(move |user| users.for_user(user))?;
    let _site = on_a_site::site(app, pool, axum::Router::new())?;
    Ok(())
}
