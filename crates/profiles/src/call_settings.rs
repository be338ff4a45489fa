//! `[profile.NAME.calls]`: what each call of the API carries.

use wellspring_core::CallFormat;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::section::Section;
use crate::value::Value;

/// The keys of the section.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallSettings {
    pub(crate) headers: Vec<(String, Value)>,
    pub(crate) query: Vec<(String, Value)>,
    token_header: Option<Value>,
    token_scheme: Option<Value>,
    user_agent: Option<Value>,
}

impl CallSettings {
    pub(crate) fn read(mut section: Section<'_>) -> Result<Self, Error> {
        let settings = Self {
            headers: section.pairs("headers")?,
            query: section.pairs("query")?,
            token_header: section.value("token_header")?,
            token_scheme: section.value_or_empty("token_scheme")?,
            user_agent: section.value("user_agent")?,
        };
        section.finish()?;
        Ok(settings)
    }

    /// The format of the section.
    pub(crate) fn format(&self) -> Result<CallFormat, Error> {
        let mut format = CallFormat::new();
        if let Some(header) = &self.token_header {
            format = format.token_header(field_name(header, &header.text()?)?.to_owned());
        }
        if let Some(scheme) = &self.token_scheme {
            let scheme = if scheme.is_empty_text() { String::new() } else { scheme.text()?.to_string() };
            format = format.token_scheme(scheme);
        }
        for (name, value) in &self.headers {
            format = format.header(field_name(value, name)?, field_value(value)?.as_str());
        }
        if let Some(agent) = self.user_agent()? {
            format = format.header("User-Agent", agent);
        }
        for (name, value) in &self.query {
            format = format.query(name, value.text()?.as_str());
        }
        Ok(format)
    }

    /// The User-Agent of calls and token requests.
    pub(crate) fn user_agent(&self) -> Result<Option<String>, Error> {
        self.user_agent.as_ref().map(|agent| Ok(field_value(agent)?.to_string())).transpose()
    }
}

/// The name, which must be that of a header ([RFC 9110 §5.1](https://www.rfc-editor.org/rfc/rfc9110#section-5.1)).
pub(crate) fn field_name<'a>(value: &Value, name: &'a str) -> Result<&'a str, Error> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !name.is_empty() && name.bytes().all(is_token) {
        return Ok(name);
    }
    Err(value
        .place
        .error("must be the name of a header, such as X-Application-Key: letters, digits and hyphens"))
}

/// The text, which must be one that a header can carry.
pub(crate) fn field_value(value: &Value) -> Result<Zeroizing<String>, Error> {
    let text = value.text()?;
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Ok(text);
    }
    Err(value.place.error("has a character that no header can carry; write it in visible ASCII"))
}
