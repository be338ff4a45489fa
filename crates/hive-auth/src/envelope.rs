//! The envelope around every answer: `{code, message, data}`.

use wellspring_wire::{BodyFault, Json, Object};

/// An answer's envelope.
#[derive(Debug)]
pub(crate) struct Envelope<'a> {
    pub(crate) code: i64,
    pub(crate) message: Option<&'a str>,
    pub(crate) data: Option<&'a Object>,
}

impl<'a> Envelope<'a> {
    /// Reads the envelope; `None` if the object has no code. The code is a number or a string of digits.
    pub(crate) fn of(object: &'a Object) -> Result<Option<Self>, BodyFault> {
        let code = match object.only("code")? {
            Some(Json::Text(digits)) => digits.trim_ascii().parse().ok(),
            Some(number) => number.as_integer(),
            None => None,
        };
        let message = object.only("message")?.and_then(Json::as_text);
        let data = object.only("data")?.and_then(Json::as_object);
        Ok(code.map(|code| Self { code, message, data }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &str) -> Result<Option<i64>, BodyFault> {
        let object = Object::parse(body.as_bytes())?;
        Ok(Envelope::of(&object)?.map(|envelope| envelope.code))
    }

    #[test]
    fn h9_a_code_is_a_number_or_a_string_of_digits() {
        for (written, read) in [
            ("0", 0),
            ("1000", 1000),
            ("\"0\"", 0),
            ("\" 1000 \"", 1000),
            ("0.0", 0),
            ("-1", -1),
            ("\"-1\"", -1),
        ] {
            assert_eq!(code(&format!(r#"{{"code":{written}}}"#)), Ok(Some(read)), "{written}");
        }
    }

    #[test]
    fn a_code_that_is_not_a_number_is_missing() {
        for body in [
            "{}",
            r#"{"code":null}"#,
            r#"{"code":true}"#,
            r#"{"code":""}"#,
            r#"{"code":"success"}"#,
            r#"{"code":0.5}"#,
            r#"{"code":[0]}"#,
            r#"{"code":"99999999999999999999"}"#,
        ] {
            assert_eq!(code(body), Ok(None), "{body}");
        }
    }

    #[test]
    fn an_envelope_with_a_repeated_member_is_an_error() {
        for body in [
            r#"{"code":0,"code":101}"#,
            r#"{"code":0,"data":{},"data":{}}"#,
            r#"{"code":0,"message":"a","message":"b"}"#,
        ] {
            assert_eq!(code(body), Err(BodyFault::Repeated), "{body}");
        }
    }
}
