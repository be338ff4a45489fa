//! `POST /auth/logout`: ends the session here, and the tokens at the server.

use axum::extract::Extension;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};
use tower_sessions::Session;

use crate::browser_session::BrowserSession;
use crate::headers::from_elsewhere;
use crate::log::log_failure;
use crate::tokens;
use crate::web_login::WebLogin;

pub(crate) async fn logout(
    Extension(login): Extension<WebLogin>,
    session: Session,
    headers: HeaderMap,
) -> Response {
    // The cookie is not sent along from elsewhere (`SameSite=Lax`), but "same site" includes neighbours.
    if from_elsewhere(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    // To its end, whether or not the browser waits for it.
    let ended = tokio::spawn({
        let login = login.clone();
        async move { sign_out(&login, &session).await }
    });
    let mut response = login.home(&[ended.await.unwrap_or(STILL_IN)]);
    *response.status_mut() = StatusCode::SEE_OTHER;
    response
}

/// Nothing was done.
const STILL_IN: (&str, &str) = ("error", "server_error");

/// The browser is signed out whatever becomes of the tokens.
async fn sign_out(login: &WebLogin, session: &Session) -> (&'static str, &'static str) {
    let user = match BrowserSession(session).leaves(login.sign_ins()).await {
        Ok(Some(user)) => user,
        Ok(None) => return ("logout", "success"),
        Err(error) => {
            log_failure("logout", &error);
            return STILL_IN;
        }
    };
    match tokens::end(login, &user).await {
        Ok(()) => ("logout", "success"),
        Err(error) => {
            log_failure("logout", &error);
            ("error", "logout_incomplete")
        }
    }
}
