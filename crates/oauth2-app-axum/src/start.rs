//! `GET /auth/oauth/start`: stores a pending sign-in and redirects the browser to the authorization server.

use axum::extract::Extension;
use axum::response::Response;
use http::Uri;
use oauth2_app::{Authorization, Entropy};
use tower_sessions::Session;
use wellspring_core::TokenError;

use crate::browser_session::BrowserSession;
use crate::log::log_failure;
use crate::next::Next;
use crate::pending::{self, Afterwards};
use crate::query::{only, parameters};
use crate::response::redirect;
use crate::web_login::WebLogin;

pub(crate) async fn start(Extension(login): Extension<WebLogin>, session: Session, uri: Uri) -> Response {
    match authorize(&login, &session, &uri).await {
        Ok(url) => redirect(&url),
        Err(error) => {
            log_failure("start", &error);
            login.home(&[("error", "server_error")])
        }
    }
}

async fn authorize(login: &WebLogin, session: &Session, uri: &Uri) -> Result<String, TokenError> {
    let parameters = parameters(uri);
    let value = |name| only(&parameters, name).unwrap_or_default();
    let afterwards = Afterwards { next: Next::parse(value("next")), popup: value("popup") == "1" };
    let Authorization { url, login: pending, .. } = login.app().authorize(&Entropy::from_system()?)?;
    let browser = BrowserSession(session).start_sign_in(login.clock(), pending::LIFETIME).await?;
    login.pending().put(pending, &browser, &afterwards).await?;
    Ok(url)
}
