//! The page "Policy".

use wellspring::oauth2::App;

use crate::outcome::Outcome;

// ANCHOR: policy
use core::time::Duration;

use wellspring::{Policy, TokenError, TokenSource};

/// A source that renews two minutes before the expiry, and gives each token request ten seconds.
fn source(app: App) -> Result<TokenSource, TokenError> {
    let policy =
        Policy::default().with_margin(Duration::from_secs(120)).with_deadline(Duration::from_secs(10));
    TokenSource::builder(app).policy(policy).build()
}
// ANCHOR_END: policy

pub(crate) fn run() -> Outcome {
    let app = App::client_credentials("https://login.example.com/token", "client-id", "client-secret");
    let source = source(app.build()?)?;
    assert_eq!(source.policy().margin, Duration::from_secs(120));
    assert_eq!(source.policy().deadline, Duration::from_secs(10));
    Ok(())
}
