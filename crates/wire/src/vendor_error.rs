//! Which responses of an endpoint are errors, where its format names the statuses and the members for that.

use crate::error_body::{ErrorBody, ErrorShape, messages, scalar};
use crate::json::{Json, Object};
use crate::member_name::last_member;
use crate::token_format::TokenFormat;

impl TokenFormat {
    /// Whether a response of this status may hold a token.
    pub(crate) fn is_success(&self, status: u16) -> bool {
        matches!(status, 200..=299) && (self.success.is_empty() || self.success.contains(&status))
    }

    /// Whether a response contains an error, which takes precedence over a token beside it.
    pub(crate) fn has_error(&self, object: &Object) -> bool {
        let is_empty =
            |error: &Json| error.is_null() || error.as_text() == Some("") || error.as_bool() == Some(false);
        object.get("error").is_some_and(|error| !is_empty(error)) || self.own_error(object).is_some()
    }

    /// The error in this object.
    pub(crate) fn error_body(&self, object: &Object) -> ErrorBody {
        let Some(code) = self.own_error(object) else { return ErrorBody::of(object) };
        let message = self.names.error_description.as_deref().and_then(|name| last_member(object, name));
        let mut body = ErrorBody::own(scalar(Some(code)), messages(message));
        // A code of the standard under another name has its meaning.
        body.shape = ErrorShape::OAuth;
        body
    }

    /// The code of an error in the endpoint's own member.
    fn own_error<'a>(&self, object: &'a Object) -> Option<&'a Json> {
        let code = last_member(object, self.names.error.as_deref()?)?;
        let none = match code {
            Json::Bool(code) => !code,
            Json::Number(_) => code.to_json().trim_end_matches(".0") == "0",
            Json::Text(code) => matches!(code.to_ascii_lowercase().as_str(), "" | "0" | "ok" | "success"),
            _ => code.is_null(),
        };
        (!none).then_some(code)
    }
}
