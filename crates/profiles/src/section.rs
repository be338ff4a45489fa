//! One table of the configuration, read key by key.
//!
//! A caller takes each key that it knows. A key that is left over is unknown: an error with its line. The parser's own
//! error text is not used, because it prints the line, which may hold a secret.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::place::Place;
use crate::value::{Source, Value, Variables};

/// The text of the file and its path.
#[derive(Clone)]
pub(crate) struct Document<'i> {
    file: Arc<Path>,
    text: &'i str,
    /// What `{name}` in a value stands for. Only presets have it.
    variables: Option<Arc<Variables>>,
    /// Where each line ends, found once: each key asks for its line.
    line_ends: Arc<[usize]>,
}

impl<'i> Document<'i> {
    pub(crate) fn new(file: Arc<Path>, text: &'i str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self { file, text, variables: None, line_ends: ends.map(|(at, _)| at).collect() }
    }

    /// The root table.
    pub(crate) fn root(&self) -> Result<Section<'i>, Error> {
        let table = DeTable::parse(self.text).map_err(|error| {
            let line = error.span().map_or(1, |span| self.line(span.start));
            let what = error.message().lines().next().unwrap_or_default().to_owned();
            Error::Settings(format!("{}:{line}: not valid TOML: {what}", self.file.display()))
        })?;
        Ok(Section::new(self.clone(), String::new(), 1, table.into_inner()))
    }

    fn line(&self, at: usize) -> usize {
        1 + self.line_ends.partition_point(|end| *end < at)
    }

    fn place(&self, line: usize, key: &str) -> Place {
        Place { file: self.file.clone(), line, key: format!("`{key}`") }
    }
}

/// One table.
pub(crate) struct Section<'i> {
    document: Document<'i>,
    /// The name between the brackets; empty for the root table.
    name: String,
    /// The line of its header, or of the key of an inline table.
    line: usize,
    table: DeTable<'i>,
    known: Vec<Cow<'static, str>>,
    missing: Option<&'static str>,
    /// What a preset says where this section says nothing.
    base: Option<Box<Self>>,
}

impl<'i> Section<'i> {
    fn new(document: Document<'i>, name: String, line: usize, table: DeTable<'i>) -> Self {
        Self { document, name, line, table, known: Vec::new(), missing: None, base: None }
    }

    /// The place of the section.
    pub(crate) fn place(&self) -> Place {
        Place { file: self.document.file.clone(), line: self.line, key: self.label() }
    }

    /// The name of the section in messages.
    fn label(&self) -> String {
        if self.name.is_empty() { "the configuration".to_owned() } else { format!("[{}]", self.name) }
    }

    /// An error about the whole section.
    pub(crate) fn error(&self, what: impl core::fmt::Display) -> Error {
        self.place().error(what)
    }

    /// Takes what this section says of a key, or else what its preset says. An empty text takes the preset's key away.
    fn take(&mut self, key: impl Into<Cow<'static, str>>) -> Option<Found<'i>> {
        let key = key.into();
        let base = self.base.as_mut().and_then(|base| base.take(key.clone()));
        let own = self.take_own(key);
        let taken_away = base.is_some() && own.as_ref().is_some_and(Found::is_empty);
        if taken_away { None } else { own.or(base) }
    }

    fn take_own(&mut self, key: Cow<'static, str>) -> Option<Found<'i>> {
        let found = self.table.remove_entry(&*key);
        let found = found.map(|(name, value)| {
            let place = self.document.place(self.document.line(name.span().start), &key);
            Found { place, value: value.into_inner(), variables: self.document.variables.clone() }
        });
        self.known.push(key);
        found
    }

    /// Lets this section say what it lacks. It must not have been read yet.
    pub(crate) fn set_base(&mut self, base: Self) {
        self.base = Some(Box::new(base));
    }

    /// This section, of which nothing is left behind.
    pub(crate) fn taken(&mut self) -> Self {
        let table = core::mem::take(&mut self.table);
        Self {
            table,
            base: self.base.take(),
            ..Self::new(self.document.clone(), self.name.clone(), self.line, DeTable::new())
        }
    }

    /// From now on `{name}` in the values of this section stands for these.
    pub(crate) fn set_variables(&mut self, variables: Arc<Variables>) {
        self.document.variables = Some(variables);
    }

    /// Whether the file itself has this key, or this section below this one has it.
    pub(crate) fn has(&self, key: &str, below: Option<&str>) -> bool {
        match below.map(|below| self.table.get(below).map(Spanned::get_ref)) {
            None => self.table.contains_key(key),
            Some(Some(DeValue::Table(table))) => table.contains_key(key),
            Some(_) => false,
        }
    }

    /// The value of a key, which stays to be read.
    pub(crate) fn peek(&self, key: &str) -> Result<Option<Value>, Error> {
        let Some((name, value)) = self.table.get_key_value(key) else { return Ok(None) };
        let place = self.document.place(self.document.line(name.span().start), key);
        Found { place, value: value.get_ref().clone(), variables: None }.value().map(Some)
    }

    /// The names of the sections below this key.
    pub(crate) fn names_below(&self, key: &str) -> Vec<String> {
        match self.table.get(key).map(Spanned::get_ref) {
            Some(DeValue::Table(table)) => table.keys().map(|name| name.get_ref().to_string()).collect(),
            _ => Vec::new(),
        }
    }

    /// The place of a key that the file itself has, which stays to be read.
    pub(crate) fn mention(&self, key: &str) -> Option<Place> {
        let (name, _) = self.table.get_key_value(key)?;
        Some(self.document.place(self.document.line(name.span().start), key))
    }

    /// The value of an optional key.
    pub(crate) fn value(&mut self, key: impl Into<Cow<'static, str>>) -> Result<Option<Value>, Error> {
        self.take(key).map(Found::value).transpose()
    }

    /// As [`Self::value`], for a key whose empty text is a value like any other.
    pub(crate) fn value_or_empty(&mut self, key: &'static str) -> Result<Option<Value>, Error> {
        let base = self.base.as_mut().and_then(|base| base.take(key));
        self.take_own(key.into()).or(base).map(Found::value).transpose()
    }

    /// The value of a required key. If the key is missing, this returns a placeholder and [`Self::finish`] fails: a
    /// misspelt key is both unknown and missing, and the error about the unknown key is the more helpful one.
    pub(crate) fn required(&mut self, key: &'static str) -> Result<Value, Error> {
        if let Some(value) = self.value(key)? {
            return Ok(value);
        }
        self.missing = self.missing.or(Some(key));
        let place = self.document.place(self.line, key);
        Ok(Value { place, source: Source::Written(Zeroizing::default()) })
    }

    /// The values of an array; a single value is a list of one.
    pub(crate) fn list(&mut self, key: &'static str) -> Result<Option<Vec<Value>>, Error> {
        let Some(found) = self.take(key) else { return Ok(None) };
        let Found { place, value, variables } = found;
        let DeValue::Array(array) = value else {
            return Ok(Some(vec![Found { place, value, variables }.value()?]));
        };
        let read = |item: Spanned<DeValue<'i>>| {
            Found { place: place.clone(), value: item.into_inner(), variables: variables.clone() }.value()
        };
        array.into_iter().map(read).collect::<Result<_, _>>().map(Some)
    }

    /// The names and values of a table with arbitrary keys.
    ///
    /// An entry replaces the preset's of the same name. An empty text takes it away.
    pub(crate) fn pairs(&mut self, key: &'static str) -> Result<Vec<(String, Value)>, Error> {
        let mut pairs = self.pairs_or_empty(key)?;
        pairs.retain(|(_, value)| !value.is_empty_text());
        Ok(pairs)
    }

    /// As [`Self::pairs`], with the entries whose text is empty.
    pub(crate) fn pairs_or_empty(&mut self, key: &'static str) -> Result<Vec<(String, Value)>, Error> {
        let mut pairs = match &mut self.base {
            Some(base) => base.pairs_or_empty(key)?,
            None => Vec::new(),
        };
        for (name, value) in self.own_pairs(key)? {
            pairs.retain(|(known, _)| *known != name);
            pairs.push((name, value));
        }
        Ok(pairs)
    }

    fn own_pairs(&mut self, key: &'static str) -> Result<Vec<(String, Value)>, Error> {
        let Some(Found { place, value, variables }) = self.take_own(key.into()) else {
            return Ok(Vec::new());
        };
        let DeValue::Table(table) = value else {
            return Err(place.error("must be a table, such as { name = \"value\" }"));
        };
        let read = |(name, value): (Spanned<_>, Spanned<DeValue<'i>>)| {
            let line = self.document.line(name.span().start);
            let name = String::from(name.into_inner());
            let place = self.document.place(line, &name);
            let value = Found { place, value: value.into_inner(), variables: variables.clone() }.value()?;
            Ok((name, value))
        };
        table.into_iter().map(read).collect()
    }

    /// The section below this one.
    pub(crate) fn section(&mut self, key: impl Into<Cow<'static, str>>) -> Result<Option<Self>, Error> {
        let key = key.into();
        let base = match &mut self.base {
            Some(base) => base.section(key.clone())?,
            None => None,
        };
        let Some(Found { place, value, .. }) = self.take_own(key.clone()) else { return Ok(base) };
        let mut below = self.below(&key, place, value)?;
        below.base = base.map(Box::new);
        Ok(Some(below))
    }

    /// The named sections of a section, such as `[profile.NAME]`.
    pub(crate) fn sections(&mut self, key: &'static str) -> Result<Vec<(String, Self)>, Error> {
        let Some(mut all) = self.section(key)? else { return Ok(Vec::new()) };
        let table = core::mem::take(&mut all.table);
        let read = |(name, value): (Spanned<_>, Spanned<DeValue<'i>>)| {
            let line = self.document.line(name.span().start);
            let name = String::from(name.into_inner());
            let place = self.document.place(line, &name);
            Ok((name.clone(), all.below(&name, place, value.into_inner())?))
        };
        table.into_iter().map(read).collect()
    }

    fn below(&self, key: &str, place: Place, value: DeValue<'i>) -> Result<Self, Error> {
        let name = if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) };
        match value {
            DeValue::Table(table) => Ok(Self::new(self.document.clone(), name, place.line, table)),
            _ => Err(place.error(format_args!("must be a section, such as [{name}]"))),
        }
    }

    /// Ends the reading: a remaining key is unknown, and a missing required key is an error.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        let stray = self.table.keys().min_by_key(|key| key.span().start);
        let Some(stray) = stray else {
            return match self.missing {
                Some(key) => Err(self.error(format_args!("lacks `{key}`; add it"))),
                None => self.base.map_or(Ok(()), |base| base.finish()),
            };
        };
        let place = self.document.place(self.document.line(stray.span().start), stray.get_ref());
        self.known.sort_unstable();
        self.known.dedup();
        let known = self.known.join(", ");
        Err(place.error(format_args!("is not a key of {}, which has: {known}", self.label())))
    }
}

/// A key's value, before it is read.
struct Found<'i> {
    place: Place,
    value: DeValue<'i>,
    variables: Option<Arc<Variables>>,
}

impl Found<'_> {
    fn is_empty(&self) -> bool {
        matches!(&self.value, DeValue::String(text) if text.is_empty())
    }

    fn value(self) -> Result<Value, Error> {
        const FORM: &str = "must be a string, { env = \"NAME\" } or { file = \"PATH\" }";
        let Self { place, value, variables } = self;
        let written = |text: String| match variables {
            Some(variables) if variables.are_in(&text) => Source::Template(Zeroizing::new(text), variables),
            _ => Source::Written(Zeroizing::new(text)),
        };
        let source = match value {
            DeValue::String(text) => written(text.into_owned()),
            DeValue::Boolean(yes) => written(yes.to_string()),
            DeValue::Integer(number) => written(number.to_string()),
            DeValue::Table(table) => {
                let mut entries = table.into_iter();
                let (Some((name, value)), None) = (entries.next(), entries.next()) else {
                    return Err(place.error(FORM));
                };
                match (name.get_ref().as_ref(), value.into_inner()) {
                    ("env", DeValue::String(name)) => Source::Environment(name.into_owned()),
                    ("file", DeValue::String(path)) => Source::File(String::from(path).into()),
                    _ => return Err(place.error(FORM)),
                }
            }
            _ => return Err(place.error(FORM)),
        };
        Ok(Value { place, source })
    }
}
