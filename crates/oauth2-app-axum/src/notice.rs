//! A sentence for each word in `?error=`. The word itself is never shown, because any link can contain any text. The
//! application's own sentence of a refusal stands in the store, and the link holds only its random id.

use core::time::Duration;

use axum::extract::OptionalFromRequestParts;
use http::request::Parts;
use serde_json::Value;
use wellspring_core::TokenError;

use crate::events;
use crate::query::{only, parameters};
use crate::random;
use crate::sessions::{Data, Name, text};
use crate::web_login::WebLogin;

/// How long an application's sentence is kept.
const KEPT: Duration = Duration::from_secs(3_600);
/// The longest sentence of an application, in characters.
const LONGEST: usize = 500;

/// What the user has to be told after a redirect to the home path: the `?error=` of the URL. Take an `Option` of it in
/// the handler of a page of your own ([`Builder::without_page`](crate::Builder::without_page)).
///
/// Any site can make a link with any word: show the [`sentence`](Self::sentence), never the word. Escape it as HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    word: String,
    sentence: String,
    next: Option<String>,
}

impl Notice {
    /// The notice for a word of this crate, for tests of your own page.
    ///
    /// ```
    /// let notice = oauth2_app_axum::Notice::new("access_denied");
    /// assert!(notice.sentence().starts_with("You did not allow the sign-in."));
    /// assert_eq!((notice.word(), notice.next()), ("access_denied", None));
    /// ```
    #[must_use]
    pub fn new(word: impl Into<String>) -> Self {
        let word = word.into();
        let sentence = sentence(&word).to_owned();
        Self { word, sentence, next: None }
    }

    /// The word in `?error=`. Any site can make a link with any word: compare it, and do not show it.
    #[must_use]
    pub fn word(&self) -> &str {
        &self.word
    }

    /// What happened, and what the user can do about it.
    #[must_use]
    pub fn sentence(&self) -> &str {
        &self.sentence
    }

    /// The path that the user was on the way to, for [`WebLogin::start_path`].
    #[must_use]
    pub fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// The notice of a request's query.
    pub(crate) async fn of(login: &WebLogin, query: &str) -> Option<Self> {
        let parameters = parameters(query);
        let word = only(&parameters, "error")?;
        let own = match only(&parameters, "notice").filter(|_| word == "refused") {
            Some(id) => find(login, id).await,
            None => None,
        };
        let known = || login.account_page().sentence(word).unwrap_or_else(|| sentence(word)).to_owned();
        let next = only(&parameters, "next").and_then(|next| login.placement().next(next));
        Some(Self {
            word: word.to_owned(),
            sentence: own.unwrap_or_else(known),
            next: next.map(|next| next.as_str().to_owned()),
        })
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for Notice {
    type Rejection = core::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Self::Rejection> {
        Ok(match parts.extensions.get::<WebLogin>() {
            Some(login) => Self::of(login, parts.uri.query().unwrap_or_default()).await,
            None => None,
        })
    }
}

/// Keeps an application's sentence, and returns its id; `None` if it cannot be kept or is empty.
pub(crate) async fn keep(login: &WebLogin, sentence: &str) -> Option<String> {
    let sentence: String = sentence.chars().take(LONGEST).collect();
    if sentence.trim().is_empty() {
        return None;
    }
    let kept = async {
        let id = random::id()?;
        let data = Data::from_iter([("sentence".to_owned(), Value::from(sentence))]);
        login.sessions().insert(&Name::of("notice", &id), data, login.sessions().end_of(KEPT)).await?;
        Ok::<_, TokenError>(id)
    };
    kept.await.map_err(|error| events::failed("session", None, &error)).ok()
}

async fn find(login: &WebLogin, id: &str) -> Option<String> {
    let found = login.sessions().load(&Name::of("notice", id)).await;
    let data = found.map_err(|error| events::failed("session", None, &error)).ok()??;
    text(&data, "sentence").map(str::to_owned)
}

/// What happened, and what the user can do about it.
pub(crate) fn sentence(word: &str) -> &'static str {
    match word {
        "access_denied" => "You did not allow the sign-in. You can try again whenever you like.",
        "missing_parameters" => "The sign-in came back incomplete. Please try again.",
        "invalid_state" => {
            "This sign-in has ended: it took too long, was used already, or was started in another browser. \
             Please sign in again."
        }
        "invalid_issuer" => {
            "The answer came from another server than the one you were sent to. Please try again."
        }
        "invalid_id_token" => {
            "The server's proof of who you are could not be verified, so you are not signed in. Please try again."
        }
        "invalid_request" => "The link to the sign-in is wrong. Please sign in with the button on this page.",
        "refused" => "This account has no access to this site.",
        "misconfigured" => {
            "This site and the server do not agree on how to sign in. Trying again does not help: please tell the \
             operator of this site."
        }
        "sign_in_not_accepted" => {
            "You have signed in, but the server does not accept the sign-in. Please try again in a while."
        }
        "login_required" => "Your sign-in has ended. Please sign in again.",
        "logout_incomplete" => {
            "You are signed out here, but the server has not confirmed that it ended the access of this site. To be \
             sure, end it in your account there."
        }
        "server_error" | "temporarily_unavailable" => SERVER_DOWN,
        _ => "The sign-in was refused. Please try again.",
    }
}

pub(crate) const SERVER_DOWN: &str =
    "The server cannot be reached or has failed. Please try again in a while.";
