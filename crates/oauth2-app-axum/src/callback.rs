//! `GET /oauth/callback`: takes the pending sign-in, exchanges the code, and signs the browser in.
//!
//! The checks run in the documented order: the server's error, missing parameters, the state, the issuer. The query may
//! come from an attacker. Only its error code is repeated, reduced to the characters that RFC 6749 allows, and the
//! redirect goes only to the path that the sign-in was started with.

use axum::extract::Extension;
use axum::response::Response;
use http::Uri;
use oauth2_app::{Callback, PendingLogin};
use tower_sessions::Session;
use wellspring_core::{AuthorizationGrant, ErrorKind, TokenError};

use crate::browser_session::BrowserSession;
use crate::log::log_failure;
use crate::pending::Afterwards;
use crate::query::{only, parameters};
use crate::random;
use crate::response::redirect;
use crate::tokens::{NewTokens, end_quietly};
use crate::web_login::WebLogin;

pub(crate) async fn callback(Extension(login): Extension<WebLogin>, session: Session, uri: Uri) -> Response {
    let callback = Callback::read(uri.query().unwrap_or_default());
    let found = match take_pending(&login, &session, only(&parameters(&uri), "state")).await {
        Ok(found) => found,
        Err(error) => {
            log_failure("callback", &error);
            return login.home(&[("error", "server_error")]);
        }
    };
    let (finished, afterwards) = match found {
        Some((pending, afterwards)) => (login.app().finish(pending, &callback), afterwards),
        None => (Err(login.app().unmatched(&callback)), Afterwards::default()),
    };
    let outcome = match finished {
        Err(error) => Err(error.code().to_owned()),
        Ok(grant) => sign_in(&login, &session, grant).await.map_err(|error| {
            log_failure("callback", &error);
            "server_error".to_owned()
        }),
    };
    match (&outcome, &afterwards) {
        (Ok(()), Afterwards { next: Some(next), popup: false }) => redirect(next.as_str()),
        (Ok(()), Afterwards { popup: true, .. }) => login.home(&[("login", "success"), ("popup", "1")]),
        (Ok(()), _) => login.home(&[("login", "success")]),
        (Err(code), Afterwards { popup: true, .. }) => login.home(&[("error", code), ("popup", "1")]),
        (Err(code), _) => login.home(&[("error", code)]),
    }
}

/// Takes the pending sign-in with this state, if this browser has started it. A second call finds none.
pub(crate) async fn take_pending(
    login: &WebLogin,
    session: &Session,
    state: Option<&str>,
) -> Result<Option<(PendingLogin, Afterwards)>, TokenError> {
    let browser = BrowserSession(session).browser().await?;
    match (browser, state, login.app().redirect_uri()) {
        (Some(browser), Some(state), Some(uri)) => login.pending().take(state, &browser, uri).await,
        _ => Ok(None),
    }
}

/// Exchanges the code and signs the browser in, in a task of its own: a browser that disconnects does not cancel the
/// exchange. The tokens are then ended, because the browser never gets the session's new id.
async fn sign_in(login: &WebLogin, session: &Session, grant: AuthorizationGrant) -> Result<(), TokenError> {
    let (login, session) = (login.clone(), session.clone());
    let exchanged = tokio::spawn(async move { exchange(&login, &session, grant).await });
    let tokens =
        exchanged.await.map_err(|_| TokenError::unavailable("the sign-in task did not finish"))??;
    tokens.keep();
    Ok(())
}

async fn exchange(
    login: &WebLogin,
    session: &Session,
    grant: AuthorizationGrant,
) -> Result<NewTokens, TokenError> {
    let tokens = NewTokens::new(login.clone(), random::id()?);
    let source = login.pool().source(tokens.user())?;
    if let Err(error) = source.sign_in(grant).await {
        // With `Busy` the exchange may still bring tokens; with `Store` it has brought some. In all other cases there
        // are none to end, and nothing is written for a code that an attacker may have made up.
        if !matches!(error.kind(), ErrorKind::Busy | ErrorKind::Store) {
            tokens.keep();
        }
        return Err(error);
    }
    let (before, written) =
        BrowserSession(session).sign_in(login.sign_ins(), tokens.user(), login.session_lifetime()).await?;
    // The sign-in before has been replaced. If its revocation fails, the new sign-in stays.
    if let Some(before) = before {
        end_quietly(login, &before).await;
    }
    written.map(|()| tokens)
}
