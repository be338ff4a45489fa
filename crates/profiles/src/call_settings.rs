//! `[profile.NAME.calls]`: what each call of the API carries.

use wellspring_core::CallFormat;

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
            format = format.token_header(header.text()?.to_string());
        }
        if let Some(scheme) = &self.token_scheme {
            let scheme = if scheme.is_empty_text() { String::new() } else { scheme.text()?.to_string() };
            format = format.token_scheme(scheme);
        }
        for (name, value) in &self.headers {
            format = format.header(name, value.text()?.as_str());
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
        self.user_agent.as_ref().map(|agent| Ok(agent.text()?.to_string())).transpose()
    }
}
