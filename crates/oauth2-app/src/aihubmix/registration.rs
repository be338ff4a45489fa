//! Registering an app at AIHubMix, with the vendor's own API rather than RFC 7591.

use core::fmt;

use wellspring_core::{AccessToken, ClientSecret, HttpRequest, HttpResponse, Method, TokenError, UnixTime};
use wellspring_wire::{Object, bearer_authorization, json_body};

use super::account::created_time;
use super::base_url;
use crate::redirect_uri::RedirectUri;
use crate::response;

/// An app to register.
#[derive(Clone, Debug)]
pub struct Registration {
    name: String,
    description: String,
    redirect_uri: RedirectUri,
}

impl Registration {
    /// An app with this name. Its redirect URI is registered byte for byte.
    #[must_use]
    pub fn new(name: impl Into<String>, description: impl Into<String>, redirect_uri: RedirectUri) -> Self {
        Self { name: name.into(), description: description.into(), redirect_uri }
    }

    /// The registration request with the developer's own token.
    ///
    /// # Errors
    ///
    /// Fails if the base URL is neither HTTPS nor plain HTTP to loopback, the base URL carries a query, or the token is not
    /// visible ASCII.
    pub fn request(
        &self,
        base_url: impl fmt::Display,
        developer_token: &AccessToken,
    ) -> Result<HttpRequest, TokenError> {
        let (_, base) = base_url::checked(base_url)?;
        let token = developer_token.expose();
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(TokenError::misconfigured(
                "the developer token is empty or holds more than visible ASCII",
            ));
        }
        let members = [
            ("name", self.name.as_str()),
            ("description", self.description.as_str()),
            ("redirect_uri", self.redirect_uri.as_str()),
        ];
        let url = format!("{base}/api/oauth_apps");
        Ok(HttpRequest::new(Method::Post, url)
            .header("Content-Type", "application/json")
            .header("Authorization", bearer_authorization(token))
            .body(json_body(&members)))
    }
}

/// A registered app. Store the secret: the server shows it only in this answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RegisteredApp {
    /// `client_id`. It is public.
    pub client_id: String,
    /// `client_secret`. Keep it on your server.
    pub client_secret: ClientSecret,
    /// The vendor's number for the app.
    pub id: Option<i64>,
    /// The app's name, as registered.
    pub name: Option<String>,
    /// The app's redirect URI, as registered. A sign-in works only with exactly this text.
    pub redirect_uri: Option<String>,
    /// The time of the registration.
    pub created: Option<UnixTime>,
}

impl RegisteredApp {
    /// Reads the answer to [`Registration::request`]. A 200 with `"success": false` is an error.
    ///
    /// # Errors
    ///
    /// Fails if the vendor refuses, with its message as the error's description, or if the answer lacks id or secret.
    pub fn read(response: &HttpResponse, now: UnixTime) -> Result<Self, TokenError> {
        let object = response::object("registration endpoint", response, now)?;
        if object.bool("success") == Some(false) {
            return Err(response::error(
                "the vendor refused to register the app",
                response.status(),
                &object,
            ));
        }
        let lacks = |name| {
            let text = format!("the vendor may have registered the app, but the answer lacks {name}");
            TokenError::protocol(text).with_status(response.status(), None)
        };
        let data = object.object("data").ok_or_else(|| lacks("data"))?;
        let text = |name| data.text(name).map(str::to_owned);
        Ok(Self {
            client_id: only(data, "client_id").ok_or_else(|| lacks("client_id"))?,
            client_secret: ClientSecret::new(
                only(data, "client_secret").ok_or_else(|| lacks("client_secret"))?,
            ),
            id: data.integer("id"),
            name: text("name"),
            redirect_uri: text("redirect_uri"),
            created: created_time(data),
        })
    }
}

fn only(data: &Object, name: &str) -> Option<String> {
    let value = data.only(name).ok()??.as_text()?;
    (!value.is_empty()).then(|| value.to_owned())
}
