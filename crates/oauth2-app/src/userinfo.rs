//! Who signed in, as the userinfo endpoint tells it.

use core::fmt;

use wellspring_core::{HttpRequest, HttpResponse, Method, TokenError, UnixTime};
use wellspring_wire::{Json, Object};

use crate::{App, answer};

/// The user who signed in. With a narrower scope members are missing, so all but the id are optional; one of
/// another type than expected counts as missing.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserInfo {
    /// `sub`, or `id` where there is none: the user's name that never changes. Numbers are given as text.
    pub id: String,
    /// `username`, or `preferred_username`
    /// ([OpenID Connect Core §5.1](https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims)).
    pub username: Option<String>,
    /// `name`, for display.
    pub name: Option<String>,
    /// `email`.
    pub email: Option<String>,
    /// `quota`, in the vendor's own unit.
    pub quota: Option<i64>,
    /// `used_quota`, in the vendor's own unit.
    pub used_quota: Option<i64>,
    /// `balance_formatted`, as the vendor writes it. Nothing here or elsewhere computes it: the vendor's documents
    /// disagree about how.
    pub balance_formatted: Option<String>,
    /// `created_time`.
    pub created: Option<UnixTime>,
    /// `status`, 1 for an account in order.
    pub status: Option<i64>,
}

impl UserInfo {
    /// Reads the answer to [`App::userinfo_request`].
    ///
    /// # Errors
    ///
    /// When the answer is no user info: an error of the endpoint's, somebody else's page, or no id.
    pub fn read(response: &HttpResponse, now: UnixTime) -> Result<Self, TokenError> {
        let object = answer::object(response, now)?;
        let text = |name| object.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
        let id = only(&object, "sub")?.or(only(&object, "id")?);
        Ok(Self {
            id: id.ok_or_else(|| unusable("the user info holds no id"))?,
            username: text("username").or_else(|| text("preferred_username")),
            name: text("name"),
            email: text("email"),
            quota: object.integer("quota"),
            used_quota: object.integer("used_quota"),
            balance_formatted: text("balance_formatted"),
            created: object
                .integer("created_time")
                .and_then(|at| u64::try_from(at).ok())
                .map(UnixTime::from_secs),
            status: object.integer("status"),
        })
    }
}

/// An id, which decides whose account this is: two of them would leave that open.
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
        // No secret, and still nobody's business in a log.
        f.debug_struct("UserInfo").field("id", &self.id).finish_non_exhaustive()
    }
}

impl App {
    /// The userinfo request, ready but for the token.
    ///
    /// # Errors
    ///
    /// When this app knows no userinfo endpoint.
    pub fn userinfo_request(&self) -> Result<HttpRequest, TokenError> {
        let url = self.config().userinfo_url.as_deref();
        let url = url.ok_or_else(|| TokenError::misconfigured("this app knows no userinfo endpoint"))?;
        Ok(HttpRequest::new(Method::Get, url).header("Accept", "application/json"))
    }
}
