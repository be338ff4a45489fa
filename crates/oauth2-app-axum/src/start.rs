//! `GET /auth/oauth/start`: sends the browser off, and remembers for whom.

use axum::extract::{Extension, Query};
use axum::response::Response;
use http::Uri;
use oauth2_app::{Authorization, Entropy};
use tower_sessions::Session;
use wellspring_core::TokenError;

use crate::WebLogin;
use crate::next::Next;
use crate::pending::{self, Afterwards};
use crate::visitor::BrowserSession;
use crate::web_login::{log, redirect};

pub(crate) async fn start(Extension(login): Extension<WebLogin>, session: Session, uri: Uri) -> Response {
    match authorize(&login, &session, &uri).await {
        Ok(url) => redirect(&url),
        Err(error) => {
            log("start", &error);
            login.home(&[("error", "server_error")])
        }
    }
}

async fn authorize(login: &WebLogin, session: &Session, uri: &Uri) -> Result<String, TokenError> {
    let asked = parameters(uri);
    let value = |name| only(&asked, name).unwrap_or_default();
    let afterwards = Afterwards { next: Next::parse(value("next")), popup: value("popup") == "1" };
    let Authorization { url, login: pending, .. } = login.app().authorize(&Entropy::from_system()?)?;
    let browser = BrowserSession(session).starts(login.clock(), pending::TIME).await?;
    login.pending().put(pending, &browser, &afterwards).await?;
    Ok(url)
}

/// The parameters of a request. What cannot be read is not there.
pub(crate) fn parameters(uri: &Uri) -> Vec<(String, String)> {
    Query::try_from_uri(uri).map(|Query(pairs)| pairs).unwrap_or_default()
}

/// The value of a parameter that is there once.
pub(crate) fn only<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut values = parameters.iter().filter(|(known, value)| known == name && !value.is_empty());
    values.next().filter(|_| values.next().is_none()).map(|(_, value)| value.as_str())
}
