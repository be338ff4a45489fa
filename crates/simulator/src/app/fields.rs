//! The fields of a form or a query as the endpoints of the OAuth2 application read them.

use crate::oauth_error::error;
use crate::reply::Reply;
use crate::request::Request;

/// Fields without an empty value, each at most once
/// ([RFC 6749 §3.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.1)).
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Fails with the name of a field that occurs twice.
    pub(super) fn read(mut pairs: Vec<(String, String)>) -> Result<Self, String> {
        for (at, (name, _)) in pairs.iter().enumerate() {
            if pairs[..at].iter().any(|(before, _)| before == name) {
                return Err(name.clone());
            }
        }
        pairs.retain(|(_, value)| !value.is_empty());
        Ok(Self(pairs))
    }

    /// The form of a request to a token or revocation endpoint, or the refusal.
    pub(super) fn of_form(request: &Request) -> Result<Self, Reply> {
        let invalid =
            |description: &str| error(400, "invalid_request", description, format!("refused: {description}"));
        if !request.is_of_type("application/x-www-form-urlencoded") {
            return Err(invalid("Content-Type must be application/x-www-form-urlencoded"));
        }
        Self::read(request.form()).map_err(|name| invalid(&format!("Parameter {name} is repeated")))
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
    }
}

/// The scopes that are listed in a text.
pub(super) fn scopes(text: &str) -> Vec<String> {
    text.split_whitespace().map(Into::into).collect()
}
