//! Whoever signed in, for the handlers of one's own.

use core::fmt;

use axum::extract::{FromRequestParts, OptionalFromRequestParts, OriginalUri};
use axum::response::{IntoResponse, Response};
use http::Method;
use http::request::Parts;
use oauth2_app::{App, UserInfo};
use tower_sessions::Session;
use wellspring_core::TokenError;
use wellspring_transport::Clock;
use wellspring_transport_async::{Body, TokenSource};

use crate::account::call;
use crate::browser_session::BrowserSession;
use crate::headers::wants_page;
use crate::log::log_failure;
use crate::next::Next;
use crate::query::percent;
use crate::response::{not_authenticated, redirect, server_error};
use crate::web_login::WebLogin;

/// Whoever signed in. Take it as an argument of a handler of a router that [`WebLogin::router`] was given; as an
/// `Option` where the handler has something for everybody.
///
/// That somebody is signed in says that this browser came back with a code that brought tokens; whether the tokens are
/// still good is known when they are used.
#[derive(Clone)]
pub struct SignedIn {
    user: String,
    source: TokenSource,
    app: Option<App>,
    clock: Clock,
}

impl SignedIn {
    /// As if this user had signed in, for tests of one's own handlers.
    #[must_use]
    pub fn over(user: impl Into<String>, source: TokenSource) -> Self {
        Self { user: user.into(), source, app: None, clock: Clock::system() }
    }

    /// And as if it had signed in to this app: what [`userinfo`](Self::userinfo) asks for in tests.
    #[must_use]
    pub fn with_app(self, app: App) -> Self {
        Self { app: Some(app), ..self }
    }

    /// Sends this request with the user's token on it: renewed before it ends, and once more where it is refused.
    ///
    /// # Errors
    ///
    /// As [`TokenSource::send`]; `LoginRequired` where the user has to sign in again.
    pub async fn send<B: Into<Body>>(
        &self,
        request: http::Request<B>,
    ) -> Result<http::Response<Body>, TokenError> {
        self.source.send(request).await
    }

    /// Who it is, as the server tells it: asked for anew each time.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send); when the app knows no userinfo endpoint, or what it says is no user info.
    pub async fn userinfo(&self) -> Result<UserInfo, TokenError> {
        let app =
            self.app.as_ref().ok_or_else(|| TokenError::misconfigured("no app is known here: `with_app`"))?;
        let answer = call(&self.source, &app.userinfo_request()?).await?;
        UserInfo::read(&answer, self.clock.now().unix)
    }

    /// The source of the user's tokens. Not to be kept beyond the request: to hold it keeps it in the pool.
    #[must_use]
    pub const fn source(&self) -> &TokenSource {
        &self.source
    }

    /// The name of this sign-in in the pool: the same until the user signs out or in again, and told to nobody.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    async fn of(parts: &Parts) -> Result<Option<Self>, TokenError> {
        let (Some(login), Some(session)) =
            (parts.extensions.get::<WebLogin>(), parts.extensions.get::<Session>())
        else {
            return Err(TokenError::misconfigured("this route is not behind `WebLogin::router`"));
        };
        let Some(user) = BrowserSession(session).user(login.sign_ins()).await? else { return Ok(None) };
        let source = login.pool().source(&user)?;
        Ok(Some(Self { user, source, app: Some(login.app().clone()), clock: login.clock().clone() }))
    }
}

impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedIn").field("source", &self.source).finish_non_exhaustive()
    }
}

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = NotSignedIn;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, NotSignedIn> {
        match Self::of(parts).await {
            Ok(Some(signed_in)) => Ok(signed_in),
            Ok(None) if parts.method == Method::GET && wants_page(&parts.headers) => {
                // Of the whole site, and not of the part that this handler is nested in.
                let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |whole| &whole.0);
                let here = uri.path_and_query().map_or("/", |here| here.as_str());
                Err(NotSignedIn::Start { next: Next::parse(here).map(|next| next.as_str().to_owned()) })
            }
            Ok(None) => Err(NotSignedIn::Refused),
            Err(error) => {
                log_failure("session", &error);
                Err(NotSignedIn::Unknown)
            }
        }
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for SignedIn {
    type Rejection = NotSignedIn;

    /// Nobody, where nobody is signed in; an error only where nobody knows.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, NotSignedIn> {
        Self::of(parts).await.map_err(|error| {
            log_failure("session", &error);
            NotSignedIn::Unknown
        })
    }
}

/// What a visitor who is not signed in gets instead of a handler's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotSignedIn {
    /// A page was asked for: the browser is sent to sign in, and back here afterwards.
    Start {
        /// Here.
        next: Option<String>,
    },
    /// 401 `{"error":"Not authenticated"}`.
    Refused,
    /// Nobody knows: the sessions cannot be read. 500 `{"error":"Server error"}`.
    Unknown,
}

impl IntoResponse for NotSignedIn {
    fn into_response(self) -> Response {
        match self {
            Self::Start { next: Some(next) } => {
                redirect(&format!("/auth/oauth/start?next={}", percent(&next)))
            }
            Self::Start { next: None } => redirect("/auth/oauth/start"),
            Self::Refused => not_authenticated(),
            Self::Unknown => server_error(),
        }
    }
}
