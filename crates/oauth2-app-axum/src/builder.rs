//! Everything that can be said about a sign-in before it exists.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use http::Uri;
use oauth2_app::App;
use tower_sessions::SessionStore;
use wellspring_core::TokenError;
use wellspring_transport::Clock;
use wellspring_transport_async::TokenPool;

use crate::memory_sessions::MemorySessions;
use crate::next::Next;
use crate::pending::Pending;
use crate::sessions::Sessions;
use crate::sign_ins::SignIns;
use crate::web_login::{Parts, WebLogin};

/// Everything that can be said about a sign-in before it exists. All of it has a default.
#[must_use = "nothing happens before `build`"]
pub struct Builder {
    app: App,
    pool: TokenPool,
    clock: Clock,
    sessions: Option<Sessions>,
    session_lifetime: Duration,
    title: String,
    home: String,
    page: bool,
}

impl WebLogin {
    /// Starts to make a sign-in for the users of this app, whose tokens are in this pool, which was made from the same
    /// app: `TokenSource::builder(app).store(..).pool(move |user| app.for_user(user))`.
    pub fn builder(app: App, pool: TokenPool) -> Builder {
        Builder::new(app, pool)
    }
}

impl Builder {
    fn new(app: App, pool: TokenPool) -> Self {
        Self {
            app,
            pool,
            clock: Clock::system(),
            sessions: None,
            session_lifetime: Duration::from_secs(14 * 86_400),
            title: "Your account".to_owned(),
            home: "/".to_owned(),
            page: true,
        }
    }

    /// Keeps sessions there. Default: [`MemorySessions`], which ends with the process.
    pub fn sessions(mut self, store: impl SessionStore) -> Self {
        self.sessions = Some(Sessions::new(store));
        self
    }

    /// How long a browser stays signed in, counted from the sign-in. Default: fourteen days.
    pub const fn session_lifetime(mut self, lifetime: Duration) -> Self {
        self.session_lifetime = lifetime;
        self
    }

    /// The page's heading. Default: "Your account".
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// The path of the page, and of whatever else the browser is sent to with `?login=success` or `?error=`.
    /// Default: `/`.
    pub fn home(mut self, path: impl Into<String>) -> Self {
        self.home = path.into();
        self
    }

    /// No page: home is a route of one's own.
    pub const fn without_page(mut self) -> Self {
        self.page = false;
        self
    }

    /// Where the time is read for what is pending. Default: the machine's own clock.
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.clock = clock.into();
        self
    }

    /// Makes the sign-in.
    ///
    /// # Errors
    ///
    /// When the app signs nobody in, or the redirect URI or home is no path that a router can have.
    pub fn build(self) -> Result<WebLogin, TokenError> {
        let Some(redirect_uri) = self.app.redirect_uri() else {
            return Err(TokenError::misconfigured("this app signs nobody in: it has no redirect URI"));
        };
        let uri: Uri = redirect_uri
            .as_str()
            .parse()
            .map_err(|_| TokenError::misconfigured("the redirect URI cannot be a route"))?;
        if uri.query().is_some() {
            return Err(TokenError::misconfigured("the redirect URI must not have a query to be a route"));
        }
        let (callback_path, secure) = (uri.path().to_owned(), uri.scheme_str() == Some("https"));
        if !routable(&callback_path) || OURS.contains(&callback_path.as_str()) || callback_path == self.home {
            return Err(TokenError::misconfigured("the path of the redirect URI must be a route of its own"));
        }
        let home_is_path = Next::parse(&self.home).is_some() && !self.home.contains(['?', '#']);
        if !home_is_path || !routable(&self.home) || OURS.contains(&self.home.as_str()) {
            return Err(TokenError::misconfigured("home must be a path of its own, `/` say"));
        }
        let sessions = self
            .sessions
            .unwrap_or_else(|| Sessions::new(MemorySessions::default().clock(self.clock.clone())));
        Ok(WebLogin(Arc::new(Parts {
            pending: Pending::new(sessions.clone(), self.clock.clone()),
            sign_ins: SignIns::new(sessions.clone(), self.clock.clone()),
            app: self.app,
            pool: self.pool,
            clock: self.clock,
            sessions,
            session_lifetime: self.session_lifetime,
            callback_path,
            secure,
            title: self.title,
            home: self.home,
            page: self.page,
        })))
    }
}

/// Paths that have a meaning already.
const OURS: [&str; 6] = [
    "/auth/oauth/start",
    "/auth/logout",
    "/api/user/info",
    "/api/user/topup",
    crate::page::SCRIPT,
    crate::page::STYLE,
];

/// Not a pattern of axum's, nor what it would refuse with a panic.
fn routable(path: &str) -> bool {
    path.starts_with('/') && !path.contains(['{', '}']) && !path.contains("/:") && !path.contains("/*")
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("app", &self.app).field("pool", &self.pool).finish_non_exhaustive()
    }
}
