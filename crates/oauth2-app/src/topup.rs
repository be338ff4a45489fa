//! The top-up page of the user's account.

use wellspring_core::{HttpRequest, HttpResponse, Method, Origin, TokenError, UnixTime};
use wellspring_wire::Redaction;

use crate::app::App;
use crate::response;

impl App {
    /// The request for the URL of the top-up page, complete except for the token.
    ///
    /// # Errors
    ///
    /// Fails if this app has no top-up endpoint.
    pub fn topup_request(&self) -> Result<HttpRequest, TokenError> {
        let url = self.config().topup_url.as_deref();
        let url =
            url.ok_or_else(|| TokenError::misconfigured("this app has no top-up endpoint: set topup_url"))?;
        Ok(HttpRequest::new(Method::Get, url).header("Accept", "application/json"))
    }

    /// Reads the answer to [`topup_request`](Self::topup_request): a URL to open in the user's browser, or `None` if the
    /// server names none.
    ///
    /// # Errors
    ///
    /// Fails if the URL is neither HTTPS nor loopback, or its host is not one of
    /// [`topup_hosts`](crate::AppBuilder::topup_hosts). A user who opens the page expects to pay there.
    pub fn read_topup(&self, response: &HttpResponse, now: UnixTime) -> Result<Option<String>, TokenError> {
        let object = response::object(response, now)?;
        let url = match object.only("topup_url") {
            Ok(None) => return Ok(None),
            Ok(Some(url)) if url.is_null() || url.as_text() == Some("") => return Ok(None),
            Ok(Some(url)) => {
                url.as_text().ok_or_else(|| TokenError::protocol("the top-up URL is not a string"))?
            }
            Err(_) => return Err(TokenError::protocol("the answer holds two top-up URLs")),
        };
        let origin = Origin::of(url)
            .map_err(|error| TokenError::protocol(format!("the top-up URL is invalid: {error}")))?;
        let is_allowed = |host: &String| {
            origin.host() == host
                || origin.host().strip_suffix(host.as_str()).is_some_and(|rest| rest.ends_with('.'))
        };
        if !self.config().topup_hosts.iter().any(is_allowed) {
            return Err(TokenError::protocol("the host of the top-up URL is not one of topup_hosts")
                .with_description(Redaction::new().text(origin.host())));
        }
        Ok(Some(url.to_owned()))
    }
}
