//! Where the routes are: their paths as the router sees them, and the prefix under which browsers see the router.

use http::Uri;
use wellspring_core::TokenError;

use crate::next::Next;

/// The paths of the routes, as the router sees them. [`Builder::mounted_at`](crate::Builder::mounted_at) adds a prefix
/// to all links and redirects.
///
/// ```
/// use oauth2_app_axum::Paths;
///
/// let paths = Paths::new().page("/account").start("/sign-in").sign_out("/sign-out");
/// // WebLogin::builder(app, pool).paths(paths)
/// # let _ = paths;
/// ```
#[must_use = "pass it to `Builder::paths`"]
#[derive(Clone, Debug)]
pub struct Paths {
    pub(crate) page: String,
    pub(crate) start: String,
    pub(crate) user_info: String,
    pub(crate) sign_out: String,
    pub(crate) script: String,
    pub(crate) style: String,
}

impl Default for Paths {
    fn default() -> Self {
        Self::new()
    }
}

impl Paths {
    /// The default paths.
    pub fn new() -> Self {
        Self {
            page: "/".to_owned(),
            start: "/auth/oauth/start".to_owned(),
            user_info: "/api/user/info".to_owned(),
            sign_out: "/auth/logout".to_owned(),
            script: "/auth/oauth/page.js".to_owned(),
            style: "/auth/oauth/page.css".to_owned(),
        }
    }

    /// The page, and where the browser goes with `?login=success` or `?error=`. Default: `/`.
    pub fn page(mut self, path: impl Into<String>) -> Self {
        self.page = path.into();
        self
    }

    /// `GET`: starts a sign-in. Default: `/auth/oauth/start`.
    pub fn start(mut self, path: impl Into<String>) -> Self {
        self.start = path.into();
        self
    }

    /// `GET`: the user info as JSON. Default: `/api/user/info`.
    pub fn user_info(mut self, path: impl Into<String>) -> Self {
        self.user_info = path.into();
        self
    }

    /// `POST`: signs out. Default: `/auth/logout`.
    pub fn sign_out(mut self, path: impl Into<String>) -> Self {
        self.sign_out = path.into();
        self
    }

    /// The page's script. Default: `/auth/oauth/page.js`.
    pub fn script(mut self, path: impl Into<String>) -> Self {
        self.script = path.into();
        self
    }

    /// The page's style sheet. Default: `/auth/oauth/page.css`.
    pub fn style(mut self, path: impl Into<String>) -> Self {
        self.style = path.into();
        self
    }

    fn all(&self) -> [(&'static str, &str); 6] {
        [
            ("page", &self.page),
            ("start", &self.start),
            ("user info", &self.user_info),
            ("sign-out", &self.sign_out),
            ("script", &self.script),
            ("style", &self.style),
        ]
    }
}

/// The checked paths, and the prefix.
pub(crate) struct Placement {
    pub(crate) paths: Paths,
    /// What browsers put before each path: empty, or `/app`.
    prefix: String,
    /// The page as browsers see it.
    home: String,
}

impl Placement {
    pub(crate) fn new(paths: Paths, mounted_at: &str) -> Result<Self, TokenError> {
        for (name, path) in paths.all() {
            if !is_route(path) {
                return Err(TokenError::misconfigured(format!(
                    "the path of the {name} route must begin with a slash and hold no query and no pattern, for \
                     example `/sign-in`: it is `{path}`"
                )));
            }
            let same = paths.all().into_iter().find(|(other, known)| *known == path && *other != name);
            if let Some((other, _)) = same {
                return Err(TokenError::misconfigured(format!(
                    "the {name} route and the {other} route have the same path, `{path}`: give each its own"
                )));
            }
        }
        let prefix = mounted_at.trim_end_matches('/').to_owned();
        if !mounted_at.is_empty() && !is_route(mounted_at) {
            return Err(TokenError::misconfigured(format!(
                "the router is mounted at a path such as `/app`, which `{mounted_at}` is not"
            )));
        }
        let home = match (paths.page.as_str(), mounted_at) {
            // `Router::nest("/app", ..)` serves `/app`, and no `/app/`.
            ("/", mounted_at) if !prefix.is_empty() => mounted_at.to_owned(),
            (page, _) => format!("{prefix}{page}"),
        };
        Ok(Self { paths, prefix, home })
    }

    /// The route of a redirect URI: its path without the prefix.
    pub(crate) fn callback_route(&self, redirect_uri: &Uri) -> Result<String, TokenError> {
        let path = redirect_uri.path();
        let Some(route) = path.strip_prefix(&self.prefix).filter(|route| route.starts_with('/')) else {
            return Err(TokenError::misconfigured(format!(
                "the router is mounted at `{}`, and the redirect URI's path `{path}` is not below it",
                self.prefix
            )));
        };
        if redirect_uri.query().is_some() {
            return Err(TokenError::misconfigured(
                "the redirect URI must not have a query: a route cannot have one",
            ));
        }
        let taken = self.paths.all().into_iter().find(|(_, known)| *known == route);
        match taken {
            None if is_route(route) => Ok(route.to_owned()),
            None => Err(TokenError::misconfigured(format!(
                "a route cannot have the redirect URI's path `{path}`"
            ))),
            Some((name, _)) => Err(TokenError::misconfigured(format!(
                "the redirect URI has the path of the {name} route, `{path}`: give one of them another path"
            ))),
        }
    }

    /// A path of the router, as browsers see it.
    pub(crate) fn outside(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// The page, as browsers see it.
    pub(crate) fn home(&self) -> &str {
        &self.home
    }

    /// The start of a sign-in, as browsers see it.
    pub(crate) fn start(&self) -> String {
        self.outside(&self.paths.start)
    }

    /// A path of this site to go to after the sign-in. The start of a sign-in is none: it would loop.
    pub(crate) fn next(&self, text: &str) -> Option<Next> {
        let path = text.split(['?', '#']).next().unwrap_or_default();
        Next::parse(text).filter(|_| path != self.start())
    }
}

/// Whether axum takes the path literally: no pattern, nothing that makes it panic, and nothing that a browser changes.
fn is_route(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"{}?#\\\"<>`".contains(&byte);
    let pattern = path.contains("/:") || path.contains("/*") || path.contains("//");
    path.starts_with('/') && path.bytes().all(plain) && !pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(mounted_at: &str) -> Placement {
        Placement::new(Paths::new(), mounted_at).unwrap()
    }

    #[test]
    fn a_prefix_stands_before_every_path_that_a_browser_sees() {
        for (mounted_at, home, start) in [
            ("", "/", "/auth/oauth/start"),
            ("/app", "/app", "/app/auth/oauth/start"),
            ("/app/", "/app/", "/app/auth/oauth/start"),
            ("/a/b", "/a/b", "/a/b/auth/oauth/start"),
        ] {
            let placed = placed(mounted_at);
            assert_eq!((placed.home(), placed.start().as_str()), (home, start), "{mounted_at}");
        }
        assert_eq!(Placement::new(Paths::new().page("/me"), "/app").unwrap().home(), "/app/me");
    }

    #[test]
    fn the_callback_route_is_the_redirect_uris_path_below_the_prefix() {
        for (mounted_at, uri, route) in [
            ("", "https://a.example/oauth/callback", Some("/oauth/callback")),
            ("/app", "https://a.example/app/cb", Some("/cb")),
            ("/app", "https://a.example/cb", None),
            ("/app", "https://a.example/apple/cb", None),
            ("/app", "https://a.example/app", None),
            ("", "https://a.example/cb?x=y", None),
            ("", "https://a.example/", None),
            ("", "https://a.example/api/user/info", None),
            ("", "https://a.example/{a}", None),
        ] {
            let found = placed(mounted_at).callback_route(&uri.parse().unwrap());
            assert_eq!(found.as_deref().ok(), route, "{mounted_at} {uri}");
        }
    }

    #[test]
    fn two_routes_of_one_path_and_paths_that_are_no_routes_are_refused() {
        assert!(Placement::new(Paths::new().start("/auth/logout"), "").is_err());
        for path in ["", "account", "//evil.example", "/a?b", "/a#b", "/*x", "/:x", "/{x}", "/a b", "/é"] {
            assert!(Placement::new(Paths::new().page(path), "").is_err(), "{path}");
        }
        for mounted_at in ["app", "//app", "/{a}", "/a?b"] {
            assert!(Placement::new(Paths::new(), mounted_at).is_err(), "{mounted_at}");
        }
    }

    #[test]
    fn the_start_of_a_sign_in_is_no_place_to_go_to_afterwards() {
        let placed = placed("/app");
        assert!(placed.next("/app/auth/oauth/start").is_none());
        assert!(placed.next("/app/auth/oauth/start?next=/x").is_none());
        assert!(placed.next("/app/mine?a=b").is_some());
    }
}
