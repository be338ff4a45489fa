//! Where the user can top up the account.

use wellspring_core::{HttpRequest, HttpResponse, Method, Origin, TokenError, UnixTime};
use wellspring_wire::Redaction;

use crate::{App, answer};

impl App {
    /// The request for the top-up page's URL, ready but for the token.
    ///
    /// # Errors
    ///
    /// When this app knows no such endpoint.
    pub fn topup_request(&self) -> Result<HttpRequest, TokenError> {
        let url = self.config().topup_url.as_deref();
        let url = url.ok_or_else(|| TokenError::misconfigured("this app knows no top-up endpoint"))?;
        Ok(HttpRequest::new(Method::Get, url).header("Accept", "application/json"))
    }

    /// Reads the answer to [`topup_request`](Self::topup_request): a URL to open in the user's browser, or none,
    /// and then there is nothing to do.
    ///
    /// # Errors
    ///
    /// When the URL is neither HTTPS nor loopback, or leads to another host than the ones that top-up pages live on:
    /// it is about to be opened in front of a user who is about to pay.
    pub fn read_topup(&self, response: &HttpResponse, now: UnixTime) -> Result<Option<String>, TokenError> {
        let object = answer::object(response, now)?;
        let url = match object.only("topup_url") {
            Ok(None) => return Ok(None),
            Ok(Some(url)) if url.is_null() || url.as_text() == Some("") => return Ok(None),
            Ok(Some(url)) => {
                url.as_text().ok_or_else(|| TokenError::protocol("the top-up URL is not a text"))?
            }
            Err(_) => return Err(TokenError::protocol("the answer holds two top-up URLs")),
        };
        let origin = Origin::of(url)
            .map_err(|error| TokenError::protocol(format!("the top-up URL is no good: {error}")))?;
        let expected = |host: &String| {
            origin.host() == host
                || origin.host().strip_suffix(host.as_str()).is_some_and(|rest| rest.ends_with('.'))
        };
        if !self.config().topup_hosts.iter().any(expected) {
            return Err(TokenError::protocol(
                "the top-up URL leads to a host where top-up pages are not expected",
            )
            .with_description(Redaction::new().text(origin.host())));
        }
        Ok(Some(url.to_owned()))
    }
}
