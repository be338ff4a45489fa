//! Builds a [`WebLogin`]: its settings, their defaults, and the checks on them.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use http::Uri;
use oauth2_app::App;
use tower_sessions::SessionStore;
use wellspring_core::TokenError;
use wellspring_transport::Clock;
use wellspring_transport_async::TokenPool;

use crate::account_page::AccountPage;
use crate::memory_sessions::MemorySessions;
use crate::next::Next;
use crate::pending::Pending;
use crate::sessions::Sessions;
use crate::sign_ins::SignIns;
use crate::web_login::{Parts, WebLogin};

/// Builds a [`WebLogin`]. Every setting has a default.
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
    account_page: AccountPage,
}

impl WebLogin {
    /// Starts building a sign-in for the users of this app. The pool holds their tokens and must be built from the same
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
            account_page: AccountPage::new(),
        }
    }

    /// The store of sessions. Default: [`MemorySessions`], which ends with the process.
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

    /// The path of the page, to which the browser is redirected with `?login=success` or `?error=`. Default: `/`.
    pub fn home(mut self, path: impl Into<String>) -> Self {
        self.home = path.into();
        self
    }

    /// What the page shows of the account. Default: the user's name.
    pub fn account_page(mut self, page: AccountPage) -> Self {
        self.account_page = page;
        self
    }

    /// Serves no page: the application handles the home path itself.
    pub const fn without_page(mut self) -> Self {
        self.page = false;
        self
    }

    /// The clock for the lifetimes of sign-ins. Default: the machine's own clock.
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.clock = clock.into();
        self
    }

    /// Builds the sign-in.
    ///
    /// # Errors
    ///
    /// If the app has no redirect URI, or if the redirect URI or the home path cannot be a route.
    pub fn build(self) -> Result<WebLogin, TokenError> {
        let Some(redirect_uri) = self.app.redirect_uri() else {
            return Err(TokenError::misconfigured(
                "the app has no redirect URI: set one so that users can sign in",
            ));
        };
        let uri: Uri = redirect_uri.as_str().parse().map_err(|_| {
            TokenError::misconfigured("the redirect URI is not a URI that a router can serve")
        })?;
        if uri.query().is_some() {
            return Err(TokenError::misconfigured(
                "the redirect URI must not have a query: a route cannot have one",
            ));
        }
        let (callback_path, secure) = (uri.path().to_owned(), uri.scheme_str() == Some("https"));
        if !routable(&callback_path)
            || RESERVED.contains(&callback_path.as_str())
            || callback_path == self.home
        {
            return Err(TokenError::misconfigured("the path of the redirect URI must be a route of its own"));
        }
        let home_is_path = Next::parse(&self.home).is_some() && !self.home.contains(['?', '#']);
        if !home_is_path || !routable(&self.home) || RESERVED.contains(&self.home.as_str()) {
            return Err(TokenError::misconfigured(
                "the home path must be a route of its own, for example `/`",
            ));
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
            account_page: self.account_page,
        })))
    }
}

/// The paths of the other routes.
const RESERVED: [&str; 5] =
    ["/auth/oauth/start", "/auth/logout", "/api/user/info", crate::page::SCRIPT, crate::page::STYLE];

/// Whether axum takes the path literally: no pattern, and nothing that makes it panic.
fn routable(path: &str) -> bool {
    path.starts_with('/') && !path.contains(['{', '}']) && !path.contains("/:") && !path.contains("/*")
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("app", &self.app).field("pool", &self.pool).finish_non_exhaustive()
    }
}
