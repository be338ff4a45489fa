//! Registering an app, as AIHubMix has it: not OAuth, an envelope of the vendor's own.

use wellspring_core::{
    AccessToken, ClientSecret, HttpRequest, HttpResponse, Method, Origin, TokenError, UnixTime,
};
use wellspring_wire::{Object, bearer_authorization, json_body};

use crate::{RedirectUri, answer};

/// An app to be registered.
#[derive(Clone, Debug)]
pub struct Registration {
    name: String,
    description: String,
    redirect_uri: RedirectUri,
}

impl Registration {
    /// The host that the published page registers apps with.
    pub const AIHUBMIX: &'static str = "https://api.aihubmix.com";

    /// An app of this name; its redirect URI is registered byte for byte.
    #[must_use]
    pub fn new(name: impl Into<String>, description: impl Into<String>, redirect_uri: RedirectUri) -> Self {
        Self { name: name.into(), description: description.into(), redirect_uri }
    }

    /// The registration request, made with the developer's own token.
    ///
    /// # Errors
    ///
    /// When the base URL is neither HTTPS nor plain HTTP to loopback, carries a query, or the token cannot stand in
    /// a header.
    pub fn request(&self, base_url: &str, developer_token: &AccessToken) -> Result<HttpRequest, TokenError> {
        Origin::of(base_url)
            .map_err(|error| TokenError::misconfigured(format!("the base URL is no good: {error}")))?;
        if base_url.contains('?') {
            return Err(TokenError::misconfigured("the base URL must not carry a query"));
        }
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
        let url = format!("{}/api/oauth_apps", base_url.trim_end_matches('/'));
        Ok(HttpRequest::new(Method::Post, url)
            .header("Content-Type", "application/json")
            .header("Authorization", bearer_authorization(token))
            .body(json_body(&members)))
    }
}

/// An app that was registered. The secret is shown this once: no endpoint reads it back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RegisteredApp {
    /// `client_id`, which is public.
    pub client_id: String,
    /// `client_secret`, which never leaves the server.
    pub client_secret: ClientSecret,
    /// The vendor's number of the app.
    pub id: Option<i64>,
    /// Its name, as registered.
    pub name: Option<String>,
    /// Its redirect URI, as registered. What is not equal to the byte will not work.
    pub redirect_uri: Option<String>,
    /// When it was registered.
    pub created: Option<UnixTime>,
}

impl RegisteredApp {
    /// Reads the answer to [`Registration::request`]. The envelope's `success` counts on a 200 too.
    ///
    /// # Errors
    ///
    /// When the vendor refuses, which it says in the error's description, or the answer lacks id or secret.
    pub fn read(response: &HttpResponse, now: UnixTime) -> Result<Self, TokenError> {
        let object = answer::object(response, now)?;
        if object.bool("success") == Some(false) {
            return Err(answer::refusal(
                "the vendor refused to register the app",
                response.status(),
                &object,
            ));
        }
        let lacks = |what| {
            let text = format!("the app seems to be registered, and the answer lacks its {what}");
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
            created: data
                .integer("created_time")
                .and_then(|at| u64::try_from(at).ok())
                .map(UnixTime::from_secs),
        })
    }
}

fn only(data: &Object, name: &str) -> Option<String> {
    let value = data.only(name).ok()??.as_text()?;
    (!value.is_empty()).then(|| value.to_owned())
}
