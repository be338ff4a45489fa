//! The answer of `PUT /cob/{txid}`.

use wellspring_wire::Object;

use crate::ApiError;

/// A charge as the API keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Charge {
    /// Its id.
    pub txid: Option<String>,
    /// `ATIVA`, `CONCLUIDA` and others; new ones may come.
    pub status: Option<String>,
    /// All of it, as the JSON that came.
    pub json: String,
}

impl Charge {
    /// Reads the answer to [`Gateway::put_cob`](crate::Gateway::put_cob).
    ///
    /// # Errors
    ///
    /// When the answer is no 2xx, or no JSON object.
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
    fn a_charge_is_kept_as_it_came() {
        let body =
            r#"{"txid":"7978c0c97ea847e78e8849634473c1f1","status":"ATIVA","valor":{"original":"1.10"}}"#;
        let charge = Charge::read(201, body.as_bytes()).unwrap();
        assert_eq!(charge.txid.as_deref(), Some("7978c0c97ea847e78e8849634473c1f1"));
        assert_eq!((charge.status.as_deref(), charge.json.as_str()), (Some("ATIVA"), body));
    }

    #[test]
    fn what_is_no_charge_is_an_error() {
        let taken = br#"{"statusCode":409,"message":"txid already used","error":"Conflict"}"#;
        assert_eq!(Charge::read(409, taken).unwrap_err().message.as_deref(), Some("txid already used"));
        assert_eq!(Charge::read(200, b"<html>").unwrap_err().status, 200);
    }
}
