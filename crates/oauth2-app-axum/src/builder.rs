//! Builds a [`WebLogin`]: its settings, their defaults, and the checks on them.

use core::fmt;
use core::future::Future;
use core::time::Duration;
use std::sync::Arc;

use oauth2_app::App;
use sha2::{Digest as _, Sha256};
use tower_sessions_core::SessionStore;
use wellspring_core::TokenError;
use wellspring_transport::Clock;
use wellspring_transport_async::TokenPool;

use crate::account_page::AccountPage;
use crate::cookies;
use crate::flights::Flights;
use crate::headers;
use crate::hook::{Accepted, Hook, Refused};
use crate::identity::{Identity, SignInAttempt};
use crate::memory_sessions::MemorySessions;
use crate::pending::Attempts;
use crate::pending_cookie::PendingCookies;
use crate::placement::{Paths, Placement};
use crate::provider::{self, Provider};
use crate::random::hex;
use crate::session::SignIns;
use crate::sessions::Sessions;
use crate::web_login::{Parts, WebLogin};

/// Builds a [`WebLogin`]. Every setting has a default.
#[must_use = "nothing happens before `build`"]
pub struct Builder {
    providers: Vec<Added>,
    clock: Clock,
    sessions: Option<Arc<dyn SessionStore>>,
    session_lifetime: Duration,
    cookie_name: Option<String>,
    paths: Paths,
    mounted_at: String,
    hook: Option<Hook>,
    patience: Duration,
    after_sign_out: Option<String>,
    title: String,
    page: bool,
    account_page: AccountPage,
}

/// A provider, not yet checked.
struct Added {
    name: String,
    label: String,
    app: App,
    pool: TokenPool,
    form_post: bool,
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
        let first =
            Added { name: "default".to_owned(), label: "Sign in".to_owned(), app, pool, form_post: false };
        Self {
            providers: vec![first],
            clock: Clock::system(),
            sessions: None,
            session_lifetime: Duration::from_secs(14 * 86_400),
            cookie_name: None,
            paths: Paths::new(),
            mounted_at: String::new(),
            hook: None,
            patience: Duration::from_secs(2),
            after_sign_out: None,
            title: "Your account".to_owned(),
            page: true,
            account_page: AccountPage::new(),
        }
    }

    /// Adds a provider, with its own app and pool. Users choose with a button on the page, links with `?with=NAME` at the
    /// start. Its redirect URI may be that of another provider, and must be of the same host.
    ///
    /// Several providers should have redirect URIs of their own or issuers that they announce
    /// ([RFC 9207](https://www.rfc-editor.org/rfc/rfc9207)): otherwise a malicious one of them can pass a code of another
    /// one on to itself ([RFC 9700 §4.4](https://www.rfc-editor.org/rfc/rfc9700#section-4.4)).
    pub fn provider(
        mut self,
        name: impl Into<String>,
        label: impl Into<String>,
        app: App,
        pool: TokenPool,
    ) -> Self {
        self.providers.push(Added { name: name.into(), label: label.into(), app, pool, form_post: false });
        self
    }

    /// The name and the label of the provider added last. The name stands in `?with=`, in
    /// [`SignedIn::provider`](crate::SignedIn::provider) and in events: letters, digits, `-`, `_` and `.`. The label stands
    /// on its button. Default: `default` and "Sign in".
    pub fn named(mut self, name: impl Into<String>, label: impl Into<String>) -> Self {
        if let Some(last) = self.providers.last_mut() {
            (last.name, last.label) = (name.into(), label.into());
        }
        self
    }

    /// The provider added last answers with a form that the browser posts
    /// ([`response_mode=form_post`](https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html)). It needs HTTPS:
    /// the cookie of its pending sign-ins must be sent with the form of another site.
    pub fn form_post(mut self) -> Self {
        if let Some(last) = self.providers.last_mut() {
            last.form_post = true;
        }
        self
    }

    /// The store of sessions. Default: [`MemorySessions`], which ends with the process.
    pub fn sessions(mut self, store: impl SessionStore) -> Self {
        self.sessions = Some(Arc::new(store));
        self
    }

    /// How long a browser stays signed in, counted from the sign-in. Default: fourteen days.
    pub const fn session_lifetime(mut self, lifetime: Duration) -> Self {
        self.session_lifetime = lifetime;
        self
    }

    /// The name of the session's cookie. Default: `signed-in-` and eight digits that follow from the client id and the redirect URI,
    /// so that two sites on one host keep apart. Under HTTPS `__Host-` is put before it.
    pub fn cookie_name(mut self, name: impl Into<String>) -> Self {
        self.cookie_name = Some(name.into());
        self
    }

    /// The paths of the routes.
    pub fn paths(mut self, paths: Paths) -> Self {
        self.paths = paths;
        self
    }

    /// The path under which browsers see the router, for example `/app`: that of `Router::nest("/app", login.router(..))`, or
    /// of a proxy that removes it. All links and redirects get it, and the redirect URI must be below it. Default: none.
    pub fn mounted_at(mut self, path: impl Into<String>) -> Self {
        self.mounted_at = path.into();
        self
    }

    /// Where the authorization server sends the browser after a sign-out, if it ends sessions itself
    /// ([OpenID Connect RP-Initiated Logout 1.0](https://openid.net/specs/openid-connect-rpinitiated-1_0.html)). It must be
    /// registered there. Default: the server decides.
    pub fn after_sign_out(mut self, url: impl Into<String>) -> Self {
        self.after_sign_out = Some(url.into());
        self
    }

    /// How long a person waits for the authorization server: for the user info on the page, and for the revocation of a
    /// sign-out, which goes on afterwards. Default: two seconds.
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Asks the application about each sign-in, after the code was exchanged and before the session is written. It may
    /// refuse the user, and may give the user an id of its own.
    ///
    /// ```
    /// # use oauth2_app::App;
    /// # use oauth2_app_axum::WebLogin;
    /// # use wellspring_store::MemoryStore;
    /// # use wellspring_transport_async::TokenSource;
    /// use oauth2_app_axum::{Accepted, Refused};
    ///
    /// # fn main() -> Result<(), wellspring_core::TokenError> {
    /// # let app = App::builder().authorize_url("https://server.example.com/authorize")
    /// #     .token_url("https://server.example.com/token").userinfo_url("https://server.example.com/userinfo")
    /// #     .client_id("c").client_secret("s").redirect_uri("https://yourapp.com/oauth/callback").build()?;
    /// # let users = app.clone();
    /// # let pool = TokenSource::builder(app.clone()).store(MemoryStore::open()).pool(move |user| users.for_user(user))?;
    /// let login = WebLogin::builder(app, pool).on_sign_in(|attempt| async move {
    ///     let user = attempt.userinfo().await?;
    ///     match user.email {
    ///         Some(email) => Ok(Accepted::user_id(email)),
    ///         None => Err(Refused::because("This site needs your e-mail address.")),
    ///     }
    /// });
    /// assert!(login.build().is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_sign_in<F, D>(mut self, hook: F) -> Self
    where
        F: Fn(SignInAttempt) -> D + Send + Sync + 'static,
        D: Future<Output = Result<Accepted, Refused>> + Send + 'static,
    {
        self.hook = Some(Hook::new(hook));
        self
    }

    /// The page's heading. Default: "Your account".
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// What the page shows of the account. Default: the user's name.
    pub fn account_page(mut self, page: AccountPage) -> Self {
        self.account_page = page;
        self
    }

    /// Serves no page: the application handles the path of the page itself.
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
    /// If an app has no redirect URI, a path cannot be a route or two routes have one path, the redirect URIs are of two hosts,
    /// one with a form is not HTTPS, or a name cannot be used.
    pub fn build(self) -> Result<WebLogin, TokenError> {
        let placement = Placement::new(self.paths, &self.mounted_at)?;
        let mut providers: Vec<Arc<Provider>> = Vec::new();
        for Added { name, label, app, pool, form_post } in self.providers {
            let known = providers.iter().any(|provider| provider.name == name);
            if known || !provider::is_name(&name) {
                return Err(TokenError::misconfigured(format!(
                    "`{name}` cannot be the name of a provider: give each its own, of letters, digits, `-`, `_` and `.`"
                )));
            }
            let identity = Identity::new(app.clone(), self.clock.clone());
            let one = Provider::new((name, label), (app, pool), identity, form_post, &placement)?;
            if providers.first().is_some_and(|first| first.site != one.site) {
                return Err(TokenError::misconfigured(
                    "all redirect URIs of a site must have one scheme, one host and one port: the browser sends its \
                     cookie to one host only",
                ));
            }
            providers.push(Arc::new(one));
        }
        let first = &providers[0];
        let name = self.cookie_name.unwrap_or_else(|| own_cookie_name(first));
        let cookie = format!("{}{name}", if first.site.secure { "__Host-" } else { "" });
        if !cookies::is_name(&cookie) {
            return Err(TokenError::misconfigured(format!("`{name}` cannot be the name of a cookie")));
        }
        let sign_outs: Vec<_> = providers.iter().filter_map(|provider| provider.sign_out_origin()).collect();
        let policy = headers::policy(sign_outs.iter().map(String::as_str));
        let store =
            self.sessions.unwrap_or_else(|| Arc::new(MemorySessions::default().clock(self.clock.clone())));
        let sessions = Sessions::new(store, self.clock);
        Ok(WebLogin(Arc::new(Parts {
            attempts: Attempts::new(sessions.clone()),
            sign_ins: SignIns::new(sessions.clone(), self.session_lifetime),
            flights: Flights::default(),
            pending_cookies: PendingCookies::new(&cookie, first.site.secure),
            sessions,
            cookie,
            placement,
            providers,
            hook: self.hook,
            patience: self.patience,
            after_sign_out: self.after_sign_out,
            policy,
            title: self.title,
            page: self.page,
            account_page: self.account_page,
        })))
    }
}

fn own_cookie_name(provider: &Provider) -> String {
    let client = provider.app.client_id();
    let hash = Sha256::digest(format!("{client} {}", provider.redirect_uri.as_str()));
    format!("signed-in-{}", hex(&hash[..4]))
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.providers.iter().map(|added| &added.name).collect();
        f.debug_struct("Builder").field("providers", &names).finish_non_exhaustive()
    }
}
