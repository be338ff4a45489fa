//! One authorization server of the sign-in: its app, the pool of its users' tokens, and how its callback comes.

use http::Uri;
use oauth2_app::{App, EndSession, RedirectUri};
use wellspring_core::TokenError;
use wellspring_transport_async::TokenPool;

use crate::identity::Identity;
use crate::placement::Placement;

/// One provider.
pub(crate) struct Provider {
    pub(crate) name: String,
    /// What its button says.
    pub(crate) label: String,
    pub(crate) app: App,
    pub(crate) pool: TokenPool,
    pub(crate) identity: Identity,
    /// Its callback is a form that the browser posts.
    pub(crate) form_post: bool,
    pub(crate) redirect_uri: RedirectUri,
    /// The path of its callback, as the router sees it.
    pub(crate) callback: String,
    /// Where browsers see this site.
    pub(crate) site: Site,
}

/// The scheme and the host of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    pub(crate) secure: bool,
    /// In lower case, without the scheme's own port.
    host: String,
}

impl Site {
    fn of(uri: &Uri) -> Option<Self> {
        let secure = uri.scheme_str() == Some("https");
        Some(Self { secure, host: Self::normal(uri.authority()?.as_str(), secure) })
    }

    fn normal(authority: &str, secure: bool) -> String {
        let host = authority.to_ascii_lowercase();
        let own_port = if secure { ":443" } else { ":80" };
        host.strip_suffix(own_port).map_or(host.clone(), str::to_owned)
    }

    /// Whether a request to this authority is for this site.
    pub(crate) fn is_at(&self, authority: &str) -> bool {
        Self::normal(authority, self.secure) == self.host
    }

    /// The URL of a path here.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", if self.secure { "https" } else { "http" }, self.host)
    }
}

impl Provider {
    pub(crate) fn new(
        (name, label): (String, String),
        (app, pool): (App, TokenPool),
        identity: Identity,
        form_post: bool,
        placement: &Placement,
    ) -> Result<Self, TokenError> {
        let Some(redirect_uri) = app.redirect_uri().cloned() else {
            return Err(TokenError::misconfigured(
                "the app has no redirect URI: set one so that users can sign in",
            ));
        };
        let uri: Uri = redirect_uri.as_str().parse().map_err(|_| {
            TokenError::misconfigured("the redirect URI is not a URI that a router can serve")
        })?;
        let site = Site::of(&uri).ok_or_else(|| TokenError::misconfigured("the redirect URI has no host"))?;
        if form_post && !site.secure {
            return Err(TokenError::misconfigured(
                "form_post needs an HTTPS redirect URI: without HTTPS no browser sends a cookie with the form of another site",
            ));
        }
        let callback = placement.callback_route(&uri)?;
        Ok(Self { name, label, app, pool, identity, form_post, redirect_uri, callback, site })
    }
}

impl Provider {
    /// The origin at which the server ends its sessions.
    pub(crate) fn sign_out_origin(&self) -> Option<String> {
        let uri: Uri = self.app.end_session_url(&EndSession::new())?.parse().ok()?;
        Some(format!("{}://{}", uri.scheme_str()?, uri.authority()?))
    }
}

/// Whether a provider can have this name, which stands in queries and events.
pub(crate) fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !name.is_empty() && name.len() <= 32 && name.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_recognized_with_and_without_the_schemes_own_port() {
        let site = |uri: &str| Site::of(&uri.parse().unwrap()).unwrap();
        let secure = site("https://App.example/cb");
        for host in ["app.example", "APP.example:443"] {
            assert!(secure.is_at(host), "{host}");
        }
        for host in ["app.example:80", "app.example:8443", "evil.example", ""] {
            assert!(!secure.is_at(host), "{host}");
        }
        let local = site("http://127.0.0.1:8080/cb");
        assert!(local.is_at("127.0.0.1:8080") && !local.is_at("localhost:8080"));
        assert_eq!(local.url("/a"), "http://127.0.0.1:8080/a");
        assert_eq!(site("https://a.example:443/cb"), site("https://A.example/other"));
        assert_ne!(site("https://a.example/cb"), site("https://a.example:8443/cb"));
    }
}
