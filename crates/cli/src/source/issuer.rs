//! The token endpoint that an issuer has named, in a file beside the store. It identifies the profile's tokens, so a command
//! that sends nothing can find them.

use wellspring_core::{AuthorizationGrant, Provider, RefreshToken, TokenKey, UnixTime};
use wellspring_profiles::Profile;
use wellspring_store::files;

use crate::exit::{Exit, Failure};

/// The longest URL.
const LONGEST: u64 = 16 * 1024;

/// Keeps the token endpoint of this provider, if an issuer has named it. Without the file `status` says what to do.
pub(super) fn remember(profile: &Profile, provider: &dyn Provider) {
    let Ok(Some(issuer)) = profile.issuer() else { return };
    let Some(path) = profile.store().beside(&TokenKey::new("issuer", &issuer), "issuer") else { return };
    let Some(url) = token_url(provider) else { return };
    let known = files::read(&path, LONGEST).ok().flatten();
    if known.is_none_or(|known| *known != url.as_bytes()) {
        // Two processes may write at once.
        let temporary = files::with_suffix(&path, &format!(".{}", std::process::id()));
        let _ = files::replace(&path, &temporary, &[url.as_bytes()]);
    }
}

/// The token endpoint that the profile's issuer has named before; `None` for a profile without an issuer.
pub(super) fn remembered(profile: &Profile) -> Result<Option<String>, Failure> {
    let Some(issuer) = profile.issuer()? else { return Ok(None) };
    let path = profile.store().beside(&TokenKey::new("issuer", &issuer), "issuer");
    let read = path.map(|path| files::read(&path, LONGEST)).transpose();
    let read = read.map_err(|error| Failure::store(profile.store().place(), "cannot be read", &error))?;
    let url = read.flatten().and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
    url.map(Some).ok_or_else(|| {
        let name = profile.name();
        Failure::new(
            Exit::TryLater,
            format!("no command has asked the issuer of {name} yet, and this one sends nothing; run `wellspring token {name}`"),
        )
    })
}

fn token_url(provider: &dyn Provider) -> Option<String> {
    let grant = match provider.spec().credentials {
        true => AuthorizationGrant::ClientCredentials,
        // Only the URL of the request is used.
        false => AuthorizationGrant::RefreshToken(RefreshToken::new("none")),
    };
    let request = provider.request(&grant, UnixTime::from_secs(0)).ok()?;
    // The query of a vendor's GET holds the client secret.
    request.url().split('?').next().map(str::to_owned)
}
