//! The response to a request without a user who may do it: to the sign-in, or a plain refusal.

use axum::response::{IntoResponse, Response};
use oauth2_app::StepUp;

use crate::layer::ToStart;
use crate::placement::Paths;
use crate::query::{percent, with_query};
use crate::response::{not_authenticated, redirect, server_error};

/// The response to a request without a signed-in user, or with one who has to sign in again.
///
/// The redirects lead to the start of the router from [`WebLogin::router`](crate::WebLogin::router), wherever it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotSignedIn {
    /// The browser asked for a page: it is redirected to the sign-in, and back afterwards. If the user has signed in
    /// seconds ago, another sign-in would not help: the browser is redirected to the home path with
    /// `?error=sign_in_not_accepted`.
    Start {
        /// The path to come back to, as browsers see it.
        next: Option<String>,
    },
    /// An API asks for a stronger or a more recent sign-in ([RFC 9470](https://www.rfc-editor.org/rfc/rfc9470)): the
    /// browser is redirected to such a sign-in, and back afterwards.
    StepUp {
        /// What the API asks for.
        asks: StepUp,
        /// The path to come back to, as browsers see it.
        next: Option<String>,
    },
    /// 401 `{"error":"Not authenticated"}`.
    Refused,
    /// The sessions cannot be read. 500 `{"error":"Server error"}`.
    Unknown,
}

impl NotSignedIn {
    /// The response to an API's challenge for a stronger sign-in; `None` if its response is no such challenge.
    ///
    /// ```
    /// use oauth2_app_axum::NotSignedIn;
    ///
    /// let refused = http::Response::builder()
    ///     .status(401)
    ///     .header("WWW-Authenticate", r#"Bearer error="insufficient_user_authentication", acr_values="gold""#)
    ///     .body(())?;
    /// let answer = NotSignedIn::step_up(&refused, Some("/transfer"));
    /// assert!(matches!(answer, Some(NotSignedIn::StepUp { asks, .. }) if asks.acr_values.as_deref() == Some("gold")));
    /// # Ok::<(), http::Error>(())
    /// ```
    #[must_use]
    pub fn step_up<B>(refused: &http::Response<B>, next: Option<&str>) -> Option<Self> {
        let head = wellspring_core::ResponseHead::from((refused.status(), refused.headers()));
        let asks = StepUp::of(&head)?;
        Some(Self::StepUp { asks, next: next.map(str::to_owned) })
    }
}

impl IntoResponse for NotSignedIn {
    fn into_response(self) -> Response {
        match self {
            Self::Start { next } => start(ToStart { next, asks: Vec::new() }),
            Self::StepUp { asks, next } => {
                let acr_values = asks.acr_values.map(|values| ("acr_values", values));
                let max_age = asks.max_age.map(|max_age| ("max_age", max_age.as_secs().to_string()));
                start(ToStart { next, asks: acr_values.into_iter().chain(max_age).collect() })
            }
            Self::Refused => not_authenticated(),
            Self::Unknown => server_error(),
        }
    }
}

/// The layer of the login's router puts in the configured path.
fn start(to: ToStart) -> Response {
    let next = to.next.iter().map(|next| format!("next={}", percent(next)));
    let asks = to.asks.iter().map(|(name, value)| format!("{name}={}", percent(value)));
    let query: Vec<_> = next.chain(asks).collect();
    let mut response = redirect(&with_query(&Paths::new().start, &query));
    response.extensions_mut().insert(to);
    response
}
