//! Sign-in on another device ([RFC 8628](https://www.rfc-editor.org/rfc/rfc8628)), for machines without a browser.
//!
//! The server issues a user code, which the user enters in a browser elsewhere, and a device code, which the application
//! sends to the token endpoint until the user has decided. This module decides when to send it next. Sending it is an
//! ordinary sign-in of the token source, so the source saves the tokens.

use core::fmt;
use core::time::Duration;

use wellspring_core::{
    AuthorizationGrant, Clocks, DeviceCode, ErrorKind, Fate, HttpRequest, HttpResponse, Instant, Origin,
    TokenError,
};
use wellspring_wire::{Body, Form, Json, Object, seconds_of};

use crate::app::App;
use crate::config::GrantType;
use crate::response;

/// The interval between two polls if the server names none
/// ([RFC 8628 §3.2](https://www.rfc-editor.org/rfc/rfc8628#section-3.2)).
const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);
/// The shortest interval, whatever the server names. Polls without a pause would flood the server.
const MIN_INTERVAL: Duration = Duration::from_secs(1);
/// How much each `slow_down` adds to the interval
/// ([RFC 8628 §3.5](https://www.rfc-editor.org/rfc/rfc8628#section-3.5)).
const SLOW_DOWN: Duration = Duration::from_secs(5);
/// The longest pause that doubling reaches.
const MAX_BACKOFF: Duration = Duration::from_secs(60);
const MAX_USER_CODE: usize = 64;
const MAX_URI: usize = 2048;

/// A pending sign-in on another device: what to show the user, and when to poll the token endpoint.
///
/// ```
/// use core::time::Duration;
/// use oauth2_app::App;
/// use wellspring_core::{Clocks, HttpResponse, Instant, ResponseHead, UnixTime};
///
/// let app = App::builder()
///     .device_authorization_url("https://server.example.com/device_authorization")
///     .token_url("https://server.example.com/token")
///     .client_id("1406020730")
///     .build()?;
/// let now = Clocks { instant: Instant::ORIGIN, unix: UnixTime::EPOCH };
///
/// let request = app.device_authorization()?;
/// assert_eq!(request.expose_body(), b"client_id=1406020730");
/// // The application sends the request and passes the answer:
/// let answer = r#"{"device_code":"GmRhm","user_code":"WDJB-MJHT","verification_uri":"https://example.com/device","expires_in":1800}"#;
/// let login = app.read_device_authorization(&HttpResponse::new(ResponseHead::new(200), answer), now)?;
///
/// assert_eq!((login.verification_uri(), login.user_code()), ("https://example.com/device", "WDJB-MJHT"));
/// assert_eq!(login.pause(), Duration::from_secs(5));
/// // After each pause, sign in with `login.grant()`. If that fails, pass the error to `login.poll_failed`.
/// # Ok::<(), wellspring_core::TokenError>(())
/// ```
#[must_use = "the device code exists only here"]
pub struct DeviceLogin {
    code: DeviceCode,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: Option<String>,
    interval: Duration,
    pause: Duration,
    /// Consecutive polls without an answer of the endpoint's own.
    failures: u32,
    expires: Instant,
}

impl DeviceLogin {
    /// The code that the user enters.
    #[must_use]
    pub fn user_code(&self) -> &str {
        &self.user_code
    }

    /// The URL at which the user enters the code, on any device.
    #[must_use]
    pub fn verification_uri(&self) -> &str {
        &self.verification_uri
    }

    /// The URL with the user code in it, for a link or a QR code. Show the user code beside it
    /// ([RFC 8628 §3.3.1](https://www.rfc-editor.org/rfc/rfc8628#section-3.3.1)).
    #[must_use]
    pub fn verification_uri_complete(&self) -> Option<&str> {
        self.verification_uri_complete.as_deref()
    }

    /// When the device code and the user code expire.
    #[must_use]
    pub const fn expires(&self) -> Instant {
        self.expires
    }

    /// How long to wait before the next poll, counted from the last answer.
    #[must_use]
    pub const fn pause(&self) -> Duration {
        self.pause
    }

    /// The grant that each poll sends.
    #[must_use]
    pub fn grant(&self) -> AuthorizationGrant {
        AuthorizationGrant::DeviceCode(self.code.clone())
    }

    /// Takes the error of a sign-in with [`grant`](Self::grant). `Ok` means: poll again after the next
    /// [`pause`](Self::pause) ([RFC 8628 §3.5](https://www.rfc-editor.org/rfc/rfc8628#section-3.5)).
    ///
    /// While the endpoint or the network is down, the pause grows. A store error ends the sign-in, because the server may
    /// have granted the token; so does a response that cannot be used and whose refresh token is kept, because the
    /// source has the session then.
    ///
    /// # Errors
    ///
    /// Fails if the sign-in has ended without a token. The error's code names the reason: `access_denied` if the user
    /// refused, `expired_token` if the codes expired first.
    pub fn poll_failed(&mut self, error: TokenError, now: Instant) -> Result<(), TokenError> {
        let is_transient = match error.kind() {
            // The server may have granted the session with a response that cannot be used, and kept is what it granted.
            _ if error.fate() == Fate::Dead => false,
            ErrorKind::Unavailable { .. } => true,
            ErrorKind::Protocol => error.is_transient(),
            _ => false,
        };
        match error.code() {
            _ if !is_transient => return Err(error),
            Some("authorization_pending") => self.failures = 0,
            Some("slow_down") => {
                self.failures = 0;
                self.interval = self.interval.saturating_add(SLOW_DOWN);
            }
            _ => self.failures = self.failures.saturating_add(1),
        }
        let doubled = self.interval.saturating_mul(1 << self.failures.min(16));
        let backoff = doubled.min(MAX_BACKOFF).max(self.interval);
        self.pause = backoff.max(error.retry_after().unwrap_or_default());
        if now.plus(self.pause) >= self.expires {
            return Err(expired());
        }
        Ok(())
    }
}

impl fmt::Debug for DeviceLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A reader of the log could enter the user code first, with another account.
        f.debug_struct("DeviceLogin")
            .field("verification_uri", &self.verification_uri)
            .field("pause", &self.pause)
            .finish_non_exhaustive()
    }
}

impl App {
    /// The request for a device code and a user code
    /// ([RFC 8628 §3.1](https://www.rfc-editor.org/rfc/rfc8628#section-3.1)).
    ///
    /// # Errors
    ///
    /// Fails if this app has no device authorization endpoint, or its grant type is client credentials.
    pub fn device_authorization(&self) -> Result<HttpRequest, TokenError> {
        let config = self.config();
        if config.grant == GrantType::ClientCredentials {
            return Err(TokenError::misconfigured(
                "this app signs no user in: its grant_type is client_credentials",
            ));
        }
        let url = config.device_authorization_url.as_deref().ok_or_else(|| {
            TokenError::misconfigured(
                "this app has no device authorization endpoint: set device_authorization_url",
            )
        })?;
        let form = Form::new().pair_if("scope", config.scope_text());
        let parameters = &config.authorize_parameters;
        let form = parameters.iter().fold(form, |form, (name, value)| form.pair(name.clone(), value));
        Ok(self.authenticated(url, form))
    }

    /// Reads the answer to [`device_authorization`](Self::device_authorization). `sent` is the time at which the request was
    /// sent; the codes' lifetime counts from it.
    ///
    /// # Errors
    ///
    /// Fails if the server refuses, or the answer's codes or URL cannot be shown to a user or sent in a poll.
    pub fn read_device_authorization(
        &self,
        response: &HttpResponse,
        sent: Clocks,
    ) -> Result<DeviceLogin, TokenError> {
        let object = response::successful(
            "device authorization endpoint",
            &self.format(),
            Body::of(response),
            response,
            sent.unix,
        )?;
        read(&object, sent.instant)
            // The answer holds the device code, so the error shows nothing of it.
            .map_err(|fault| TokenError::protocol(fault).with_status(response.status(), None))
    }
}

fn read(object: &Object, sent: Instant) -> Result<DeviceLogin, &'static str> {
    let code = text(object, "device_code")?.ok_or("the answer holds no device code")?;
    if !is_visible(code) {
        return Err("the device code has characters other than visible ASCII");
    }
    let user_code = text(object, "user_code")?.ok_or("the answer holds no user code")?;
    // The application prints the user code, so control characters are rejected.
    if user_code.len() > MAX_USER_CODE || !user_code.split(' ').all(is_visible) {
        return Err(
            "the user code has more than 64 characters or characters other than visible ASCII and spaces",
        );
    }
    // Google's name for the member is older than RFC 8628.
    let uri = match text(object, "verification_uri")? {
        Some(uri) => uri,
        None => text(object, "verification_url")?.ok_or("the answer holds no verification URI")?,
    };
    if !is_allowed_url(uri) {
        return Err("the verification URI is neither HTTPS nor plain HTTP to loopback");
    }
    let complete = text(object, "verification_uri_complete")?.filter(|uri| is_allowed_url(uri));
    let lifetime = seconds_of(only(object, "expires_in")?).filter(|lifetime| !lifetime.is_zero());
    let lifetime = lifetime.ok_or("the answer does not hold the lifetime of its codes")?;
    let interval = seconds_of(only(object, "interval")?).unwrap_or(DEFAULT_INTERVAL).max(MIN_INTERVAL);
    Ok(DeviceLogin {
        code: DeviceCode::new(code),
        user_code: user_code.to_owned(),
        verification_uri: uri.to_owned(),
        verification_uri_complete: complete.map(str::to_owned),
        interval,
        pause: interval,
        failures: 0,
        expires: sent.plus(lifetime),
    })
}

fn only<'a>(object: &'a Object, name: &str) -> Result<Option<&'a Json>, &'static str> {
    object.only(name).map_err(|_| "a member of the answer occurs twice")
}

fn text<'a>(object: &'a Object, name: &str) -> Result<Option<&'a str>, &'static str> {
    Ok(only(object, name)?.and_then(Json::as_text).filter(|text| !text.is_empty()))
}

fn is_visible(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether a user may be sent to this URL. A fragment is allowed, because the browser does not send it.
fn is_allowed_url(uri: &str) -> bool {
    let request = uri.split('#').next().unwrap_or_default();
    uri.len() <= MAX_URI && is_visible(uri) && Origin::of(request).is_ok()
}

fn expired() -> TokenError {
    TokenError::protocol("the code expired before the user signed in")
        .with_code("expired_token")
        .with_fate(Fate::Dead)
}
