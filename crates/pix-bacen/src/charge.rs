//! The answer to `PUT /cob/{txid}`.

use wellspring_wire::Object;

use crate::api_error::ApiError;

/// A charge as the API reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Charge {
    /// The charge's id.
    pub txid: Option<String>,
    /// The charge's status, such as `ATIVA` or `CONCLUIDA`. The API may add others.
    pub status: Option<String>,
    /// The whole charge: the JSON of the answer, unchanged.
    pub json: String,
}

impl Charge {
    /// Reads the answer to [`Gateway::put_cob`](crate::Gateway::put_cob).
    ///
    /// # Errors
    ///
    /// Fails if the status is not 2xx, or the body is not a JSON object.
    pub fn read(status: u16, body: &[u8]) -> Result<Self, ApiError> {
        if !(200..300).contains(&status) {
            return Err(ApiError::read(status, body));
        }
        let object = Object::parse(body).map_err(|fault| ApiError::unexpected(status, &fault.to_string()))?;
        let text = |name| object.text(name).map(str::to_owned);
        let json = String::from_utf8_lossy(body).into_owned();
        Ok(Self { txid: text("txid"), status: text("status"), json })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charge_keeps_the_json_of_the_answer() {
        let body =
            r#"{"txid":"7978c0c97ea847e78e8849634473c1f1","status":"ATIVA","valor":{"original":"1.10"}}"#;
        let charge = Charge::read(201, body.as_bytes()).unwrap();
        assert_eq!(charge.txid.as_deref(), Some("7978c0c97ea847e78e8849634473c1f1"));
        assert_eq!((charge.status.as_deref(), charge.json.as_str()), (Some("ATIVA"), body));
    }

    #[test]
    fn an_answer_without_a_charge_is_an_error() {
        let taken = br#"{"statusCode":409,"message":"txid already used","error":"Conflict"}"#;
        assert_eq!(Charge::read(409, taken).unwrap_err().message.as_deref(), Some("txid already used"));
        assert_eq!(Charge::read(200, b"<html>").unwrap_err().status, 200);
    }
}
