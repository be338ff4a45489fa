//! The error answers of the gateway's API.
//!
//! Gateways use two formats. One is `{"statusCode", "message", "error"}`, where `message` is a string or an array of
//! strings. The other is `application/problem+json` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) with the
//! members that [API Pix](https://github.com/bacen/pix-api) adds. The reader takes the status from the HTTP status
//! line and ignores the status in the body.

use core::fmt;

use thiserror::Error;
use wellspring_wire::{ErrorBody, Object, Redaction};

/// An error answer of the gateway's API. Each text is cut to 200 characters, and anything that looks like a token is
/// redacted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the gateway's API answered {status}{}", Details(self))]
#[non_exhaustive]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// The last segment of the problem's `type` URI, such as `CobOperacaoInvalida`, or the API's own error code.
    pub code: Option<String>,
    /// The API's message. Several messages are joined by semicolons.
    pub message: Option<String>,
    /// The members of the request that the API rejects (`violacoes`), at most 32.
    pub violations: Vec<Violation>,
    /// The id by which the API's operators find the call (`correlationId`).
    pub correlation_id: Option<String>,
}

/// One member of a request that the API rejects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The reason (`razao`).
    pub reason: Option<String>,
    /// The member (`propriedade`).
    pub property: Option<String>,
    /// The rejected value (`valor`).
    pub value: Option<String>,
}

const MAX_VIOLATIONS: usize = 32;

impl ApiError {
    /// Reads an error answer: any status but 2xx, or a 2xx with an unexpected body. Reading never fails; a member that
    /// cannot be read is `None`.
    #[must_use]
    pub fn read(status: u16, body: &[u8]) -> Self {
        let mut error =
            Self { status, code: None, message: None, violations: Vec::new(), correlation_id: None };
        let Ok(object) = Object::parse(body) else { return error };
        let redaction = Redaction::new();
        let reported = ErrorBody::of(&object);
        // Every problem type has the same URI prefix, so only the last segment identifies the problem.
        let code = reported.code.as_deref().and_then(|code| code.rsplit('/').next());
        error.code = code.filter(|code| !code.is_empty()).map(|code| redaction.text(code));
        error.message = reported.message.map(|message| redaction.text(&message));
        let text = |object: &Object, name| object.text(name).map(|text| redaction.text(text));
        error.correlation_id = text(&object, "correlationId");
        let violations =
            object.get("violacoes").and_then(|violations| violations.as_array()).unwrap_or_default();
        error.violations = violations
            .iter()
            .filter_map(|violation| violation.as_object())
            .take(MAX_VIOLATIONS)
            .map(|violation| Violation {
                reason: text(violation, "razao"),
                property: text(violation, "propriedade"),
                value: text(violation, "valor"),
            })
            .collect();
        error
    }

    /// A 2xx whose body is not the expected one.
    pub(crate) fn unexpected(status: u16, reason: &str) -> Self {
        Self { message: Some(reason.to_owned()), ..Self::read(status, b"") }
    }
}

/// What follows the status in the error's text: the message, the code and the violations.
struct Details<'a>(&'a ApiError);

impl fmt::Display for Details<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.0;
        if let Some(message) = &error.message {
            write!(f, ": {message}")?;
        }
        if let Some(code) = &error.code {
            write!(f, " ({code})")?;
        }
        for violation in &error.violations {
            let property = violation.property.as_deref().unwrap_or("?");
            write!(f, "; {property}: {}", violation.reason.as_deref().unwrap_or("no reason given"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_the_three_401s_keeps_its_message() {
        for message in ["Token não fornecido", "Token inválido", "Token expirado"] {
            let body = format!(r#"{{"statusCode":401,"message":"{message}","error":"Unauthorized"}}"#);
            let error = ApiError::read(401, body.as_bytes());
            assert_eq!(error.message.as_deref(), Some(message));
            assert_eq!(error.to_string(), format!("the gateway's API answered 401: {message}"));
        }
    }

    #[test]
    fn a_429_without_error_and_a_message_array_are_read() {
        let error = ApiError::read(429, br#"{"statusCode":429,"message":"Too Many Requests"}"#);
        assert_eq!(error.message.as_deref(), Some("Too Many Requests"));
        let body = br#"{"statusCode":400,"message":["valor must be a string","chave is empty"],"error":"Bad Request"}"#;
        assert_eq!(
            ApiError::read(400, body).message.as_deref(),
            Some("valor must be a string; chave is empty")
        );
    }

    #[test]
    fn a_problem_gives_type_detail_and_violations_and_its_status_member_is_ignored() {
        let body = r#"{"type":"https://pix.bcb.gov.br/api/v2/error/CobOperacaoInvalida","title":"Cobrança inválida.",
            "status":499,"detail":"A cobrança não respeita o _schema_.","correlationId":"abc-1",
            "violacoes":[{"razao":"O campo cob.valor.original não respeita o _schema_.","propriedade":"cob.valor.original"},
                         "noise",{"valor":7}]}"#;
        let error = ApiError::read(400, body.as_bytes());
        assert_eq!(error.status, 400);
        assert_eq!(error.code.as_deref(), Some("CobOperacaoInvalida"));
        assert_eq!(error.message.as_deref(), Some("A cobrança não respeita o _schema_."));
        assert_eq!(error.correlation_id.as_deref(), Some("abc-1"));
        assert_eq!(error.violations.len(), 2);
        assert_eq!(error.violations[0].property.as_deref(), Some("cob.valor.original"));
        assert_eq!(error.violations[1], Violation::default());
    }

    #[test]
    fn any_body_is_read_as_an_error_without_a_panic() {
        for body in ["", "<html>502</html>", "null", "[]", "{}", r#"{"message":7,"violacoes":{},"type":[]}"#]
        {
            let error = ApiError::read(502, body.as_bytes());
            assert_eq!((error.status, error.message, error.violations.len()), (502, None, 0), "{body}");
        }
    }

    #[test]
    fn a_token_that_the_api_echoes_is_redacted() {
        let token = format!("eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.{}", "canary7".repeat(9));
        let body = format!(r#"{{"statusCode":401,"message":"bad token {token}","error":"Unauthorized"}}"#);
        let error = ApiError::read(401, body.as_bytes());
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}
