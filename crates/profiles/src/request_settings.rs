//! `[profile.NAME.request]`: what token requests look like.

use wellspring_core::Method;
use wellspring_token_endpoint::{ClientAuthentication, Encoding, TokenRequestSpec};

use crate::call_settings::{field_name, field_value};
use crate::error::Error;
use crate::place::Place;
use crate::section::Section;
use crate::value::Value;

/// The keys of the section.
#[derive(Clone, Debug)]
pub(crate) struct RequestSettings {
    pub(crate) place: Place,
    method: Option<Value>,
    encoding: Option<Value>,
    client_authentication: Option<Value>,
    client_id_name: Option<Value>,
    client_secret_name: Option<Value>,
    scope_name: Option<Value>,
    scope_separator: Option<Value>,
    certificate_header: Option<Value>,
    /// With the entries that are empty.
    parameters: Vec<(String, Value)>,
    pub(crate) secret_parameters: Vec<(String, Value)>,
    refresh_parameters: Vec<(String, Value)>,
    query: Vec<(String, Value)>,
    pub(crate) headers: Vec<(String, Value)>,
    names: Vec<(String, Value)>,
}

/// How a client authenticates: the words of a profile, and those of RFC 7591.
const AUTHENTICATIONS: [(&str, ClientAuthentication); 8] = [
    ("body", ClientAuthentication::Body),
    ("basic", ClientAuthentication::Basic),
    ("basic_verbatim", ClientAuthentication::BasicUnencoded),
    ("none", ClientAuthentication::None),
    ("client_secret_post", ClientAuthentication::Body),
    ("client_secret_basic", ClientAuthentication::Basic),
    ("tls_client_auth", ClientAuthentication::None),
    ("self_signed_tls_client_auth", ClientAuthentication::None),
];

/// The parameters of token requests that have a name in a standard
/// ([RFC 6749](https://www.rfc-editor.org/rfc/rfc6749#section-11.2), RFC 7521, RFC 7636, RFC 8628, RFC 8693, RFC 8707).
const PARAMETERS: [&str; 19] = [
    "grant_type",
    "refresh_token",
    "scope",
    "code",
    "redirect_uri",
    "code_verifier",
    "device_code",
    "client_id",
    "client_secret",
    "username",
    "password",
    "assertion",
    "client_assertion",
    "client_assertion_type",
    "resource",
    "audience",
    "subject_token",
    "subject_token_type",
    "requested_token_type",
];

impl RequestSettings {
    pub(crate) fn read(mut section: Section<'_>) -> Result<Self, Error> {
        let settings = Self {
            place: section.place(),
            method: section.value("method")?,
            encoding: section.value("encoding")?,
            client_authentication: section.value("client_authentication")?,
            client_id_name: section.value("client_id_name")?,
            client_secret_name: section.value("client_secret_name")?,
            scope_name: section.value("scope_name")?,
            scope_separator: section.value("scope_separator")?,
            certificate_header: section.value("certificate_header")?,
            parameters: section.pairs_or_empty("parameters")?,
            secret_parameters: section.pairs("secret_parameters")?,
            refresh_parameters: section.pairs("refresh_parameters")?,
            query: section.pairs("query")?,
            headers: section.pairs("headers")?,
            names: section.pairs("names")?,
        };
        section.finish()?;
        Ok(settings)
    }

    /// How the client authenticates, if the section says it.
    pub(crate) fn authentication(&self) -> Result<Option<(&Value, ClientAuthentication)>, Error> {
        let read = |value| Ok((value, Value::one_of(value, &AUTHENTICATIONS)?));
        self.client_authentication.as_ref().map(read).transpose()
    }

    /// Whether the section says what a parameter of token requests is, be it nothing.
    pub(crate) fn sets(&self, parameter: &str) -> bool {
        self.parameters.iter().chain(&self.query).any(|(name, _)| name == parameter)
    }

    /// The spec of the section over this one.
    pub(crate) fn spec(&self, mut spec: TokenRequestSpec) -> Result<TokenRequestSpec, Error> {
        const METHODS: [(&str, Method); 2] = [("POST", Method::Post), ("GET", Method::Get)];
        const ENCODINGS: [(&str, Encoding); 3] =
            [("form", Encoding::Form), ("json", Encoding::Json), ("query", Encoding::Query)];
        if let Some(method) = &self.method {
            let method = method.one_of(&METHODS)?;
            spec = spec.method(method);
            if method == Method::Get {
                spec = spec.encoding(Encoding::Query);
            }
        }
        if let Some(encoding) = &self.encoding {
            spec = spec.encoding(encoding.one_of(&ENCODINGS)?);
        }
        if let Some((_, authentication)) = self.authentication()? {
            spec = spec.authentication(authentication);
        }
        let name = |value: &Option<Value>, default: &str| match value {
            Some(value) => Ok::<_, Error>(value.text()?.to_string()),
            None => Ok(default.to_owned()),
        };
        if self.client_id_name.is_some() || self.client_secret_name.is_some() {
            let id = name(&self.client_id_name, "client_id")?;
            spec = spec.client_names(id, name(&self.client_secret_name, "client_secret")?);
        }
        if let Some(name) = &self.scope_name {
            spec = spec.scope_name(name.text()?.to_string());
        }
        if let Some(separator) = &self.scope_separator {
            spec = spec.scope_separator(separator.text_of_any_kind()?.to_string());
        }
        if let Some(header) = &self.certificate_header {
            spec = spec.certificate_header(field_name(header, &header.text()?)?.to_owned());
        }
        for (name, value) in self.headers.iter().filter(|(_, value)| !value.is_empty_text()) {
            spec = spec.header(field_name(value, name)?, field_value(value)?.as_str());
        }
        for (name, value) in &self.names {
            if PARAMETERS.contains(&name.as_str()) {
                continue;
            }
            let own = [&self.parameters, &self.secret_parameters, &self.refresh_parameters];
            let is_own = own.iter().any(|own| own.iter().any(|(own, _)| own == name));
            return Err(value.place.error(match is_own {
                true => "is a parameter of the profile's own: write it there under the vendor's name",
                false => {
                    "is no parameter of token requests; on the left stands the standard's name, on the right the vendor's: \
                     { refresh_token = \"refreshToken\" }"
                }
            }));
        }
        type Add = fn(TokenRequestSpec, &str, &str) -> TokenRequestSpec;
        let pairs: [(&[(String, Value)], Add); 5] = [
            (&self.parameters, |spec, name, value| spec.parameter(name, value)),
            (&self.secret_parameters, |spec, name, value| spec.secret_parameter(name, value)),
            (&self.refresh_parameters, |spec, name, value| spec.refresh_parameter(name, value)),
            (&self.query, |spec, name, value| spec.query(name, value)),
            (&self.names, |spec, name, value| spec.parameter_name(name, value)),
        ];
        for (pairs, add) in pairs {
            for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty_text()) {
                spec = add(spec, name, &value.text()?);
            }
        }
        spec.check().map_err(|error| self.place.error(format_args!("cannot be sent: {error}")))?;
        Ok(spec)
    }
}
