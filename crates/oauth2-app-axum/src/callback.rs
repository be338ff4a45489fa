//! `GET /oauth/callback`: takes the pending sign-in out, spends the code, and signs the browser in.
//!
//! The checks run in the documented order: the server's error, missing parameters, the state, the issuer. Everything in
//! the query was written by whoever made the browser load it: one word of it comes back, cut to the standard's
//! characters, and no other place is ever redirected to than the path that was asked for before.

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
use crate::tokens::{self, Unclaimed};
use crate::web_login::WebLogin;

pub(crate) async fn callback(Extension(login): Extension<WebLogin>, session: Session, uri: Uri) -> Response {
    let callback = Callback::read(uri.query().unwrap_or_default());
    let found = match answered(&login, &session, only(&parameters(&uri), "state")).await {
        Ok(found) => found,
        Err(error) => {
            log_failure("callback", &error);
            return login.home(&[("error", "server_error")]);
        }
    };
    let (finished, afterwards) = match found {
        Some((pending, afterwards)) => (login.app().finish(pending, &callback), afterwards),
        None => (Err(login.app().unanswered(&callback)), Afterwards::default()),
    };
    let outcome = match finished {
        Err(error) => Err(error.code().to_owned()),
        Ok(spend) => sign_in(&login, &session, spend).await.map_err(|error| {
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

/// The sign-in of this browser that this state answers, which is over with that.
pub(crate) async fn answered(
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

/// Spends the code under a name of its own, and signs the browser in with it. All of that goes on if the browser goes away,
/// and what it has brought is ended then: nobody has got the session's new name.
async fn sign_in(login: &WebLogin, session: &Session, spend: AuthorizationGrant) -> Result<(), TokenError> {
    let (login, session) = (login.clone(), session.clone());
    let signed_in = tokio::spawn(async move { signed_in(&login, &session, spend).await });
    let unclaimed = signed_in.await.map_err(|_| TokenError::unavailable("the sign-in was cut short"))??;
    unclaimed.claimed();
    Ok(())
}

async fn signed_in(
    login: &WebLogin,
    session: &Session,
    spend: AuthorizationGrant,
) -> Result<Unclaimed, TokenError> {
    let unclaimed = Unclaimed::new(login.clone(), random::name()?);
    let source = login.pool().source(unclaimed.user())?;
    if let Err(error) = source.sign_in(spend).await {
        // Tokens may still come where the exchange goes on, and are there where the store would not take them. Otherwise
        // there is nothing to end, and nothing is written for a code that anybody can make up.
        if !matches!(error.kind(), ErrorKind::Busy | ErrorKind::Store) {
            unclaimed.claimed();
        }
        return Err(error);
    }
    let (before, renamed) = BrowserSession(session)
        .signs_in(login.sign_ins(), unclaimed.user(), login.session_lifetime())
        .await?;
    // Whoever was signed in here is not any more. A server out of reach does not undo the new sign-in.
    if let Some(before) = before {
        tokens::end_quietly(login, &before).await;
    }
    renamed.map(|()| unclaimed)
}
