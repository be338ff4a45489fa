//! The signed-in user, from the userinfo endpoint.

use core::fmt;

use wellspring_core::{HttpRequest, HttpResponse, Method, TokenError, UnixTime};
use wellspring_wire::{Json, Object};

use crate::app::App;
use crate::response;

/// The signed-in user. Every member except the id is optional, because a narrower scope omits members. A member of an
/// unexpected type counts as missing.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserInfo {
    /// `sub`, or `id` if there is no `sub`: the identifier of the user that never changes. A number is given as text.
    pub id: String,
    /// `username`, or `preferred_username`
    /// ([OpenID Connect Core §5.1](https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims)).
    pub username: Option<String>,
    /// `name`, for display.
    pub name: Option<String>,
    /// `email`.
    pub email: Option<String>,
}

impl UserInfo {
    /// Reads the answer to [`App::userinfo_request`].
    ///
    /// # Errors
    ///
    /// Fails if the answer is an error, is a page of an intermediary, or holds no id.
    pub fn read(response: &HttpResponse, now: UnixTime) -> Result<Self, TokenError> {
        Self::of(&response::object("userinfo endpoint", response, now)?)
    }

    /// The user that these members describe.
    pub(crate) fn of(object: &Object) -> Result<Self, TokenError> {
        let text = |name| object.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let id = only(object, "sub")?.or(only(object, "id")?);
        Ok(Self {
            id: id.ok_or_else(|| unusable("the user info holds no id"))?,
            username: text("username").or_else(|| text("preferred_username")),
            name: text("name"),
            email: text("email"),
        })
    }
}

/// An id. It identifies the account, so a repeated id is an error.
fn only(object: &Object, name: &str) -> Result<Option<String>, TokenError> {
    match object.only(name) {
        Ok(Some(Json::Text(text))) if !text.is_empty() => Ok(Some(text.to_string())),
        Ok(Some(number @ Json::Number(_))) if number.as_integer().is_some() => Ok(Some(number.to_json())),
        Ok(_) => Ok(None),
        Err(_) => Err(unusable("the user info holds two ids")),
    }
}

fn unusable(text: &'static str) -> TokenError {
    TokenError::protocol(text)
}

impl fmt::Debug for UserInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The members are not secrets, but personal data does not belong in a log.
        f.debug_struct("UserInfo").field("id", &self.id).finish_non_exhaustive()
    }
}

impl App {
    /// The userinfo request, complete except for the token.
    ///
    /// # Errors
    ///
    /// Fails if this app has no userinfo endpoint.
    pub fn userinfo_request(&self) -> Result<HttpRequest, TokenError> {
        let url = self.config().userinfo_url.as_deref();
        let url = url.ok_or_else(|| {
            TokenError::misconfigured("this app has no userinfo endpoint: set userinfo_url")
        })?;
        Ok(HttpRequest::new(Method::Get, url).header("Accept", "application/json"))
    }
}
