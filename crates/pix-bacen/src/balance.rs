//! The answer to `GET /accounts/balances`.

use wellspring_wire::{Json, Object};

use crate::api_error::ApiError;

/// The balance of one account. An amount is the API's own text, whether the API writes a JSON number or a string;
/// this crate computes nothing from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Balance {
    /// The date of the balance (`eventDate`).
    pub event_date: Option<String>,
    /// The amount that the owner can use.
    pub available: Option<String>,
    /// The amount that is blocked.
    pub blocked: Option<String>,
    /// The overdraft.
    pub overdraft: Option<String>,
}

impl Balance {
    /// Reads the answer to [`Gateway::balances`](crate::Gateway::balances).
    ///
    /// # Errors
    ///
    /// Fails if the status is not 2xx, or the body holds no list of balances.
    pub fn read(status: u16, body: &[u8]) -> Result<Vec<Self>, ApiError> {
        if !(200..300).contains(&status) {
            return Err(ApiError::read(status, body));
        }
        let object = Object::parse(body).map_err(|fault| ApiError::unexpected(status, &fault.to_string()))?;
        let data = object.get("data").and_then(|data| data.as_array());
        let data =
            data.ok_or_else(|| ApiError::unexpected(status, "the answer holds no list of balances"))?;
        Ok(data.iter().filter_map(|balance| balance.as_object()).map(Self::of).collect())
    }

    fn of(object: &Object) -> Self {
        let amount = |name| object.object("balanceAmount").and_then(|amount| text(amount, name));
        Self {
            event_date: text(object, "eventDate"),
            available: amount("available"),
            blocked: amount("blocked"),
            overdraft: amount("overdraft"),
        }
    }
}

fn text(object: &Object, name: &str) -> Option<String> {
    match object.get(name)? {
        Json::Text(text) => Some(text.to_string()),
        number @ Json::Number(_) => Some(number.to_json()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_text_whether_the_api_writes_numbers_or_strings() {
        let body = br#"{"data":[{"eventDate":"2024-01-02","balanceAmount":{"available":1500.75,"blocked":0,"overdraft":"0.00"}}]}"#;
        let balances = Balance::read(200, body).unwrap();
        assert_eq!(balances.len(), 1);
        assert_eq!(balances[0].event_date.as_deref(), Some("2024-01-02"));
        assert_eq!(balances[0].available.as_deref(), Some("1500.75"));
        assert_eq!(balances[0].blocked.as_deref(), Some("0"));
        assert_eq!(balances[0].overdraft.as_deref(), Some("0.00"));
    }

    #[test]
    fn a_missing_member_is_none_and_a_body_without_a_list_is_an_error() {
        assert_eq!(Balance::read(200, br#"{"data":[{}]}"#).unwrap(), [Balance::default()]);
        for body in ["", "[]", "{}", r#"{"data":{}}"#, "<html>"] {
            assert_eq!(Balance::read(200, body.as_bytes()).unwrap_err().status, 200, "{body}");
        }
        let refused = Balance::read(403, br#"{"statusCode":403,"message":"sem escopo","error":"Forbidden"}"#);
        assert_eq!(refused.unwrap_err().message.as_deref(), Some("sem escopo"));
    }
}
