//! `[profile.NAME.response]`: how token answers are read.

use core::time::Duration;

use wellspring_token_endpoint::{LifetimeUnit, Meaning, TokenFormat, TokenNames};

use crate::error::Error;
use crate::section::Section;
use crate::value::Value;

/// The keys of the section.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResponseSettings {
    access_token: Option<Vec<Value>>,
    token_type: Option<Vec<Value>>,
    expires_in: Option<Vec<Value>>,
    expires_at: Option<Vec<Value>>,
    pub(crate) refresh_token: Option<Vec<Value>>,
    refresh_expires_in: Option<Vec<Value>>,
    scope: Option<Vec<Value>>,
    error: Option<Vec<Value>>,
    error_description: Option<Vec<Value>>,
    token_types: Option<Vec<Value>>,
    success: Option<Vec<Value>>,
    lifetime_unit: Option<Value>,
    default_lifetime: Option<Value>,
    refresh_lifetime: Option<Value>,
    scope_separator: Option<Value>,
    pub(crate) assumed_lifetime: Option<Value>,
    codes: Vec<(String, Value)>,
}

const UNITS: [(&str, LifetimeUnit); 3] = [
    ("seconds", LifetimeUnit::Seconds),
    ("milliseconds", LifetimeUnit::Milliseconds),
    ("minutes", LifetimeUnit::Minutes),
];

impl ResponseSettings {
    pub(crate) fn read(mut section: Section<'_>) -> Result<Self, Error> {
        let settings = Self {
            access_token: names(&mut section, "access_token")?,
            token_type: names(&mut section, "token_type")?,
            expires_in: names(&mut section, "expires_in")?,
            expires_at: names(&mut section, "expires_at")?,
            refresh_token: names(&mut section, "refresh_token")?,
            refresh_expires_in: names(&mut section, "refresh_expires_in")?,
            scope: names(&mut section, "scope")?,
            error: names(&mut section, "error")?,
            error_description: names(&mut section, "error_description")?,
            token_types: filled(
                &mut section,
                "token_types",
                "a token type such as \"Token\", or a list of them",
            )?,
            success: filled(&mut section, "success", "a status such as 200, or a list of them")?,
            lifetime_unit: section.value("lifetime_unit")?,
            default_lifetime: section.value("default_lifetime")?,
            refresh_lifetime: section.value("refresh_lifetime")?,
            scope_separator: section.value("scope_separator")?,
            assumed_lifetime: section.value("assumed_lifetime")?,
            codes: section.pairs("codes")?,
        };
        section.finish()?;
        Ok(settings)
    }

    /// The format of the section.
    pub(crate) fn format(&self) -> Result<TokenFormat, Error> {
        let mut names = TokenNames::default();
        let given = [
            (&self.access_token, &mut names.access_token),
            (&self.expires_in, &mut names.lifetime),
            (&self.scope, &mut names.scope),
        ];
        for (value, name) in given {
            if let Some(paths) = paths(value.as_ref())? {
                *name = paths.into();
            }
        }
        let optional = [
            (&self.token_type, &mut names.token_type),
            (&self.refresh_token, &mut names.refresh_token),
            (&self.expires_at, &mut names.expires_at),
            (&self.refresh_expires_in, &mut names.refresh_lifetime),
            (&self.error, &mut names.error),
            (&self.error_description, &mut names.error_description),
        ];
        for (value, name) in optional {
            if let Some(paths) = paths(value.as_ref())? {
                *name = Some(paths.into());
            }
        }
        let mut format = TokenFormat::new().names(names);
        for kind in self.token_types.iter().flatten() {
            format = format.token_type(kind.text()?.as_str());
        }
        let statuses = self.success.iter().flatten().map(status).collect::<Result<Vec<_>, _>>()?;
        format = format.success_statuses(statuses);
        if let Some(unit) = &self.lifetime_unit {
            format = format.lifetime_unit(unit.one_of(&UNITS)?);
        }
        if let Some(lifetime) = self.refresh_lifetime()? {
            format = format.default_refresh_lifetime(lifetime);
        }
        if let Some(separator) = &self.scope_separator {
            if separator.one_of(&[(",", true), (" ", false)])? {
                format = format.comma_separated_scopes();
            }
        }
        for (code, meaning) in &self.codes {
            format = format.code(code, meaning.one_of(&Meaning::WORDS)?);
        }
        Ok(format)
    }

    /// The lifetime of a token whose answer names none.
    pub(crate) fn default_lifetime(&self) -> Result<Option<Duration>, Error> {
        self.default_lifetime.as_ref().map(Value::lifetime).transpose()
    }

    /// The lifetime of a refresh token whose answer names none.
    pub(crate) fn refresh_lifetime(&self) -> Result<Option<Duration>, Error> {
        self.refresh_lifetime.as_ref().map(Value::lifetime).transpose()
    }
}

/// The paths of one member. An empty list would name none, and the member would be looked for under its usual name.
fn names(section: &mut Section<'_>, key: &'static str) -> Result<Option<Vec<Value>>, Error> {
    filled(section, key, "a name such as \"token\", a path such as \"data.token\", or a list of them")
}

/// The values of a list that is not empty.
fn filled(section: &mut Section<'_>, key: &'static str, what: &str) -> Result<Option<Vec<Value>>, Error> {
    let place = section.mention(key).unwrap_or_else(|| section.place());
    match section.list(key)? {
        Some(list) if list.is_empty() => {
            Err(place.error(format_args!("is an empty list; write {what}, or leave it out")))
        }
        list => Ok(list),
    }
}

/// The paths of one member, in the form of [`TokenNames`].
fn paths(values: Option<&Vec<Value>>) -> Result<Option<String>, Error> {
    let Some(values) = values else { return Ok(None) };
    let mut paths = Vec::new();
    for value in values {
        let path = value.text()?;
        if path.split('.').any(str::is_empty) || path.contains('|') {
            return Err(value.place.error(
                "must be a name such as \"token\", a path such as \"data.token\", or a list of them",
            ));
        }
        paths.push(path.to_string());
    }
    Ok(Some(paths.join("|")))
}

fn status(value: &Value) -> Result<u16, Error> {
    let status = value.text()?.parse().ok().filter(|status| (200..300).contains(status));
    status.ok_or_else(|| value.place.error("must be statuses from 200 to 299, such as [200, 201]"))
}
