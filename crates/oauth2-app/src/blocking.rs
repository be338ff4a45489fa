//! Sign-in and typed calls in blocking code, over ureq.
//!
//! The same as in `asynchronous`, but for its `.await`.

use core::time::Duration;

use wellspring_core::{
    AccessToken, HttpRequest, HttpResponse, Provider, RefreshToken, Token, TokenError, TransportError,
    UnixTime,
};
use wellspring_transport_blocking::{Clock, TokenSource, Transport};

use crate::metadata::places::found;
use crate::on_http::{LONGEST, SignInError, answer, call};
use crate::{
    App, Callback, DeviceLogin, Discovery, Metadata, PendingLogin, RegisteredApp, Registration, UserInfo,
};

/// An app and the source of one user's tokens. Clones share the source.
#[derive(Clone, Debug)]
pub struct Client {
    app: App,
    source: TokenSource,
}

impl Client {
    /// A client with a source of its own, made with the defaults.
    ///
    /// # Errors
    ///
    /// When the HTTP client cannot be made.
    pub fn new(app: App) -> Result<Self, TokenError> {
        let source = TokenSource::builder(app.clone()).build()?;
        Ok(Self::over(app, source))
    }

    /// A client over this source, which was made from the same app, with TLS settings and a policy of one's own.
    #[must_use]
    pub const fn over(app: App, source: TokenSource) -> Self {
        Self { app, source }
    }

    /// The source of the tokens, for calls that have no type here.
    #[must_use]
    pub const fn source(&self) -> &TokenSource {
        &self.source
    }

    /// Checks a callback and spends its code, once.
    ///
    /// # Errors
    ///
    /// When the callback brings no code to spend, or the code no token.
    pub fn sign_in(&self, login: PendingLogin, callback: &Callback) -> Result<Token, SignInError> {
        let spend = self.app.finish(login, callback)?;
        Ok(self.source.sign_in(spend)?)
    }

    /// Asks for a code that a person enters on another device: show them where and what, then
    /// [`poll`](Self::poll) after each [`pause`](DeviceLogin::pause).
    ///
    /// # Errors
    ///
    /// When the server has no endpoint for it, does not answer, or refuses.
    pub fn authorize_device(&self) -> Result<DeviceLogin, TokenError> {
        let sent = Clock::system().now();
        let answer = self.source.exchange(&self.app.device_authorization()?)?;
        self.app.read_device_authorization(&answer, sent)
    }

    /// Spends the device code; `None` while the person has not decided.
    ///
    /// # Errors
    ///
    /// When the sign-in is over without a token: see [`DeviceLogin::go_on`].
    pub fn poll(&self, login: &mut DeviceLogin) -> Result<Option<Token>, TokenError> {
        match self.source.sign_in(login.spend()) {
            Ok(token) => Ok(Some(token)),
            Err(error) => login.go_on(error, Clock::system().now().instant).map(|()| None),
        }
    }

    /// Who signed in.
    ///
    /// # Errors
    ///
    /// When there was no token or no answer, or the answer is no user info.
    pub fn userinfo(&self) -> Result<UserInfo, TokenError> {
        let answer = self.call(&self.app.userinfo_request()?)?;
        UserInfo::read(&answer, now())
    }

    /// Where the user can top up, to be opened in the user's browser; `None` when there is nothing to do.
    ///
    /// # Errors
    ///
    /// When there was no token or no answer, or the URL leads where top-up pages are not expected.
    pub fn topup(&self) -> Result<Option<String>, TokenError> {
        let answer = self.call(&self.app.topup_request()?)?;
        self.app.read_topup(&answer, now())
    }

    /// Revokes this refresh token at the server, and with it the access tokens it brought
    /// ([RFC 7009 §2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.1)).
    ///
    /// # Errors
    ///
    /// When the server has no endpoint for it, or the token may still be alive.
    pub fn revoke(&self, token: &RefreshToken) -> Result<(), TokenError> {
        self.revoke_by(self.app.revocation(token))
    }

    /// Revokes the access token in force. It is thrown away here too.
    ///
    /// # Errors
    ///
    /// When there is no token, the server has no endpoint for it, or the token may still be alive.
    pub fn revoke_access_token(&self) -> Result<(), TokenError> {
        let token = self.source.token()?;
        self.revoke_by(self.app.access_revocation(&AccessToken::new(token.expose())))?;
        let _ = self.source.reject(token.generation());
        Ok(())
    }

    fn revoke_by(&self, request: Option<HttpRequest>) -> Result<(), TokenError> {
        let request =
            request.ok_or_else(|| TokenError::misconfigured("this app knows no revocation endpoint"))?;
        let answer = self.source.exchange(&request)?;
        self.app.read_revocation(&answer, now())
    }

    fn call(&self, request: &HttpRequest) -> Result<HttpResponse, TokenError> {
        let (head, body) = self.source.send(call(request)?)?.into_parts();
        Ok(answer(&head, body.bytes(LONGEST)?.into()))
    }
}

/// Registers an app at this base URL, [`Registration::AIHUBMIX`] say, with the developer's own token.
///
/// # Errors
///
/// When no answer came, or the vendor refused. It is not tried again: the app may have been registered.
pub fn register_app(
    transport: &dyn Transport,
    base_url: &str,
    developer_token: &AccessToken,
    registration: &Registration,
    within: Duration,
) -> Result<RegisteredApp, TokenError> {
    let request = registration.request(base_url, developer_token)?;
    let answer = transport.exchange(&request, within).map_err(TransportError::into_error)?;
    RegisteredApp::read(&answer, now())
}

/// Asks an issuer for its metadata: at RFC 8414's place, and if it brings none, for whatever reason, at OpenID's. All of
/// it has to be done `within` this time.
///
/// # Errors
///
/// When neither has metadata that can be used. What is wrong with metadata is told rather than that a place failed, that
/// rather than that there is something else, and that rather than that there is nothing.
pub fn discover(transport: &dyn Transport, issuer: &str, within: Duration) -> Result<Metadata, TokenError> {
    let discovery = Discovery::new(issuer)?;
    let [first, second] = discovery.requests();
    let end = Clock::system().now().instant.plus(within);
    let answer = transport.exchange(&first, within);
    let not_there = match found(&discovery, answer, now()) {
        Ok(metadata) => return Ok(metadata),
        Err(not_there) => not_there,
    };
    let left = end.since(Clock::system().now().instant);
    if left.is_zero() {
        return Err(not_there.error);
    }
    let answer = transport.exchange(&second, left);
    found(&discovery, answer, now()).map_err(|other| not_there.or(other))
}

/// For the dates in an answer's headers.
fn now() -> UnixTime {
    Clock::system().now().unix
}
