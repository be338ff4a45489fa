//! A site that opens before its authorization server answers: until then it tells visitors so.

use core::time::Duration;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{Html, IntoResponse as _, Response};
use tower_service::Service as _;
use wellspring::TokenPool;
use wellspring::http::StatusCode;
use wellspring::http::header::{CACHE_CONTROL, RETRY_AFTER};
use wellspring::oauth2::escape_html;

use crate::failure::Failure;

/// The pause after the first failure. It doubles with each failure.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The site, once it can be built.
#[derive(Clone)]
pub(crate) struct Opening {
    site: Arc<OnceLock<(Router, TokenPool)>>,
    /// What visitors see until then.
    closed: Arc<str>,
}

impl Opening {
    pub(crate) fn new(title: &str) -> Self {
        let title = escape_html(title);
        let closed = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\"><meta http-equiv=\"refresh\" content=\"10\">\
             <title>{title}</title></head>\n<body><main><h1>{title}</h1>\n<p id=\"closed\" role=\"status\">You cannot sign in \
             yet: the server with the accounts does not answer. This page tries again every ten seconds.</p></main></body>\n\
             </html>\n"
        );
        Self { site: Arc::default(), closed: closed.into() }
    }

    /// Opens the site.
    pub(crate) fn open(&self, site: Router, pool: TokenPool) {
        // It is opened once.
        let _ = self.site.set((site, pool));
    }

    /// The tokens of its users, once it is open.
    pub(crate) fn pool(&self) -> Option<&TokenPool> {
        self.site.get().map(|(_, pool)| pool)
    }

    /// What is served: the site, or the sentence in its place.
    pub(crate) fn router(&self) -> Router {
        Router::new().fallback(answer).with_state(self.clone())
    }
}

async fn answer(State(opening): State<Opening>, request: Request) -> Response {
    match opening.site.get() {
        Some((site, _)) => {
            let Ok(answer) = site.clone().call(request).await;
            answer
        }
        None => {
            let headers = [(CACHE_CONTROL, "no-store"), (RETRY_AFTER, "10")];
            (StatusCode::SERVICE_UNAVAILABLE, headers, Html(opening.closed.to_string())).into_response()
        }
    }
}

/// Tries until the server answers, and logs each failure. Returns what was made, or a failure that waiting does not mend.
/// After the first attempt it calls `first`, unless the program has to end.
pub(crate) async fn until_it_answers<T>(
    mut make: impl AsyncFnMut() -> Result<T, Failure>,
    first: impl FnOnce() -> Result<(), Failure>,
) -> Result<T, Failure> {
    let (mut pause, mut first) = (FIRST_PAUSE, Some(first));
    loop {
        let made = match make().await {
            Err(failure) if !failure.may_pass() => return Err(failure),
            made => made,
        };
        if let Some(first) = first.take() {
            first()?;
        }
        match made {
            Ok(made) => return Ok(made),
            Err(failure) => {
                tracing::warn!(error = %failure, retry_in = ?pause, "the authorization server does not answer");
            }
        }
        tokio::time::sleep(pause).await;
        pause = (2 * pause).min(LONGEST_PAUSE);
    }
}
