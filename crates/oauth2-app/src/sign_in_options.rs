//! What one sign-in asks of the authorization server beyond the app's settings.

use core::time::Duration;

use wellspring_core::TokenError;
use wellspring_wire::StepUp;

use crate::checks::{has_parameter, query_parameters};

/// The longest value of an option, in bytes. URLs have limits too.
const LONGEST: usize = 256;

/// Options of one sign-in, for [`App::authorize_with`](crate::App::authorize_with). By default none is sent
/// ([OpenID Connect Core §3.1.2.1](https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest)). An empty value
/// counts as none.
///
/// The setters check nothing: `authorize_with` does, so that values of a request can be passed on.
///
/// ```
/// use core::time::Duration;
/// use oauth2_app::{App, Entropy, SignInOptions};
///
/// let app = App::builder()
///     .authorize_url("https://server.example.com/authorize")
///     .token_url("https://server.example.com/token")
///     .client_id("client_abc123def456")
///     .redirect_uri("https://yourapp.com/oauth/callback")
///     .build()?;
/// let options = SignInOptions::new().max_age(Duration::from_secs(300)).acr_values("urn:example:mfa");
/// let authorization = app.authorize_with(&Entropy::new([7; 64]), &options)?;
/// assert!(authorization.url.ends_with("&acr_values=urn%3Aexample%3Amfa&max_age=300"));
/// assert!(app.authorize_with(&Entropy::new([8; 64]), &SignInOptions::new().prompt("none login")).is_err());
/// # Ok::<(), wellspring_core::TokenError>(())
/// ```
#[must_use = "pass them to `App::authorize_with`"]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignInOptions {
    prompt: Option<String>,
    login_hint: Option<String>,
    pub(crate) acr_values: Option<String>,
    pub(crate) max_age: Option<Duration>,
    form_post: bool,
}

impl SignInOptions {
    /// No options.
    pub fn new() -> Self {
        Self::default()
    }

    /// `prompt`: `login`, `consent`, `select_account` or another value of the server, separated by spaces. `none` stands by
    /// itself: the server shows no page, and answers with an error if it would have to.
    pub fn prompt(mut self, prompt: impl Into<String>) -> Self {
        self.prompt = given(prompt.into());
        self
    }

    /// `login_hint`: the user to sign in, such as an email address. At most 256 bytes.
    pub fn login_hint(mut self, hint: impl Into<String>) -> Self {
        self.login_hint = given(hint.into());
        self
    }

    /// `acr_values`: the authentication context classes that are acceptable, separated by spaces, the preferred one first.
    /// A verified ID token must name one of them.
    pub fn acr_values(mut self, values: impl Into<String>) -> Self {
        self.acr_values = given(values.into());
        self
    }

    /// `max_age`: how long ago the user may have authenticated at most. A fraction of a second is dropped. A verified ID
    /// token must name the time.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(Duration::from_secs(max_age.as_secs()));
        self
    }

    /// What a resource server asks for that wants a stronger or newer authentication
    /// ([RFC 9470 §4](https://www.rfc-editor.org/rfc/rfc9470#section-4)).
    pub fn step_up(mut self, step_up: &StepUp) -> Self {
        self.acr_values = step_up.acr_values.clone().and_then(given).or(self.acr_values);
        match step_up.max_age {
            Some(max_age) => self.max_age(max_age),
            None => self,
        }
    }

    /// `response_mode=form_post`: the browser brings the callback as a POST, so that no URL holds the code
    /// ([OAuth 2.0 Form Post Response Mode](https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html)). Read
    /// it with [`Callback::read_form`](crate::Callback::read_form). The POST comes from the server's site, so a browser
    /// sends with it only cookies with `SameSite=None`.
    pub fn form_post(mut self) -> Self {
        self.form_post = true;
        self
    }

    /// The parameters to send, checked.
    pub(crate) fn parameters(&self, authorize_url: &str) -> Result<Vec<(&'static str, String)>, TokenError> {
        let mut parameters = Vec::new();
        let texts =
            [("prompt", &self.prompt), ("login_hint", &self.login_hint), ("acr_values", &self.acr_values)];
        for (name, value) in texts {
            if let Some(value) = value {
                check(name, value)?;
                parameters.push((name, value.clone()));
            }
        }
        if let Some(max_age) = self.max_age {
            parameters.push(("max_age", max_age.as_secs().to_string()));
        }
        if self.form_post {
            parameters.push(("response_mode", "form_post".to_owned()));
        }
        let in_url = if parameters.is_empty() { Vec::new() } else { query_parameters(authorize_url) };
        match parameters.iter().find(|(name, _)| has_parameter(&in_url, name)) {
            Some((name, _)) => Err(TokenError::misconfigured(format!(
                "a sign-in cannot set {name}: the query of authorize_url sets it"
            ))),
            None => Ok(parameters),
        }
    }
}

fn given(value: String) -> Option<String> {
    (!value.is_empty()).then_some(value)
}

fn check(name: &str, value: &str) -> Result<(), TokenError> {
    let words = |value: &str| {
        value.split(' ').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_graphic()))
    };
    let reason = if value.len() > LONGEST {
        "it is longer than 256 bytes"
    } else if name == "login_hint" {
        if !value.chars().any(char::is_control) {
            return Ok(());
        }
        "it has a control character"
    } else if !words(value) {
        "it must be words of visible ASCII characters, each separated from the next by one space"
    } else if name == "prompt" && value != "none" && value.split(' ').any(|word| word == "none") {
        "`none` must stand by itself"
    } else {
        return Ok(());
    };
    Err(TokenError::misconfigured(format!("{name} of the sign-in is invalid: {reason}")))
}
