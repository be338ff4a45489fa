//! What the application says of a sign-in: it may refuse the user, and give the user an id of its own.

use core::future::Future;
use core::pin::Pin;
use std::sync::Arc;

use wellspring_core::TokenError;

use crate::identity::SignInAttempt;

/// The application accepts a sign-in. Returned from the hook of [`Builder::on_sign_in`](crate::Builder::on_sign_in).
#[must_use = "return it from the hook"]
#[derive(Clone, Debug, Default)]
pub struct Accepted {
    pub(crate) user_id: Option<String>,
}

impl Accepted {
    /// Accepts, with no id.
    pub fn new() -> Self {
        Self::default()
    }

    /// Accepts, and keeps the application's own id of the user in the session, for
    /// [`SignedIn::user_id`](crate::SignedIn::user_id).
    ///
    /// ```
    /// use oauth2_app_axum::{Accepted, Refused};
    ///
    /// fn judge(email: &str) -> Result<Accepted, Refused> {
    ///     match email.ends_with("@example.com") {
    ///         true => Ok(Accepted::user_id(email)),
    ///         false => Err(Refused::because("This site is for the staff of Example only.")),
    ///     }
    /// }
    /// assert!(judge("ann@example.com").is_ok());
    /// assert!(judge("ann@example.net").is_err());
    /// ```
    pub fn user_id(id: impl Into<String>) -> Self {
        Self { user_id: Some(id.into()) }
    }
}

/// The application refuses a sign-in. Returned from the hook of [`Builder::on_sign_in`](crate::Builder::on_sign_in).
#[must_use = "return it from the hook"]
#[derive(Clone, Debug)]
pub struct Refused {
    pub(crate) why: Why,
}

#[derive(Clone, Debug)]
pub(crate) enum Why {
    /// The sentence for the user.
    Sentence(String),
    /// The application could not decide.
    Failed(TokenError),
}

impl Refused {
    /// Refuses with a sentence that the user sees. It is shown as text, not as HTML. An empty one is replaced by a sentence
    /// of this crate.
    pub fn because(sentence: impl Into<String>) -> Self {
        Self { why: Why::Sentence(sentence.into()) }
    }

    /// The application could not decide, for example because the user info could not be fetched. The error goes to the
    /// log, and the user is asked to try again.
    pub const fn because_of(error: TokenError) -> Self {
        Self { why: Why::Failed(error) }
    }
}

impl From<TokenError> for Refused {
    fn from(error: TokenError) -> Self {
        Self::because_of(error)
    }
}

type Decision = Pin<Box<dyn Future<Output = Result<Accepted, Refused>> + Send>>;

/// The application's hook.
#[derive(Clone)]
pub(crate) struct Hook(Arc<dyn Fn(SignInAttempt) -> Decision + Send + Sync>);

impl Hook {
    pub(crate) fn new<F, D>(hook: F) -> Self
    where
        F: Fn(SignInAttempt) -> D + Send + Sync + 'static,
        D: Future<Output = Result<Accepted, Refused>> + Send + 'static,
    {
        Self(Arc::new(move |attempt| Box::pin(hook(attempt))))
    }

    pub(crate) async fn ask(&self, attempt: SignInAttempt) -> Result<Accepted, Refused> {
        (self.0)(attempt).await
    }
}
