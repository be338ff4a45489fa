//! The layer around all routes: it gives handlers the login, says that nothing that shows a user is cached, and sends
//! browsers that have to sign in to the start.

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next as Inner;
use axum::response::Response;
use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderValue};

use crate::events;
use crate::query::{percent, with_query};
use crate::response::redirect;
use crate::web_login::WebLogin;

/// What the layer and the handlers of a request tell each other.
#[derive(Clone)]
pub(crate) struct Shared {
    /// The path and the query as the login's router sees them.
    pub(crate) path: String,
    /// The response depends on who is signed in.
    shows_user: Arc<AtomicBool>,
}

impl Shared {
    pub(crate) fn show_user(&self) {
        self.shows_user.store(true, Ordering::Relaxed);
    }
}

/// In a response: the browser has to sign in.
#[derive(Clone, Debug)]
pub(crate) struct ToStart {
    pub(crate) next: Option<String>,
    /// The other parameters of the start.
    pub(crate) asks: Vec<(&'static str, String)>,
}

pub(crate) async fn around(State(login): State<WebLogin>, mut request: Request, inner: Inner) -> Response {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let shared = Shared { path, shows_user: Arc::default() };
    let headers = request.headers().clone();
    request.extensions_mut().insert(login.clone());
    request.extensions_mut().insert(shared.clone());
    let mut response = inner.run(request).await;
    if let Some(to_start) = response.extensions_mut().remove::<ToStart>() {
        response = start(&login, &headers, &to_start).await;
        shared.show_user();
    }
    if shared.shows_user.load(Ordering::Relaxed) {
        let headers = response.headers_mut();
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    response
}

/// Sends the browser to the start of a sign-in. A sign-in that is seconds old and was asked for in the same way would be
/// repeated without end: the server accepts the user each time, and then refuses the token.
async fn start(login: &WebLogin, headers: &HeaderMap, to: &ToStart) -> Response {
    let asked: Vec<_> = to.asks.iter().map(|(name, value)| format!("{name}={}", percent(value))).collect();
    let asked = asked.join("&");
    let next = to.next.as_deref().filter(|next| login.placement().next(next).is_some());
    let session = login.session(headers).await.unwrap_or_else(|error| {
        events::failed("session", None, &error);
        None
    });
    let useless = |session| login.is_fresh(session) && (session.asked == asked || session.round > 0);
    if session.as_ref().is_some_and(useless) {
        let next = next.map(|next| ("next", next));
        return login.home(&[("error", "sign_in_not_accepted")].into_iter().chain(next).collect::<Vec<_>>());
    }
    let mut query: Vec<_> = next.map(|next| format!("next={}", percent(next))).into_iter().collect();
    query.extend(Some(asked).filter(|asked| !asked.is_empty()));
    redirect(&with_query(&login.placement().start(), &query))
}
