//! The signed-in user, as an extractor for the application's handlers.

use core::fmt;

use axum::extract::{FromRequestParts, OptionalFromRequestParts, OriginalUri};
use axum::response::{IntoResponse, Response};
use http::Method;
use http::request::Parts;
use oauth2_app::{App, UserInfo};
use tower_sessions::Session;
use wellspring_core::TokenError;
use wellspring_transport::Clock;
use wellspring_transport_async::{Body, IntoRequest, TokenSource};

use crate::account::call;
use crate::browser_session::BrowserSession;
use crate::headers::wants_page;
use crate::log::log_failure;
use crate::next::Next;
use crate::query::percent;
use crate::response::{not_authenticated, redirect, server_error};
use crate::web_login::WebLogin;

/// The signed-in user. Take it as an argument of a handler of the router that you pass to [`WebLogin::router`]; take an
/// `Option` of it in a handler that also serves users who are not signed in.
///
/// It proves that this browser completed a sign-in. Whether its tokens still work is known only when they are used.
#[derive(Clone)]
pub struct SignedIn {
    user: String,
    source: TokenSource,
    app: Option<App>,
    clock: Clock,
}

impl SignedIn {
    /// A user over any token source, for tests of your own handlers.
    #[must_use]
    pub fn over(user: impl Into<String>, source: TokenSource) -> Self {
        Self { user: user.into(), source, app: None, clock: Clock::system() }
    }

    /// Adds the app, which [`userinfo`](Self::userinfo) needs.
    #[must_use]
    pub fn with_app(self, app: App) -> Self {
        Self { app: Some(app), ..self }
    }

    /// Sends this request with the user's token. The token is renewed before it expires, and once more if it is
    /// refused.
    ///
    /// # Errors
    ///
    /// As [`TokenSource::send`]; `LoginRequired` if the user has to sign in again.
    pub async fn send(&self, request: impl IntoRequest) -> Result<http::Response<Body>, TokenError> {
        self.source.send(request).await
    }

    /// The user info. Each call asks the server.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), and if the app has no userinfo endpoint or its answer is not user info.
    pub async fn userinfo(&self) -> Result<UserInfo, TokenError> {
        let app = self.app.as_ref().ok_or_else(|| {
            TokenError::misconfigured("this `SignedIn` has no app: add one with `with_app`")
        })?;
        let answer = call(&self.source, &app.userinfo_request()?).await?;
        UserInfo::read(&answer, self.clock.now().unix)
    }

    /// The source of the user's tokens. Drop clones with the request: a clone keeps the source in the pool.
    #[must_use]
    pub const fn source(&self) -> &TokenSource {
        &self.source
    }

    /// The pool key of this sign-in. It stays the same until the user signs out or in again. Do not show it to the
    /// browser.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    async fn of(parts: &Parts) -> Result<Option<Self>, TokenError> {
        let (Some(login), Some(session)) =
            (parts.extensions.get::<WebLogin>(), parts.extensions.get::<Session>())
        else {
            return Err(TokenError::misconfigured(
                "the handler is not part of a router from `WebLogin::router`",
            ));
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
                // The request's full path, also if the handler is nested.
                let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
                let path = uri.path_and_query().map_or("/", |path| path.as_str());
                Err(NotSignedIn::Start { next: Next::parse(path).map(|next| next.as_str().to_owned()) })
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

    /// `None` if no user is signed in; an error only if the sessions cannot be read.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, NotSignedIn> {
        Self::of(parts).await.map_err(|error| {
            log_failure("session", &error);
            NotSignedIn::Unknown
        })
    }
}

/// The response to a request without a signed-in user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotSignedIn {
    /// The browser asked for a page: it is redirected to the sign-in, and back afterwards.
    Start {
        /// The path to come back to.
        next: Option<String>,
    },
    /// 401 `{"error":"Not authenticated"}`.
    Refused,
    /// The sessions cannot be read. 500 `{"error":"Server error"}`.
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
