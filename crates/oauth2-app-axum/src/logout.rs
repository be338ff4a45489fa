//! `POST /auth/logout`: ends the session here, and the tokens at the server.

use axum::extract::Extension;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};
use tower_sessions::Session;
use wellspring_core::{Revocation, TokenError};

use crate::WebLogin;
use crate::headers::from_elsewhere;
use crate::visitor::Visitor;
use crate::web_login::log;

pub(crate) async fn logout(
    Extension(login): Extension<WebLogin>,
    session: Session,
    headers: HeaderMap,
) -> Response {
    // The cookie is not sent along from elsewhere (`SameSite=Lax`), but "same site" includes neighbours.
    if from_elsewhere(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let outcome = match sign_out(&login, &session).await {
        Ok(()) => ("logout", "success"),
        Err(error) => {
            log("logout", &error);
            ("error", "logout_incomplete")
        }
    };
    let mut response = login.home(&[outcome]);
    *response.status_mut() = StatusCode::SEE_OTHER;
    response
}

/// The browser is signed out whatever becomes of the tokens.
async fn sign_out(login: &WebLogin, session: &Session) -> Result<(), TokenError> {
    let user = Visitor(session).user().await?;
    let left = if session.id().is_some() { Visitor(session).leaves().await } else { Ok(()) };
    if let Some(user) = user
        && let Revocation::Failed(error) = login.pool().source(&user)?.sign_out().await?
    {
        return Err(error);
    }
    left
}
