//! The signed-in user, as an extractor for the application's handlers.

use core::fmt;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::Method;
use http::request::Parts;
use oauth2_app::{App, IdClaims, UserInfo};
use wellspring_core::{TokenError, UnixTime};
use wellspring_transport::Clock;
use wellspring_transport_async::{Body, IntoRequest, TokenSource};

use crate::call::call;
use crate::events;
use crate::headers::is_navigation;
use crate::layer::Shared;
use crate::not_signed_in::NotSignedIn;
use crate::web_login::WebLogin;

/// The signed-in user. Take it as an argument of a handler of the router that you pass to [`WebLogin::router`]; take an
/// `Option` of it in a handler that also serves users who are not signed in.
///
/// It proves that this browser completed a sign-in. Whether its tokens still work is known only when they are used.
#[derive(Clone)]
pub struct SignedIn {
    user: String,
    provider: String,
    user_id: Option<String>,
    claims: Option<IdClaims>,
    since: UnixTime,
    fresh: bool,
    source: TokenSource,
    app: Option<App>,
    clock: Clock,
}

impl SignedIn {
    /// A user over any token source, for tests of your own handlers. The provider's name is `default`.
    ///
    /// ```
    /// use oauth2_app_axum::SignedIn;
    /// use wellspring_transport_async::TokenSource;
    ///
    /// let user = SignedIn::over("key", TokenSource::fixed("token")).with_user_id("42");
    /// assert_eq!(user.user_id(), Some("42"));
    /// assert_eq!(user.subject(), None);
    /// ```
    #[must_use]
    pub fn over(user: impl Into<String>, source: TokenSource) -> Self {
        Self {
            user: user.into(),
            provider: "default".to_owned(),
            user_id: None,
            claims: None,
            since: UnixTime::from_secs(0),
            fresh: false,
            source,
            app: None,
            clock: Clock::system(),
        }
    }

    /// Adds the app, which [`userinfo`](Self::userinfo) needs.
    #[must_use]
    pub fn with_app(self, app: App) -> Self {
        Self { app: Some(app), ..self }
    }

    /// Adds the application's own id of the user.
    #[must_use]
    pub fn with_user_id(self, id: impl Into<String>) -> Self {
        Self { user_id: Some(id.into()), ..self }
    }

    /// Adds the claims of an id_token.
    #[must_use]
    pub fn with_claims(self, claims: IdClaims) -> Self {
        Self { claims: Some(claims), ..self }
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

    /// The application's own id of the user, which the hook of [`Builder::on_sign_in`](crate::Builder::on_sign_in) gave.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        self.user_id.as_deref()
    }

    /// The claims of the id_token of the sign-in, as they were verified then. `None` if the server sent no id_token or the
    /// app has no issuer and no key set.
    #[must_use]
    pub const fn claims(&self) -> Option<&IdClaims> {
        self.claims.as_ref()
    }

    /// The server's id of the user: the claim `sub` of the id_token. It is unique only within one issuer, so keep
    /// [`provider`](Self::provider) beside it.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.claims.as_ref().map(IdClaims::subject)
    }

    /// The name of the provider that the user has signed in with.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// When the user has signed in.
    #[must_use]
    pub const fn since(&self) -> UnixTime {
        self.since
    }

    /// Whether the sign-in is seconds old, so that another one is of no use.
    pub(crate) const fn is_fresh(&self) -> bool {
        self.fresh
    }

    pub(crate) const fn app(&self) -> Option<&App> {
        self.app.as_ref()
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
        let (Some(login), Some(shared)) =
            (parts.extensions.get::<WebLogin>(), parts.extensions.get::<Shared>())
        else {
            return Err(TokenError::misconfigured(
                "the handler is not part of a router from `WebLogin::router`",
            ));
        };
        shared.show_user();
        let Some(session) = login.session(&parts.headers).await? else { return Ok(None) };
        // A provider that the application no longer has.
        let Some(provider) = login.provider(&session.provider) else { return Ok(None) };
        Ok(Some(Self {
            source: provider.pool.source(&session.user)?,
            app: Some(provider.app.clone()),
            clock: login.clock().clone(),
            fresh: login.is_fresh(&session),
            user: session.user,
            provider: session.provider,
            user_id: session.user_id,
            claims: session.claims,
            since: session.since,
        }))
    }
}

impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let provider = &self.provider;
        f.debug_struct("SignedIn")
            .field("provider", provider)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = NotSignedIn;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, NotSignedIn> {
        match Self::of(parts).await {
            Ok(Some(signed_in)) => Ok(signed_in),
            Ok(None) if parts.method == Method::GET && is_navigation(&parts.headers) => {
                // The request's full path, also if the handler or the whole router is nested.
                let login = parts.extensions.get::<WebLogin>();
                let shared = parts.extensions.get::<Shared>();
                let next = login.zip(shared).and_then(|(login, shared)| {
                    let placement = login.placement();
                    placement.next(&placement.outside(&shared.path))
                });
                Err(NotSignedIn::Start { next: next.map(|next| next.as_str().to_owned()) })
            }
            Ok(None) => Err(NotSignedIn::Refused),
            Err(error) => {
                events::failed("session", None, &error);
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
            events::failed("session", None, &error);
            NotSignedIn::Unknown
        })
    }
}
