//! Signing in on another device ([RFC 8628](https://www.rfc-editor.org/rfc/rfc8628)): for machines without a browser.
//!
//! The server gives a code for a person to enter elsewhere, and a device code, which is sent to the token endpoint
//! again and again until that person has decided. When it is sent next is decided here; sending it is a sign-in like
//! any other, so that whatever drives it saves what it brings.

use core::fmt;
use core::time::Duration;

use wellspring_core::{
    AuthorizationGrant, Clocks, DeviceCode, ErrorKind, Fate, HttpRequest, HttpResponse, Instant, Origin,
    TokenError,
};
use wellspring_wire::{Body, ErrorBody, Form, Json, Object, seconds_of};

use crate::{App, GrantType, answer};

/// The pause between two polls where the server names none
/// ([RFC 8628 §3.2](https://www.rfc-editor.org/rfc/rfc8628#section-3.2)).
const INTERVAL: Duration = Duration::from_secs(5);
/// The least there is, whatever the server says: a poll without a pause would be a flood.
const SHORTEST: Duration = Duration::from_secs(1);
/// By how much each `slow_down` makes it longer
/// ([RFC 8628 §3.5](https://www.rfc-editor.org/rfc/rfc8628#section-3.5)).
const SLOW_DOWN: Duration = Duration::from_secs(5);
/// Beyond this a pause does not double any more.
const LONGEST_BACKOFF: Duration = Duration::from_secs(60);
/// The most characters of what a person is to read and type.
const LONGEST_USER_CODE: usize = 64;
const LONGEST_URI: usize = 2048;

/// A sign-in on another device under way: what to show the person, and when to ask whether they have decided.
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
/// // .. sent by the caller, who hands in the answer:
/// let answer = r#"{"device_code":"GmRhm","user_code":"WDJB-MJHT","verification_uri":"https://example.com/device","expires_in":1800}"#;
/// let login = app.read_device_authorization(&HttpResponse::new(ResponseHead::new(200), answer), now)?;
///
/// assert_eq!((login.verification_uri(), login.user_code()), ("https://example.com/device", "WDJB-MJHT"));
/// assert_eq!(login.pause(), Duration::from_secs(5));
/// // After each pause a sign-in with `login.spend()`; what it fails with goes to `login.go_on`.
/// # Ok::<(), wellspring_core::TokenError>(())
/// ```
#[must_use = "nobody else knows the device code"]
pub struct DeviceLogin {
    code: DeviceCode,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: Option<String>,
    interval: Duration,
    pause: Duration,
    /// Polls in a row that got no answer of the endpoint's own.
    failures: u32,
    expires: Instant,
}

impl DeviceLogin {
    /// What the person enters.
    #[must_use]
    pub fn user_code(&self) -> &str {
        &self.user_code
    }

    /// Where the person goes, on any device.
    #[must_use]
    pub fn verification_uri(&self) -> &str {
        &self.verification_uri
    }

    /// The same with the user code in it, for a link or a picture to be scanned; the code is shown beside it all the
    /// same ([RFC 8628 §3.3.1](https://www.rfc-editor.org/rfc/rfc8628#section-3.3.1)).
    #[must_use]
    pub fn verification_uri_complete(&self) -> Option<&str> {
        self.verification_uri_complete.as_deref()
    }

    /// When the codes end.
    #[must_use]
    pub const fn expires(&self) -> Instant {
        self.expires
    }

    /// How long to wait before the next poll, from the last answer.
    #[must_use]
    pub const fn pause(&self) -> Duration {
        self.pause
    }

    /// What a poll spends: the same each time.
    #[must_use]
    pub fn spend(&self) -> AuthorizationGrant {
        AuthorizationGrant::DeviceCode(self.code.clone())
    }

    /// What a sign-in with [`spend`](Self::spend) failed with: whether to ask again, after the next
    /// [`pause`](Self::pause) ([RFC 8628 §3.5](https://www.rfc-editor.org/rfc/rfc8628#section-3.5)).
    ///
    /// While the endpoint or the network is down, pauses grow. An error of the store's ends it, for the token may have
    /// been granted.
    ///
    /// # Errors
    ///
    /// When the sign-in is over without a token. The code of the error says why: `access_denied` is the person's no,
    /// `expired_token` that nobody came in time.
    pub fn go_on(&mut self, error: TokenError, now: Instant) -> Result<(), TokenError> {
        let is_passing = match error.kind() {
            ErrorKind::Unavailable { .. } => true,
            ErrorKind::Protocol => error.is_transient(),
            _ => false,
        };
        match error.code() {
            _ if !is_passing => return Err(error),
            Some("authorization_pending") => self.failures = 0,
            Some("slow_down") => {
                self.failures = 0;
                self.interval = self.interval.saturating_add(SLOW_DOWN);
            }
            _ => self.failures = self.failures.saturating_add(1),
        }
        let doubled = self.interval.saturating_mul(1 << self.failures.min(16));
        let backoff = doubled.min(LONGEST_BACKOFF).max(self.interval);
        self.pause = backoff.max(error.retry_after().unwrap_or_default());
        if now.plus(self.pause) >= self.expires {
            return Err(expired());
        }
        Ok(())
    }
}

impl fmt::Debug for DeviceLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whoever knows the user code could enter it first, as somebody else.
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
    /// When this app signs nobody in, or knows no endpoint for it.
    pub fn device_authorization(&self) -> Result<HttpRequest, TokenError> {
        let config = self.config();
        let url = config.device_authorization_url.as_deref();
        let Some(url) = url.filter(|_| config.grant == GrantType::AuthorizationCode) else {
            return Err(TokenError::misconfigured("this app knows no device authorization endpoint"));
        };
        let form = Form::new().pair_if("scope", config.scope_text());
        let parameters = &config.authorize_parameters;
        let form = parameters.iter().fold(form, |form, (name, value)| form.pair(name.clone(), value));
        Ok(self.authenticated(url, form))
    }

    /// Reads the answer to [`device_authorization`](Self::device_authorization), whose request was sent then: the
    /// codes live from there.
    ///
    /// # Errors
    ///
    /// When the server refuses, or what it says cannot be shown to a person or polled with.
    pub fn read_device_authorization(
        &self,
        response: &HttpResponse,
        sent: Clocks,
    ) -> Result<DeviceLogin, TokenError> {
        let format = self.format();
        let object = match Body::of(response) {
            Body::Object(object) if response.head().is_success() && !answer::has_error(&object) => object,
            Body::Object(said) => {
                return Err(format.refused(
                    &AuthorizationGrant::ClientCredentials,
                    response,
                    &ErrorBody::of(&said),
                    sent.unix,
                ));
            }
            Body::Unreadable(fault) => {
                return Err(format.unreadable(
                    &AuthorizationGrant::ClientCredentials,
                    response,
                    fault,
                    sent.unix,
                ));
            }
        };
        read(&object, sent.instant)
            // Nothing was spent; what else the answer holds is not shown.
            .map_err(|fault| TokenError::protocol(fault).with_status(response.status(), None))
    }
}

fn read(object: &Object, sent: Instant) -> Result<DeviceLogin, &'static str> {
    let code = text(object, "device_code")?.ok_or("the answer holds no device code")?;
    if !is_visible(code) {
        return Err("the device code holds white space or something else than visible ASCII");
    }
    let user_code = text(object, "user_code")?.ok_or("the answer holds no user code")?;
    // It goes to a terminal.
    if user_code.len() > LONGEST_USER_CODE || !user_code.split(' ').all(is_visible) {
        return Err("the user code is no code that a person could enter");
    }
    // Google's name for it is older than the standard.
    let uri = match text(object, "verification_uri")? {
        Some(uri) => uri,
        None => text(object, "verification_url")?.ok_or("the answer holds no verification URI")?,
    };
    if !can_be_visited(uri) {
        return Err("the verification URI is neither HTTPS nor plain HTTP to loopback");
    }
    let complete = text(object, "verification_uri_complete")?.filter(|uri| can_be_visited(uri));
    let lifetime = seconds_of(only(object, "expires_in")?).filter(|lifetime| !lifetime.is_zero());
    let lifetime = lifetime.ok_or("the answer does not say how long its codes live")?;
    let interval = seconds_of(only(object, "interval")?).unwrap_or(INTERVAL).max(SHORTEST);
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
    object.only(name).map_err(|_| "a member of the answer is there twice")
}

fn text<'a>(object: &'a Object, name: &str) -> Result<Option<&'a str>, &'static str> {
    Ok(only(object, name)?.and_then(Json::as_text).filter(|text| !text.is_empty()))
}

fn is_visible(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether a person may be sent there: a fragment, which no request carries, is no matter.
fn can_be_visited(uri: &str) -> bool {
    let request = uri.split('#').next().unwrap_or_default();
    uri.len() <= LONGEST_URI && is_visible(uri) && Origin::of(request).is_ok()
}

fn expired() -> TokenError {
    TokenError::protocol("nobody has signed in before the code expired")
        .with_code("expired_token")
        .with_fate(Fate::Dead)
}
