//! The callback: finds the sign-in of its state and browser, has its work done, and answers with the result.
//!
//! The query may come from an attacker. Only its error code is repeated, reduced to the characters that RFC 6749 allows,
//! and the redirect goes only to the path that the sign-in was started with. The session's secret is derived from the
//! secret in the browser's cookie, the code and the state: the same callback in the same browser gets the same session
//! from every process, and a party that planted the cookie cannot derive it without the user's code.

use axum::body::Bytes;
use axum::extract::Extension;
use axum::response::Response;
use http::{HeaderMap, Method, StatusCode, Uri};
use oauth2_app::Callback;
use wellspring_core::TokenError;

use crate::clock::within;
use crate::cookies::SetCookie;
use crate::events;
use crate::flights::{Done, Entered, Flight};
use crate::machines;
use crate::pending::{Attempt, Found, Outcome, Pending, Taken, fingerprint};
use crate::query::{only, parameters};
use crate::random;
use crate::response::redirect;
use crate::session;
use crate::sign_in::{self, Job, WAIT, invalid_state};
use crate::web_login::WebLogin;

/// `GET`
pub(crate) async fn callback(
    Extension(login): Extension<WebLogin>,
    method: Method,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    if let Some(answer) = machines::answer(&method, &headers) {
        return answer;
    }
    let query = uri.query().unwrap_or_default();
    Request::new(&login, &headers, uri.path(), query, Callback::read(query)).answer().await
}

/// `POST`, of a server that answers with a form
/// ([OAuth 2.0 Form Post Response Mode](https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html)).
pub(crate) async fn posted(
    Extension(login): Extension<WebLogin>,
    headers: HeaderMap,
    uri: Uri,
    body: Bytes,
) -> Response {
    let form = core::str::from_utf8(&body).unwrap_or_default();
    let request = Request::new(&login, &headers, uri.path(), form, Callback::read_form(&body));
    let mut response = request.answer().await;
    if response.status() == StatusCode::FOUND {
        *response.status_mut() = StatusCode::SEE_OTHER;
    }
    response
}

/// One callback.
struct Request<'a> {
    login: &'a WebLogin,
    headers: &'a HeaderMap,
    path: &'a str,
    callback: Callback,
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
}

impl<'a> Request<'a> {
    fn new(
        login: &'a WebLogin,
        headers: &'a HeaderMap,
        path: &'a str,
        query: &str,
        callback: Callback,
    ) -> Self {
        let parameters = parameters(query);
        let [state, code, error] =
            ["state", "code", "error"].map(|name| only(&parameters, name).map(str::to_owned));
        Self { login, headers, path, callback, state, code, error }
    }

    async fn answer(self) -> Response {
        let Some(state) = self.state.as_deref() else { return self.unmatched(None) };
        match self.login.attempts().find(state).await {
            Ok(Found::Unknown) => self.unmatched(None),
            Ok(Found::Pending(pending)) => match self.secret_of(&pending.attempt, state) {
                Some(secret) => self.first(state, secret, pending).await,
                None => self.unmatched(Some(&pending.attempt)),
            },
            Ok(Found::Taken(taken)) => self.again(state, taken).await,
            Err(error) => {
                events::failed("callback", None, &error);
                self.login.home(&[("error", "server_error")])
            }
        }
    }

    /// The secret of the browser's cookie, if this browser has started the sign-in and the callback came to the redirect URI of
    /// its provider ([RFC 9700 §4.4](https://www.rfc-editor.org/rfc/rfc9700#section-4.4)).
    fn secret_of(&self, attempt: &Attempt, state: &str) -> Option<String> {
        let provider =
            self.login.provider(&attempt.provider).filter(|provider| provider.callback == self.path);
        let secret = self.login.pending_cookies().secret(self.headers, state)?;
        let ours = attempt.is_of(secret, self.login.clock().now().unix);
        provider.filter(|_| ours).map(|_| secret.to_owned())
    }

    fn fingerprint(&self, state: &str) -> String {
        fingerprint(state, self.code.as_deref(), self.error.as_deref())
    }

    /// The secret of the session that this callback leads to.
    fn session_secret(&self, secret: &str, state: &str) -> String {
        random::derived(secret, &["session", self.code.as_deref().unwrap_or_default(), state])
    }

    /// A callback of a pending sign-in: does its work, or waits for the same callback's.
    async fn first(&self, state: &str, secret: String, pending: Pending) -> Response {
        let (attempt, fingerprint) = (pending.attempt.clone(), self.fingerprint(state));
        let flight = match self.login.flights().enter(state, &fingerprint) {
            Entered::Other => return self.unmatched(Some(&attempt)),
            Entered::Same(flight) => flight,
            Entered::First(flight, landing) => {
                let Some(provider) = self.login.provider(&attempt.provider).cloned() else {
                    return self.unmatched(Some(&attempt));
                };
                let job = Job {
                    login: self.login.clone(),
                    provider,
                    state: state.to_owned(),
                    pending,
                    callback: self.callback.clone(),
                    fingerprint,
                    secret: self.session_secret(&secret, state),
                };
                tokio::spawn(job.run(landing));
                flight
            }
        };
        self.await_flight(&flight, state, &secret, &attempt).await
    }

    /// A callback of a sign-in that was taken: the same one gets the same result.
    async fn again(&self, state: &str, taken: Taken) -> Response {
        let (attempt, fingerprint) = (&taken.attempt, self.fingerprint(state));
        if taken.fingerprint != fingerprint {
            return self.unmatched(Some(attempt));
        }
        if let Some(secret) = self.secret_of(attempt, state) {
            if let Some(flight) = self.login.flights().running(state, &fingerprint) {
                return self.await_flight(&flight, state, &secret, attempt).await;
            }
            let outcome = match taken.outcome {
                Some(outcome) => outcome,
                None => sign_in::result(self.login, state, &fingerprint).await,
            };
            let claimed = outcome != Outcome::SignedIn || self.claim_elsewhere(state).await;
            return self.finished(state, &secret, attempt, claimed.then_some(outcome)).await;
        }
        // The answer to the first one has removed the cookie.
        match taken.outcome {
            Some(Outcome::SignedIn) if self.is_signed_in().await => self.success(attempt),
            Some(Outcome::Failed { word, notice }) => self.failure(&word, notice.as_deref(), Some(attempt)),
            _ => self.unmatched(Some(attempt)),
        }
    }

    async fn await_flight(&self, flight: &Flight, state: &str, secret: &str, attempt: &Attempt) -> Response {
        let Some(Done { outcome, here }) = within(self.login.clock(), WAIT, flight.done()).await else {
            let error = TokenError::unavailable("the sign-in has not finished in time; it continues");
            events::failed("callback", Some(&attempt.provider), &error);
            return self.failure("server_error", None, Some(attempt));
        };
        let claimed = match (&outcome, here) {
            (Outcome::Failed { .. }, _) => true,
            (Outcome::SignedIn, true) => flight.claim(),
            (Outcome::SignedIn, false) => self.claim_elsewhere(state).await,
        };
        self.finished(state, secret, attempt, claimed.then_some(outcome)).await
    }

    async fn claim_elsewhere(&self, state: &str) -> bool {
        self.login.attempts().claim(state).await.unwrap_or_else(|error| {
            events::failed("callback", None, &error);
            false
        })
    }

    async fn is_signed_in(&self) -> bool {
        self.login.session(self.headers).await.is_ok_and(|session| session.is_some())
    }

    /// The answer to the browser that has started the sign-in. It removes the sign-in's cookie.
    async fn finished(
        &self,
        state: &str,
        secret: &str,
        attempt: &Attempt,
        outcome: Option<Outcome>,
    ) -> Response {
        let mut response = match outcome.unwrap_or_else(invalid_state) {
            Outcome::SignedIn => self.signed_in(&self.session_secret(secret, state), attempt).await,
            Outcome::Failed { word, notice } => self.failure(&word, notice.as_deref(), Some(attempt)),
        };
        let cross_site = self.login.provider(&attempt.provider).is_some_and(|provider| provider.form_post);
        self.login.pending_cookies().remove(response.headers_mut(), state, cross_site);
        response
    }

    /// Sets the session's cookie, and ends the session that it replaces.
    async fn signed_in(&self, secret: &str, attempt: &Attempt) -> Response {
        let session = match self.login.sign_ins().find(secret).await {
            Ok(Some(session)) => session,
            // The user has signed out meanwhile.
            Ok(None) => return self.failure("invalid_state", None, Some(attempt)),
            Err(error) => {
                events::failed("callback", Some(&attempt.provider), &error);
                return self.failure("server_error", None, Some(attempt));
            }
        };
        let mut response = self.success(attempt);
        let max_age = session.until.since(self.login.clock().now().unix);
        let secure = self.login.is_secure();
        SetCookie { name: self.login.cookie_name(), value: secret, max_age, secure, cross_site: false }
            .add_to(response.headers_mut());
        let now = session::name(secret);
        let in_cookie = self.login.session_secret(self.headers).map(session::name);
        let replaced: Vec<_> =
            in_cookie.into_iter().chain(attempt.before.clone()).filter(|name| *name != now).collect();
        if !replaced.is_empty() {
            let login = self.login.clone();
            tokio::spawn(async move {
                for name in replaced {
                    sign_in::replace(&login, &name).await;
                }
            });
        }
        response
    }

    fn success(&self, attempt: &Attempt) -> Response {
        match (&attempt.next, attempt.popup) {
            (Some(next), false) => redirect(next.as_str()),
            (_, true) => self.login.home(&[("login", "success"), ("popup", "1")]),
            (None, false) => self.login.home(&[("login", "success")]),
        }
    }

    /// A callback that belongs to no sign-in of this browser.
    fn unmatched(&self, attempt: Option<&Attempt>) -> Response {
        let error = self.login.first().app.unmatched(&self.callback);
        events::invalid(None, "the callback belongs to no pending sign-in of this browser");
        self.failure(error.code(), None, attempt)
    }

    /// `next` stays, so that the user can start again.
    fn failure(&self, word: &str, notice: Option<&str>, attempt: Option<&Attempt>) -> Response {
        let mut query = vec![("error", word)];
        if attempt.is_some_and(|attempt| attempt.popup) {
            query.push(("popup", "1"));
        }
        if let Some(next) = attempt.and_then(|attempt| attempt.next.as_ref()) {
            query.push(("next", next.as_str()));
        }
        query.extend(notice.map(|notice| ("notice", notice)));
        self.login.home(&query)
    }
}
