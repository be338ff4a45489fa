//! The application and the store that a profile of `wellspring.toml` describes.

use core::net::SocketAddr;
use std::path::Path;

use wellspring::profiles::{Configuration, SignsIn};
// ANCHOR: names
use std::io;
use wellspring::oauth2::App;
use wellspring::profiles::Profile;
use wellspring::store::MemoryStore;
use wellspring::{Builder, TokenSource};
// ANCHOR_END: names

use crate::failure::Failure;

/// Loads the profile, which must have a sign-in with a browser.
pub(crate) fn load(config: &Path, name: &str) -> Result<Profile, Failure> {
    let profile = Configuration::load(config)?.profile(name)?.clone();
    if matches!(profile.signs_in()?, SignsIn::NotNeeded) {
        let place = profile.place();
        return Err(Failure::usage(format!(
            "{place} has no sign-in for users; name a profile with provider = \"oauth2-app\" and grant_type = \
             \"authorization_code\""
        )));
    }
    Ok(profile)
}

/// Where the browser comes back to: the profile's redirect URI, or `default`.
pub(crate) fn redirect_uri(profile: &Profile, default: String) -> Result<String, Failure> {
    Ok(match profile.signs_in()? {
        SignsIn::ByBrowser { redirect_uri, .. } => redirect_uri,
        _ => default,
    })
}

// ANCHOR: application
/// The application, and the builder of its users' token sources. Reading the issuer's metadata blocks.
pub(crate) async fn application(profile: Profile, redirect_uri: String) -> Result<(App, Builder), Failure> {
    let made = tokio::task::spawn_blocking(move || {
        let app = profile.app(Some(&redirect_uri))?;
        let mut tokens = TokenSource::builder(app.clone()).policy(profile.policy()?).tls(profile.tls()?);
        tokens = match profile.store().open()? {
            Some(store) => tokens.store(store),
            None => tokens.store(MemoryStore::open()),
        };
        for url in profile.api_urls()? {
            tokens = tokens.allow_origin(&url)?;
        }
        Ok((app, tokens))
    });
    made.await.map_err(|_| io::Error::other("the profile cannot be read"))?
}

// ANCHOR_END: application
/// The URL to open and the redirect URI to register. Both have the same host, because the session cookie is bound to
/// it.
pub(crate) fn invitation(redirect_uri: &str, address: SocketAddr) -> String {
    let origin = redirect_uri.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    format!(
        "Open {origin}/ in a browser. Ctrl-C ends it.\n\
         The redirect URI, to be registered at the server to the byte: {redirect_uri}\n\
         It has to lead to http://{address}/"
    )
}
