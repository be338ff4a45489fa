//! `provider = "custom"`: any token endpoint, as a profile describes it. And `provider = "static"`: a token without one.

use wellspring_core::Provider as _;
use wellspring_token_endpoint::{
    ClientAuthentication, StaticToken, TokenClient, TokenEndpoint, TokenFormat, TokenRequestSpec,
    form_decode, rfc3339,
};

use crate::error::Error;
use crate::place::Place;
use crate::section::Section;
use crate::tables::Tables;
use crate::value::Value;

/// The keys of `provider = "custom"`.
#[derive(Clone, Debug)]
pub(crate) struct Custom {
    token_url: Value,
    pub(crate) client_id: Option<Value>,
    pub(crate) client_secret: Option<Value>,
    scopes: Option<Vec<Value>>,
    pub(crate) tables: Tables,
}

/// The keys of `provider = "static"`.
#[derive(Clone, Debug)]
pub(crate) struct Static {
    pub(crate) token: Value,
    expires_at: Option<Value>,
    pub(crate) tables: Tables,
}

impl Custom {
    pub(crate) fn read(section: &mut Section<'_>) -> Result<Self, Error> {
        Ok(Self {
            tables: Tables::read(section)?,
            token_url: section.required("token_url")?,
            client_id: section.value("client_id")?,
            client_secret: section.value("client_secret")?,
            scopes: section.list("scopes")?,
        })
    }

    /// The client of the profile that stands at this place, with this certificate.
    pub(crate) fn client(&self, place: &Place, certificate: Option<&str>) -> Result<TokenClient, Error> {
        let url = self.token_url.text()?;
        let (url, query) = url.split_once('?').unwrap_or((&url, ""));
        let query = form_decode(query);
        let (spec, authentication) = self.spec(place, query)?;
        let endpoint = TokenEndpoint::new(url, spec)
            .map_err(|error| self.token_url.place.error(format_args!("is invalid: {error}")))?;
        let endpoint = endpoint.provider_name("custom");
        let id = self.client_id.as_ref().map(Value::text).transpose()?;
        let id = id.as_ref().map_or("", |id| id.as_str());
        let made = match (&self.client_secret, authentication) {
            (Some(secret), ClientAuthentication::None) => {
                return Err(secret.place.error(
                    "is not sent: the client authenticates by its certificate or not at all; remove it, or set \
                     `client_authentication` in the section `request`",
                ));
            }
            (Some(secret), _) => endpoint.credentials(id, secret.text()?.as_str()),
            (None, ClientAuthentication::None) if id.is_empty() => endpoint.without_client(),
            (None, ClientAuthentication::None) => endpoint.client_id(id),
            (None, _) => {
                return Err(place.error(
                    "lacks `client_secret`; add it, or set client_authentication = \"none\" in its section `request`",
                ));
            }
        };
        let mut client = made.map_err(|error| {
            let at =
                self.client_secret.as_ref().or(self.client_id.as_ref()).map_or(place, |value| &value.place);
            at.error(format_args!("is invalid: {error}"))
        })?;
        if let Some(scopes) = &self.scopes {
            let words = scopes.iter().map(|scope| Ok(scope.text()?.to_string()));
            let words = words.collect::<Result<Vec<_>, Error>>()?.join(" ");
            client = client.scope(&words).map_err(|error| place.error(error))?;
        }
        if let Some(pem) = certificate {
            client = client.client_certificate(pem).map_err(|error| place.error(error))?;
        }
        Ok(client.calls(self.tables.calls()?))
    }

    fn spec(
        &self,
        place: &Place,
        query: Vec<(String, String)>,
    ) -> Result<(TokenRequestSpec, ClientAuthentication), Error> {
        let request = self.tables.request.as_ref();
        let default = match &self.client_secret {
            Some(_) => ClientAuthentication::Body,
            None => ClientAuthentication::None,
        };
        let mut spec = TokenRequestSpec::new("").authentication(default);
        let in_url = query.iter().any(|(name, _)| name == "grant_type");
        if !in_url && !request.is_some_and(|request| request.sets("grant_type")) {
            spec = spec.parameter("grant_type", "client_credentials");
        }
        for (name, value) in query {
            spec = spec.query(name, value);
        }
        if self.scopes.is_some() {
            spec = spec.scope_name("scope");
        }
        spec = self.tables.spec(spec)?;
        let mut format = TokenFormat::new();
        if let Some(response) = &self.tables.response {
            format = response.format()?;
            if let Some(lifetime) = response.default_lifetime()? {
                spec = spec.default_lifetime(lifetime);
            }
            if response.refresh_token.is_some() {
                spec = spec.refresh_tokens();
            }
        }
        if spec.separator() == "," {
            format = format.comma_separated_scopes();
        }
        let authentication = spec.client_authentication().unwrap_or(default);
        let spec = spec.token_format(format);
        spec.check().map_err(|error| place.error(format_args!("cannot be used: {error}")))?;
        Ok((spec, authentication))
    }
}

impl Static {
    pub(crate) fn read(section: &mut Section<'_>) -> Result<Self, Error> {
        let tables = Tables::read(section)?;
        if let Some(place) = tables.of_a_token_endpoint() {
            return Err(
                place.error("is for profiles with a token endpoint, and a static token has none; remove it")
            );
        }
        Ok(Self { tables, token: section.required("token")?, expires_at: section.value("expires_at")? })
    }

    pub(crate) fn provider(&self) -> Result<StaticToken, Error> {
        let made = StaticToken::new(self.token.text()?.as_str());
        let mut token = made.map_err(|error| self.token.place.error(format_args!("is invalid: {error}")))?;
        if let Some(end) = &self.expires_at {
            let time = rfc3339(&end.text()?)
                .ok_or_else(|| end.place.error("must be a time such as \"2027-01-31T12:00:00Z\""))?;
            token = token.expires_at(time);
        }
        debug_assert!(token.spec().credentials, "a static token needs no sign-in");
        Ok(token.calls(self.tables.calls()?))
    }
}
