//! Errors, by what the reader does next.
//!
//! One opaque error for the whole workspace. Its text has the endpoint's own code and message where there are any; the
//! code that reads them shortens them and removes secrets. The text never has the source's text.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use core::error::Error;
use core::fmt;
use core::time::Duration;

use crate::login_reason::LoginReason;
use crate::scope::Scope;
use crate::time::UnixTime;

#[cfg(wellspring_explore)]
mod explored;
mod fate;
mod subject;

pub use fate::Fate;
pub use subject::ErrorSubject;

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Send the user to sign in again.
    LoginRequired {
        /// Why.
        reason: LoginReason,
    },
    /// Call the operator: the client id, secret, certificate, scope or URL is refused or invalid.
    Misconfigured,
    /// The response is not a token response. The error has its status, content type, the provider's own code and message,
    /// and a redacted, bounded excerpt.
    Protocol,
    /// Wait: the endpoint or the network is down, or the endpoint asked for a pause.
    Unavailable {
        /// When the next attempt will be made; `None` when none is planned yet.
        retry_at: Option<UnixTime>,
    },
    /// Another caller or process is renewing and did not finish in time.
    Busy,
    /// The store failed; the text says what was saved and what was not.
    Store,
}

/// An error. Cheap to clone: every caller that waits for one exchange gets the same error.
#[derive(Clone, thiserror::Error)]
#[error(transparent)]
pub struct TokenError(Arc<Parts>);

#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", Sentence(self))]
struct Parts {
    kind: ErrorKind,
    fate: Fate,
    transient: bool,
    text: Cow<'static, str>,
    status: Option<u16>,
    content_type: Option<String>,
    code: Option<String>,
    description: Option<String>,
    snippet: Option<String>,
    retry_after: Option<Duration>,
    retry_at: Option<UnixTime>,
    /// The failure is of this process or this host: only this process pauses for it.
    local: bool,
    /// The refusal is no verdict on the credential or the grant.
    undecided: bool,
    subject: Option<ErrorSubject>,
    /// When the endpoint was asked.
    asked_at: Option<UnixTime>,
    /// The answer to an earlier request: the endpoint was not asked again.
    remembered: bool,
    #[source]
    source: Option<ErrorSource>,
}

impl TokenError {
    fn new(kind: ErrorKind, transient: bool, text: impl Into<Cow<'static, str>>) -> Self {
        Self(Arc::new(Parts {
            kind,
            fate: Fate::Unspent,
            transient,
            text: text.into(),
            status: None,
            content_type: None,
            code: None,
            description: None,
            snippet: None,
            retry_after: None,
            retry_at: None,
            local: false,
            undecided: false,
            subject: None,
            asked_at: None,
            remembered: false,
            source: None,
        }))
    }

    /// The user has to sign in again.
    #[must_use]
    pub fn login_required(reason: LoginReason) -> Self {
        Self::new(ErrorKind::LoginRequired { reason }, false, reason.text()).with_fate(Fate::Dead)
    }

    /// The user has signed in without these scopes, and has to sign in again.
    #[must_use]
    pub fn scope_missing(missing: &Scope) -> Self {
        let text = format!("the user has signed in without the scope {missing}, which is needed now");
        Self::login_required(LoginReason::ScopeMissing).edit(|parts| parts.text = text.into())
    }

    /// The operator has to change something; `text` says what, in one sentence without a secret.
    #[must_use]
    pub fn misconfigured(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Misconfigured, false, text)
    }

    /// The response breaks the protocol, and the next one will too.
    #[must_use]
    pub fn protocol(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Protocol, false, text)
    }

    /// The response came from an intermediary (a proxy, a firewall, a captive portal), which may go away soon.
    #[must_use]
    pub fn from_intermediary(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Protocol, true, text)
    }

    /// The endpoint or the network is down, or asked for a pause.
    #[must_use]
    pub fn unavailable(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Unavailable { retry_at: None }, true, text)
    }

    /// Another caller or process is renewing and did not finish in time.
    #[must_use]
    pub fn busy(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Busy, true, text)
    }

    /// The store failed; `text` says what was saved and what was not.
    #[must_use]
    pub fn store(text: impl Into<Cow<'static, str>>, transient: bool) -> Self {
        Self::new(ErrorKind::Store, transient, text)
    }

    fn edit(mut self, change: impl FnOnce(&mut Parts)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    /// The same error, with what happened to the grant.
    #[must_use]
    pub fn with_fate(self, fate: Fate) -> Self {
        self.edit(|parts| parts.fate = fate)
    }

    /// The same error, with the status and the content type of the response.
    #[must_use]
    pub fn with_status(self, status: u16, content_type: Option<&str>) -> Self {
        self.edit(|parts| {
            parts.status = Some(status);
            parts.content_type = content_type.map(ToString::to_string);
        })
    }

    /// The same error, with the provider's own code. It must hold no secret.
    #[must_use]
    pub fn with_code(self, code: impl Into<String>) -> Self {
        self.edit(|parts| parts.code = Some(code.into()))
    }

    /// The same error, with the provider's own message, already redacted and cut.
    #[must_use]
    pub fn with_description(self, description: impl Into<String>) -> Self {
        self.edit(|parts| parts.description = Some(description.into()))
    }

    /// The same error, with the start of the body, already redacted and cut.
    #[must_use]
    pub fn with_snippet(self, snippet: impl Into<String>) -> Self {
        self.edit(|parts| parts.snippet = Some(snippet.into()))
    }

    /// The same error, with the pause that the endpoint asked for.
    #[must_use]
    pub fn with_retry_after(self, pause: Duration) -> Self {
        self.edit(|parts| parts.retry_after = Some(pause))
    }

    /// The same error, as a failure of this process or this host: other processes do not pause for it.
    #[must_use]
    pub fn as_local(self) -> Self {
        self.edit(|parts| parts.local = true)
    }

    /// The same error, as a refusal that is no verdict on the credential or the grant: a gateway, a firewall or a deployment
    /// may have sent it. The source asks again after short pauses, and takes it for lasting after several of them.
    #[must_use]
    pub fn without_verdict(self) -> Self {
        self.edit(|parts| parts.undecided = true)
    }

    /// The same error, with what it is about.
    #[must_use]
    pub fn about(self, subject: ErrorSubject) -> Self {
        self.edit(|parts| parts.subject = Some(subject))
    }

    /// The same error, with when the endpoint was asked.
    #[must_use]
    pub(crate) fn with_asked_at(self, when: UnixTime) -> Self {
        self.edit(|parts| {
            parts.asked_at.get_or_insert(when);
        })
    }

    /// The same error, as the answer to an earlier request, if it is one.
    #[must_use]
    pub(crate) fn remembered(self) -> Self {
        self.edit(|parts| parts.remembered = parts.asked_at.is_some() && parts.retry_at.is_some())
    }

    /// The same error, as one that does not go away, in these words.
    #[must_use]
    pub(crate) fn lasting(self, text: String) -> Self {
        self.edit(|parts| (parts.transient, parts.text) = (false, text.into()))
    }

    /// The same error, of a response whose refresh token is kept.
    #[must_use]
    pub(crate) fn keeping_its_refresh_token(self) -> Self {
        self.edit(|parts| parts.text = [&parts.text, "; its refresh token is kept"].concat().into())
    }

    /// The same error, with what caused it. The source is never printed by this error.
    #[must_use]
    pub fn with_source(self, source: Arc<dyn Error + Send + Sync>) -> Self {
        self.edit(|parts| parts.source = Some(ErrorSource(source)))
    }

    /// The same error, with another one as its cause and with what the endpoint said there.
    #[must_use]
    pub(crate) fn caused_by(self, cause: Self) -> Self {
        let said = cause.0.clone();
        self.edit(|parts| {
            parts.status = said.status;
            parts.code.clone_from(&said.code);
            parts.description.clone_from(&said.description);
            parts.source = Some(ErrorSource(Arc::new(cause)));
        })
    }

    /// The same error, naming the next attempt.
    #[must_use]
    pub(crate) fn with_retry_at(self, when: UnixTime) -> Self {
        self.edit(|parts| {
            parts.retry_at = Some(when);
            if let ErrorKind::Unavailable { retry_at } = &mut parts.kind {
                *retry_at = Some(when);
            }
        })
    }

    /// What to do next.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What has become of the grant.
    #[must_use]
    pub fn fate(&self) -> Fate {
        self.0.fate
    }

    /// Whether the same call may succeed later without a change by the operator or the user.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.0.transient
    }

    /// Whether the response came from an intermediary (a proxy, a firewall, a captive portal).
    pub(crate) fn is_from_intermediary(&self) -> bool {
        self.kind() == ErrorKind::Protocol && self.is_transient()
    }

    /// Whether the failure is of this process or this host: nothing reached the server, and other processes do not pause
    /// for it.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.0.local
    }

    /// Whether the refusal is no verdict on the credential or the grant.
    #[must_use]
    pub fn is_without_verdict(&self) -> bool {
        self.0.undecided
    }

    /// What the error is about, where its kind and its code do not say it.
    #[must_use]
    pub fn subject(&self) -> Option<ErrorSubject> {
        self.0.subject
    }

    /// The sentence that says what went wrong, without what the endpoint said.
    pub(crate) fn text(&self) -> &str {
        &self.0.text
    }

    /// The status of the response, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The content type of the response, if it has one.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.0.content_type.as_deref()
    }

    /// The provider's own code, such as `invalid_client` or Hive's number.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The provider's own message, redacted and cut.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The start of a body that could not be read, redacted and cut.
    #[must_use]
    pub fn snippet(&self) -> Option<&str> {
        self.0.snippet.as_deref()
    }

    /// When the endpoint gave this answer, if the error is the memory of it: during a pause the endpoint is not asked again.
    /// [`next_attempt`](Self::next_attempt) says when it is. A sign-in asks at once; with client credentials that is a
    /// sign-in with [`AuthorizationGrant::ClientCredentials`](crate::AuthorizationGrant::ClientCredentials).
    #[must_use]
    pub fn remembered_since(&self) -> Option<UnixTime> {
        self.0.asked_at.filter(|_| self.0.remembered)
    }

    /// When the next attempt will be made; `None` if no time is set, or only a sign-in helps.
    #[must_use]
    pub fn next_attempt(&self) -> Option<UnixTime> {
        match self.0.kind {
            ErrorKind::LoginRequired { .. } => None,
            ErrorKind::Unavailable { retry_at } => retry_at.or(self.0.retry_at),
            _ => self.0.retry_at,
        }
    }

    /// The pause that the endpoint asked for.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }
}

/// What caused an error. It is shared, and it is the source itself, not a pointer to it, that a reader can downcast.
#[derive(Clone, Debug)]
pub(crate) struct ErrorSource(pub(crate) Arc<dyn Error + Send + Sync>);

impl core::ops::Deref for ErrorSource {
    type Target = dyn Error + Send + Sync;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

/// The sentence, then what the endpoint said.
struct Sentence<'a>(&'a Parts);

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.0;
        f.write_str(&parts.text)?;
        let mut open = " (";
        let mut detail = |f: &mut fmt::Formatter<'_>, name: &str, value: &dyn fmt::Display| {
            let lead = core::mem::replace(&mut open, ", ");
            write!(f, "{lead}{name}{value}")
        };
        if let Some(status) = &parts.status {
            detail(f, "status ", status)?;
        }
        if let Some(code) = &parts.code {
            detail(f, "code ", code)?;
        }
        if let Some(description) = &parts.description {
            detail(f, "", description)?;
        }
        if let Some(snippet) = &parts.snippet {
            detail(f, "body starts: ", snippet)?;
        }
        if open == ", " {
            f.write_str(")")?;
        }
        match (parts.asked_at.filter(|_| parts.remembered), parts.retry_at) {
            (Some(asked), Some(again)) if again.since(asked) >= WORTH_TELLING || !parts.transient => {
                let pause = Pause(again.since(asked));
                write!(f, "; not asked again before {again} ({pause} after this answer)")
            }
            _ => Ok(()),
        }
    }
}

/// A pause that may go away is told from this length on.
const WORTH_TELLING: Duration = Duration::from_secs(60);

/// A pause in the unit in which a person would tell it.
struct Pause(Duration);

impl fmt::Display for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_millis().div_ceil(1_000) {
            seconds @ 0..=119 => write!(f, "{seconds} s"),
            seconds => write!(f, "{} min", seconds / 60),
        }
    }
}

impl fmt::Debug for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenError")
            .field("kind", &self.0.kind)
            .field("fate", &self.0.fate)
            .field("text", &format_args!("{self}"))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
