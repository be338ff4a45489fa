//! `POST /auth/logout`: ends the session here, and the tokens at the server.

use axum::extract::Extension;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};
use tower_sessions::Session;

use crate::browser_session::BrowserSession;
use crate::headers::is_cross_origin;
use crate::log::log_failure;
use crate::tokens;
use crate::web_login::WebLogin;

pub(crate) async fn logout(
    Extension(login): Extension<WebLogin>,
    session: Session,
    headers: HeaderMap,
) -> Response {
    // `SameSite=Lax` keeps the cookie from other sites, but not from other subdomains of this site.
    if is_cross_origin(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    // A task of its own: a browser that disconnects does not cancel the logout.
    let signed_out = tokio::spawn({
        let login = login.clone();
        async move { sign_out(&login, &session).await }
    });
    let mut response = login.home(&[signed_out.await.unwrap_or(STILL_SIGNED_IN)]);
    *response.status_mut() = StatusCode::SEE_OTHER;
    response
}

/// The logout failed and changed nothing.
const STILL_SIGNED_IN: (&str, &str) = ("error", "server_error");

/// Signs the browser out, even if its tokens cannot be revoked.
async fn sign_out(login: &WebLogin, session: &Session) -> (&'static str, &'static str) {
    let user = match BrowserSession(session).sign_out(login.sign_ins()).await {
        Ok(Some(user)) => user,
        Ok(None) => return ("logout", "success"),
        Err(error) => {
            log_failure("logout", &error);
            return STILL_SIGNED_IN;
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
