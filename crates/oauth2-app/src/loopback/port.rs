//! A loopback port that receives the callback of one sign-in.

use core::fmt::Display;
use std::net::TcpListener;

use wellspring_core::TokenError;
use wellspring_transport::Clock;

use super::address::{Address, redirect_uri_of};
use super::error::LoopbackError;
use super::judge::Judge;
use super::listening::Listening;
use super::request::path_of;
use super::sign_in::SignIn;
use crate::app::App;
use crate::entropy::Entropy;
use crate::login::Authorization;

/// A port of this machine that waits for no callback yet.
///
/// ```
/// use oauth2_app::App;
/// use oauth2_app::loopback::Loopback;
///
/// // Any free port. Authorization servers must allow any port there (RFC 8252 section 7.3).
/// let loopback = Loopback::bind("http://127.0.0.1/callback")?;
/// let app = App::builder()
///     .authorize_url("https://server.example.com/authorize")
///     .token_url("https://server.example.com/token")
///     .client_id("client_of_this_program")
///     .redirect_uri(loopback.redirect_uri())
///     .build()?;
/// let sign_in = loopback.start(&app)?;
/// assert!(sign_in.url().starts_with("https://server.example.com/authorize?"));
/// // Open the URL in a browser, then: client.sign_in_on_loopback(sign_in, Duration::from_secs(600))
/// # Ok::<(), oauth2_app::loopback::LoopbackError>(())
/// ```
#[derive(Debug)]
pub struct Loopback {
    listeners: Vec<TcpListener>,
    /// With the port that was taken.
    uri: String,
    is_localhost: bool,
}

impl Loopback {
    /// Binds the port of this redirect URI, or any free port if the URI names none. The host is `127.0.0.1`, `[::1]` or
    /// `localhost`. Prefer an IP literal: see [`uses_localhost`](Self::uses_localhost).
    ///
    /// Pass the URI as text, `Url`, `Uri` or [`RedirectUri`](crate::RedirectUri), or pass an `IpAddr` or a `SocketAddr`: the
    /// redirect URI of an address has the path `/`.
    ///
    /// ```
    /// use std::net::Ipv4Addr;
    ///
    /// use oauth2_app::loopback::Loopback;
    ///
    /// let loopback = Loopback::bind(Ipv4Addr::LOCALHOST)?;
    /// assert!(loopback.redirect_uri().starts_with("http://127.0.0.1:"));
    /// assert!(loopback.redirect_uri().ends_with('/'));
    /// assert!(Loopback::bind(Ipv4Addr::UNSPECIFIED).is_err());
    /// # Ok::<(), oauth2_app::loopback::LoopbackError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Fails if the URI is not a plain HTTP URL of this machine, the address is not a loopback address, or the port cannot be
    /// bound.
    pub fn bind(at: impl Display) -> Result<Self, LoopbackError> {
        let written = redirect_uri_of(at);
        let address = Address::of(&written)?;
        let (listeners, port) = address.bind()?;
        // Servers compare redirect URIs to the byte, so the URI stays as written unless it names no port.
        let uri = if address.port == 0 { address.with_port(port) } else { written.clone() };
        Ok(Self { listeners, uri, is_localhost: address.is_localhost() })
    }

    /// Whether the redirect URI or the address names a port, which another program may have taken.
    ///
    /// # Errors
    ///
    /// Fails if the URI is not a plain HTTP URL of this machine, or the address is not a loopback address.
    pub fn names_port(at: impl Display) -> Result<bool, LoopbackError> {
        Address::of(&redirect_uri_of(at)).map(|address| address.port != 0)
    }

    /// The redirect URI for the app, with the port that was taken.
    #[must_use]
    pub fn redirect_uri(&self) -> &str {
        &self.uri
    }

    /// Whether the host is `localhost`. It works here, and deserves a warning: it may resolve to another address, so that
    /// another program gets the code ([RFC 8252 §8.3](https://www.rfc-editor.org/rfc/rfc8252#section-8.3)). Use it only if the
    /// server accepts no IP literal.
    #[must_use]
    pub const fn uses_localhost(&self) -> bool {
        self.is_localhost
    }

    /// Starts a sign-in of this app: from now on the port receives its callback.
    ///
    /// # Errors
    ///
    /// Fails if the app has another redirect URI or none, or no thread can be started.
    pub fn start(self, app: &App) -> Result<SignIn, LoopbackError> {
        if app.redirect_uri().is_none_or(|uri| uri.as_str() != self.uri) {
            let text = format!("the app's redirect_uri must be that of the loopback port: {}", self.uri);
            return Err(TokenError::misconfigured(text).into());
        }
        let Authorization { url, login, .. } = app.authorize(&Entropy::from_system()?)?;
        let judge = Judge::new(app.clone(), login);
        let path = Address::of(&self.uri).map_or("/", |address| path_of(address.rest)).to_owned();
        Ok(SignIn::new(url, Listening::start(self.listeners, path, judge, &Clock::system())?))
    }
}
