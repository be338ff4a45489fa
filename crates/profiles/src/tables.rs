//! The three tables that say what a vendor's requests, answers and calls look like.

use wellspring_core::CallFormat;
use wellspring_token_endpoint::TokenRequestSpec;

use crate::call_settings::CallSettings;
use crate::error::Error;
use crate::place::Place;
use crate::request_settings::RequestSettings;
use crate::response_settings::ResponseSettings;
use crate::section::Section;
use crate::value::Value;

/// `[profile.NAME.request]`, `[profile.NAME.response]` and `[profile.NAME.calls]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    pub(crate) request: Option<RequestSettings>,
    pub(crate) response: Option<ResponseSettings>,
    response_place: Option<Place>,
    calls: Option<CallSettings>,
}

impl Tables {
    pub(crate) fn read(section: &mut Section<'_>) -> Result<Self, Error> {
        let response = section.section("response")?;
        Ok(Self {
            request: section.section("request")?.map(RequestSettings::read).transpose()?,
            response_place: response.as_ref().map(Section::place),
            response: response.map(ResponseSettings::read).transpose()?,
            calls: section.section("calls")?.map(CallSettings::read).transpose()?,
        })
    }

    /// A table that is there and says something of a token endpoint.
    pub(crate) fn of_a_token_endpoint(&self) -> Option<&Place> {
        self.request.as_ref().map(|request| &request.place).or(self.response_place.as_ref())
    }

    /// Whether one of them says what token requests look like.
    pub(crate) fn say_the_request(&self) -> Result<bool, Error> {
        Ok(self.request.is_some() || self.user_agent()?.is_some())
    }

    /// The token requests, over this spec.
    pub(crate) fn spec(&self, mut spec: TokenRequestSpec) -> Result<TokenRequestSpec, Error> {
        if let Some(request) = &self.request {
            spec = request.spec(spec)?;
        }
        let own = spec.headers().any(|(name, _)| name.eq_ignore_ascii_case("user-agent"));
        match self.user_agent()? {
            Some(agent) if !own => Ok(spec.header("User-Agent", agent)),
            _ => Ok(spec),
        }
    }

    /// What each call carries.
    pub(crate) fn calls(&self) -> Result<CallFormat, Error> {
        self.calls.as_ref().map_or_else(|| Ok(CallFormat::new()), CallSettings::format)
    }

    /// The values that may be secrets.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Value> {
        let request =
            self.request.iter().flat_map(|request| request.secret_parameters.iter().chain(&request.headers));
        let calls = self.calls.iter().flat_map(|calls| calls.headers.iter().chain(&calls.query));
        request.chain(calls).map(|(_, value)| value)
    }

    /// The User-Agent of every request.
    pub(crate) fn user_agent(&self) -> Result<Option<String>, Error> {
        self.calls.as_ref().map_or(Ok(None), CallSettings::user_agent)
    }
}
