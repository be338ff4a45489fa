//! What the gateway's API says when it says no.
//!
//! Two families in the wild: `{"statusCode", "message", "error"}`, where `message` is a text or several, and
//! `application/problem+json` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) with the members that
//! [API Pix](https://github.com/bacen/pix-api) adds. The HTTP status counts, whatever the body says of it.

use core::error::Error;
use core::fmt;

use wellspring_wire::{ErrorBody, Object, Redaction};

/// An API's refusal. Its words are cut to 200 characters each, and what looks like a token is taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// The last part of the problem's type, `CobOperacaoInvalida` say, or another code of the API's own.
    pub code: Option<String>,
    /// What the API says, several messages joined by semicolons.
    pub message: Option<String>,
    /// What it finds wrong with the request, member by member (`violacoes`).
    pub violations: Vec<Violation>,
    /// By which name the API's operators will find the call (`correlationId`).
    pub correlation_id: Option<String>,
}

/// One thing that is wrong with a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// Why (`razao`).
    pub reason: Option<String>,
    /// Which member (`propriedade`).
    pub property: Option<String>,
    /// What stood there (`valor`).
    pub value: Option<String>,
}

/// The most violations that are kept.
const MOST_VIOLATIONS: usize = 32;

impl ApiError {
    /// Reads an answer that is no 2xx, or a 2xx that is not what it should be. Never fails: what cannot be read is
    /// left out.
    #[must_use]
    pub fn read(status: u16, body: &[u8]) -> Self {
        let mut error =
            Self { status, code: None, message: None, violations: Vec::new(), correlation_id: None };
        let Ok(object) = Object::parse(body) else { return error };
        let redaction = Redaction::new();
        let said = ErrorBody::of(&object);
        // The rest of the URI is the same for all of them, and need not lead anywhere.
        let code = said.code.as_deref().and_then(|code| code.rsplit('/').next());
        error.code = code.filter(|code| !code.is_empty()).map(|code| redaction.text(code));
        error.message = said.message.map(|message| redaction.text(&message));
        let text = |object: &Object, name| object.text(name).map(|text| redaction.text(text));
        error.correlation_id = text(&object, "correlationId");
        let violations =
            object.get("violacoes").and_then(|violations| violations.as_array()).unwrap_or_default();
        error.violations = violations
            .iter()
            .filter_map(|violation| violation.as_object())
            .take(MOST_VIOLATIONS)
            .map(|violation| Violation {
                reason: text(violation, "razao"),
                property: text(violation, "propriedade"),
                value: text(violation, "valor"),
            })
            .collect();
        error
    }

    pub(crate) fn unexpected(status: u16, what: &str) -> Self {
        Self { message: Some(what.to_owned()), ..Self::read(status, b"") }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the gateway's API answered {}", self.status)?;
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        if let Some(code) = &self.code {
            write!(f, " ({code})")?;
        }
        for violation in &self.violations {
            let property = violation.property.as_deref().unwrap_or("?");
            write!(f, "; {property}: {}", violation.reason.as_deref().unwrap_or("no reason given"))?;
        }
        Ok(())
    }
}

impl Error for ApiError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_401s_keep_their_message() {
        for message in ["Token não fornecido", "Token inválido", "Token expirado"] {
            let body = format!(r#"{{"statusCode":401,"message":"{message}","error":"Unauthorized"}}"#);
            let error = ApiError::read(401, body.as_bytes());
            assert_eq!(error.message.as_deref(), Some(message));
            assert_eq!(error.to_string(), format!("the gateway's API answered 401: {message}"));
        }
    }

    #[test]
    fn a_429_without_error_and_a_message_of_several_texts_are_read() {
        let error = ApiError::read(429, br#"{"statusCode":429,"message":"Too Many Requests"}"#);
        assert_eq!(error.message.as_deref(), Some("Too Many Requests"));
        let body = br#"{"statusCode":400,"message":["valor must be a string","chave is empty"],"error":"Bad Request"}"#;
        assert_eq!(
            ApiError::read(400, body).message.as_deref(),
            Some("valor must be a string; chave is empty")
        );
    }

    #[test]
    fn a_problem_gives_type_detail_and_violations_and_its_status_counts_for_nothing() {
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
    fn whatever_comes_is_an_error_and_never_a_panic() {
        for body in ["", "<html>502</html>", "null", "[]", "{}", r#"{"message":7,"violacoes":{},"type":[]}"#]
        {
            let error = ApiError::read(502, body.as_bytes());
            assert_eq!((error.status, error.message, error.violations.len()), (502, None, 0), "{body}");
        }
    }

    #[test]
    fn a_token_that_the_api_echoes_is_not_shown() {
        let token = format!("eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.{}", "canary7".repeat(9));
        let body = format!(r#"{{"statusCode":401,"message":"bad token {token}","error":"Unauthorized"}}"#);
        let error = ApiError::read(401, body.as_bytes());
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}
