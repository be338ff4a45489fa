//! The top-up page of the user's account.

use core::fmt;

use wellspring_core::{HttpRequest, HttpResponse, Method, Origin, TokenError, UnixTime};
use wellspring_wire::Redaction;

use super::base_url;
use crate::response;

/// The vendor's domain, which serves the top-up pages of every API host.
const DOMAIN: &str = "aihubmix.com";

/// The endpoint that returns the URL of the user's top-up page.
#[derive(Clone, Debug)]
pub struct TopUp {
    url: String,
    hosts: Vec<String>,
}

impl TopUp {
    /// The endpoint at this base URL. Allowed top-up pages are on the vendor's domain or on the host of the base URL,
    /// because the published page names no host for them.
    ///
    /// # Errors
    ///
    /// Fails if the URL is neither HTTPS nor plain HTTP to loopback, or carries a query.
    pub fn new(base_url: impl fmt::Display) -> Result<Self, TokenError> {
        let (origin, base) = base_url::checked(base_url)?;
        let hosts = vec![DOMAIN.to_owned(), origin.host().to_owned()];
        Ok(Self { url: format!("{base}/api/oauth2/topup"), hosts })
    }

    /// The hosts of allowed top-up pages, instead of the default ones. Their subdomains are allowed too.
    #[must_use]
    pub fn hosts<S: Into<String>>(mut self, hosts: impl IntoIterator<Item = S>) -> Self {
        self.hosts = hosts.into_iter().map(|host| host.into().to_ascii_lowercase()).collect();
        self
    }

    /// The request for the URL of the top-up page, complete except for the token.
    #[must_use]
    pub fn request(&self) -> HttpRequest {
        HttpRequest::new(Method::Get, self.url.as_str()).header("Accept", "application/json")
    }

    /// Reads the answer to [`request`](Self::request): a URL to open in the user's browser, or `None` if the server names
    /// none.
    ///
    /// # Errors
    ///
    /// Fails if the URL is neither HTTPS nor loopback, or its host is not allowed. A user who opens the page expects to pay
    /// there.
    pub fn read(&self, response: &HttpResponse, now: UnixTime) -> Result<Option<String>, TokenError> {
        let object = response::object("API", response, now)?;
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
        if !self.hosts.iter().any(is_allowed) {
            return Err(TokenError::protocol("the host of the top-up URL is not one of the allowed hosts")
                .with_description(Redaction::new().text(origin.host())));
        }
        Ok(Some(url.to_owned()))
    }
}
