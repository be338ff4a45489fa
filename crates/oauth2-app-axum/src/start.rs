//! `GET` start: stores a pending sign-in, sets its cookie, and redirects the browser to the authorization server.

use core::time::Duration;

use axum::extract::Extension;
use axum::response::Response;
use http::header::HOST;
use http::{HeaderMap, Method, Uri};
use oauth2_app::{Authorization, Entropy, SignInOptions};
use wellspring_core::{ErrorKind, TokenError};

use crate::events;
use crate::machines;
use crate::pending::Attempt;
use crate::provider::Provider;
use crate::query::{only, parameters, percent};
use crate::random;
use crate::response::redirect;
use crate::session;
use crate::web_login::WebLogin;

/// Marks a start that was sent to the redirect URI's host, so that a proxy that rewrites the host causes no loop.
const HOST_MARK: &str = "host";

pub(crate) async fn start(
    Extension(login): Extension<WebLogin>,
    method: Method,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    if let Some(answer) = machines::answer(&method, &headers) {
        return answer;
    }
    let query = uri.query().unwrap_or_default();
    let asked = Parameters(parameters(query));
    let provider = match asked.provider(&login) {
        Choice::One(provider) => provider,
        Choice::User => return login.home(&asked.with_next(&login, "login", "choose")),
        Choice::Unknown => return login.home(&asked.with_next(&login, "error", "invalid_request")),
    };
    if let Some(there) = elsewhere(&login, provider, &headers, &uri, query, &asked) {
        return there;
    }
    match authorize(&login, provider, &headers, &asked).await {
        Ok(response) => response,
        Err(error) => {
            events::failed("start", Some(&provider.name), &error);
            let word = if asked.is_at_fault(&error) { "invalid_request" } else { "server_error" };
            login.home(&asked.with_next(&login, "error", word))
        }
    }
}

/// What the request asks for.
struct Parameters(Vec<(String, String)>);

enum Choice<'a> {
    One(&'a Provider),
    /// The user has to choose.
    User,
    Unknown,
}

/// The parameters that are passed on to the authorization server.
const OPTIONS: [&str; 4] = ["prompt", "login_hint", "acr_values", "max_age"];

impl Parameters {
    fn value(&self, name: &str) -> Option<&str> {
        only(&self.0, name)
    }

    fn provider<'a>(&self, login: &'a WebLogin) -> Choice<'a> {
        match (self.value("with"), login.providers()) {
            (None, [only]) => Choice::One(only),
            (None, _) => Choice::User,
            (Some(name), _) => login.provider(name).map_or(Choice::Unknown, |found| Choice::One(found)),
        }
    }

    /// A query for the home path, with the path to go to afterwards.
    fn with_next<'a>(&'a self, login: &WebLogin, name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
        let next = self.value("next").filter(|next| login.placement().next(next).is_some());
        [(name, value)].into_iter().chain(next.map(|next| ("next", next))).collect()
    }

    /// The options for the authorization server.
    fn options(&self, form_post: bool) -> Result<SignInOptions, TokenError> {
        let mut options = SignInOptions::new();
        if let Some(prompt) = self.value("prompt") {
            options = options.prompt(prompt);
        }
        if let Some(hint) = self.value("login_hint") {
            options = options.login_hint(hint);
        }
        if let Some(values) = self.value("acr_values") {
            options = options.acr_values(values);
        }
        if let Some(seconds) = self.value("max_age") {
            let seconds =
                Some(seconds).filter(|seconds| seconds.len() <= 9).and_then(|text| text.parse().ok());
            let seconds =
                seconds.ok_or_else(|| TokenError::misconfigured("max_age is not a number of seconds"))?;
            options = options.max_age(Duration::from_secs(seconds));
        }
        Ok(if form_post { options.form_post() } else { options })
    }

    /// Whether the request, rather than the app, is the cause of an error.
    fn is_at_fault(&self, error: &TokenError) -> bool {
        error.kind() == ErrorKind::Misconfigured && OPTIONS.iter().any(|name| self.value(name).is_some())
    }

    /// The options as one text, to compare with another start's.
    fn text(&self) -> String {
        let given = OPTIONS.iter().filter_map(|name| Some(format!("{name}={}", percent(self.value(name)?))));
        given.collect::<Vec<_>>().join("&")
    }
}

/// The redirect to the redirect URI's host, if the request came to another one. The cookie of the sign-in must be set where
/// the callback will be. It is sent there once.
fn elsewhere(
    login: &WebLogin,
    provider: &Provider,
    headers: &HeaderMap,
    uri: &Uri,
    query: &str,
    asked: &Parameters,
) -> Option<Response> {
    let in_header = headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = uri.authority().map(http::uri::Authority::as_str).or(in_header)?;
    if provider.site.is_at(host) || asked.value(HOST_MARK).is_some() {
        return None;
    }
    let and = if query.is_empty() { "" } else { "&" };
    let path = format!("{}?{query}{and}{HOST_MARK}=1", login.placement().start());
    Some(redirect(&provider.site.url(&path)))
}

async fn authorize(
    login: &WebLogin,
    provider: &Provider,
    headers: &HeaderMap,
    asked: &Parameters,
) -> Result<Response, TokenError> {
    let options = asked.options(provider.form_post)?;
    let Authorization { url, login: pending, .. } =
        provider.app.authorize_with(&Entropy::from_system()?, &options)?;
    let (secret, now) = (random::secret()?, login.clock().now().unix);
    let before = login.session(headers).await?;
    let mut attempt = Attempt::new(&provider.name, &secret, now);
    attempt.next = asked.value("next").and_then(|next| login.placement().next(next));
    attempt.popup = asked.value("popup") == Some("1");
    attempt.before = before.as_ref().and_then(|_| login.session_secret(headers)).map(session::name);
    attempt.round = before.filter(|session| login.is_fresh(session)).map_or(0, |session| session.round + 1);
    attempt.asked = asked.text();

    let state = pending.state().expose().to_owned();
    login.attempts().put(pending, &attempt).await?;
    let mut response = redirect(&url);
    let set = response.headers_mut();
    login.pending_cookies().set(headers, set, &state, &secret, now, provider.form_post);
    Ok(response)
}
