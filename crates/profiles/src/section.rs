//! One table of the configuration, read key by key.
//!
//! A caller takes each key that it knows. A key that is left over is unknown: an error with its line. The parser's own
//! error text is not used, because it prints the line, which may hold a secret.

use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::place::Place;
use crate::value::{Source, Value};

/// The text of the file and its path.
#[derive(Clone)]
pub(crate) struct Document<'i> {
    file: Arc<Path>,
    text: &'i str,
    /// Where each line ends, found once: each key asks for its line.
    line_ends: Arc<[usize]>,
}

impl<'i> Document<'i> {
    pub(crate) fn new(file: Arc<Path>, text: &'i str) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self { file, text, line_ends: ends.map(|(at, _)| at).collect() }
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
    known: Vec<&'static str>,
    missing: Option<&'static str>,
}

impl<'i> Section<'i> {
    fn new(document: Document<'i>, name: String, line: usize, table: DeTable<'i>) -> Self {
        Self { document, name, line, table, known: Vec::new(), missing: None }
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

    fn take(&mut self, key: &'static str) -> Option<(Place, DeValue<'i>)> {
        self.known.push(key);
        let (name, value) = self.table.remove_entry(key)?;
        let place = self.document.place(self.document.line(name.span().start), key);
        Some((place, value.into_inner()))
    }

    /// The place of a key that this version does not support yet.
    pub(crate) fn mention(&self, key: &str) -> Option<Place> {
        let (name, _) = self.table.get_key_value(key)?;
        Some(self.document.place(self.document.line(name.span().start), key))
    }

    /// The value of an optional key.
    pub(crate) fn value(&mut self, key: &'static str) -> Result<Option<Value>, Error> {
        self.take(key).map(|(place, value)| read_value(place, value)).transpose()
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
        let Some((place, value)) = self.take(key) else { return Ok(None) };
        let DeValue::Array(array) = value else { return Ok(Some(vec![read_value(place, value)?])) };
        let read = |item: Spanned<DeValue<'i>>| read_value(place.clone(), item.into_inner());
        array.into_iter().map(read).collect::<Result<_, _>>().map(Some)
    }

    /// The names and values of a table with arbitrary keys.
    pub(crate) fn pairs(&mut self, key: &'static str) -> Result<Vec<(String, Value)>, Error> {
        let Some((place, value)) = self.take(key) else { return Ok(Vec::new()) };
        let DeValue::Table(table) = value else {
            return Err(place.error("must be a table, such as { name = \"value\" }"));
        };
        let read = |(name, value): (Spanned<_>, Spanned<DeValue<'i>>)| {
            let line = self.document.line(name.span().start);
            let name = String::from(name.into_inner());
            let value = read_value(self.document.place(line, &name), value.into_inner())?;
            Ok((name, value))
        };
        table.into_iter().map(read).collect()
    }

    /// The section below this one.
    pub(crate) fn section(&mut self, key: &'static str) -> Result<Option<Self>, Error> {
        let Some((place, value)) = self.take(key) else { return Ok(None) };
        self.below(key, place, value).map(Some)
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
                None => Ok(()),
            };
        };
        let place = self.document.place(self.document.line(stray.span().start), stray.get_ref());
        self.known.sort_unstable();
        let known = self.known.join(", ");
        Err(place.error(format_args!("is not a key of {}, which has: {known}", self.label())))
    }
}

fn read_value(place: Place, value: DeValue<'_>) -> Result<Value, Error> {
    const FORM: &str = "must be a string, { env = \"NAME\" } or { file = \"PATH\" }";
    let source = match value {
        DeValue::String(text) => Source::Written(Zeroizing::new(text.into_owned())),
        DeValue::Boolean(yes) => Source::Written(Zeroizing::new(yes.to_string())),
        DeValue::Integer(number) => Source::Written(Zeroizing::new(number.to_string())),
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
