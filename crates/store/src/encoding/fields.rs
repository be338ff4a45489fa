//! The fields of an encoding. Each is a line of name, length and value.

use core::fmt::{Display, Write as _};
use core::str::FromStr;
use core::time::Duration;
use std::io::Write as _;

use wellspring_core::{Attempt, Owner, UnixTime};
use zeroize::Zeroizing;

use super::unreadable::Unreadable;

/// An upper bound for the names, lengths and numbers of all fields together.
const OVERHEAD: usize = 4096;

/// Writes fields into a buffer that is wiped when it is dropped. The buffer never grows, because a buffer that grows leaves
/// copies of tokens in memory.
pub(super) struct Writer {
    fields: Zeroizing<Vec<u8>>,
    /// The last value that is not a secret.
    value: String,
    /// The first format that has all the fields.
    format: u32,
}

impl Writer {
    /// A writer for fields whose texts have this length in total.
    pub(super) fn with_capacity(texts: usize) -> Self {
        let fields = Zeroizing::new(Vec::with_capacity(OVERHEAD + texts));
        Self { fields, value: String::with_capacity(128), format: 1 }
    }

    /// The fields that follow are of this format or an earlier one.
    pub(super) fn of_format(&mut self, format: u32) {
        self.format = self.format.max(format);
    }

    pub(super) const fn format(&self) -> u32 {
        self.format
    }

    pub(super) fn text(&mut self, name: &str, value: &str) {
        writeln!(self.fields, "{name} {} {value}", value.len()).expect("writing to a Vec never fails");
    }

    /// Writes fields that are encoded already.
    pub(super) fn encoded(&mut self, fields: &str) {
        self.fields.extend_from_slice(fields.as_bytes());
    }

    /// Writes a value that is not a secret. Its text passes through memory that is not wiped.
    pub(super) fn value(&mut self, name: &str, value: impl Display) {
        let mut text = core::mem::take(&mut self.value);
        text.clear();
        write!(text, "{value}").expect("writing to a String never fails");
        self.text(name, &text);
        self.value = text;
    }

    pub(super) fn duration(&mut self, name: &str, value: Duration) {
        self.value(name, format_args!("{}.{:09}", value.as_secs(), value.subsec_nanos()));
    }

    pub(super) fn time(&mut self, name: &str, value: UnixTime) {
        self.duration(name, value.since_epoch());
    }

    pub(super) fn attempt(&mut self, name: &str, value: Attempt) {
        let Attempt { owner: Owner { machine, boot, process, source }, number } = value;
        self.value(name, format_args!("{machine:016x}.{boot:032x}.{process}.{source:016x}.{number}"));
    }

    /// The length up to which the buffer does not grow.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.fields.capacity()
    }

    pub(super) fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        self.fields
    }
}

/// Reads fields in the order in which the writer wrote them.
pub(super) struct Reader<'a> {
    rest: &'a str,
    /// The format of the first line.
    format: u32,
    /// The first format that has all the fields that were read.
    needed: u32,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(fields: &'a str, format: u32) -> Self {
        Self { rest: fields, format, needed: 1 }
    }

    /// The value of the next field, if the field has this name. This format is the first that has it.
    pub(super) fn text_of_format(
        &mut self,
        format: u32,
        name: &'static str,
    ) -> Result<Option<&'a str>, Unreadable> {
        let text = self.text(name)?;
        if text.is_some() {
            self.needed = self.needed.max(format);
        }
        Ok(text)
    }

    /// The next fields as they are encoded, as long as their names begin with `+`. Format 4 is the first that has them.
    pub(super) fn carried(&mut self) -> Result<&'a str, Unreadable> {
        let start = self.rest;
        while let Some(rest) = self.rest.strip_prefix('+') {
            let (name, rest) = rest.split_once(' ').ok_or(Unreadable::UnexpectedField)?;
            let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            if name.is_empty() || !name.bytes().all(is_name) {
                return Err(Unreadable::UnexpectedField);
            }
            self.rest = split(rest).ok_or(Unreadable::UnexpectedField)?.1;
            self.needed = self.needed.max(4);
        }
        Ok(&start[..start.len() - self.rest.len()])
    }

    /// The value of the next field, if the field has this name.
    pub(super) fn text(&mut self, name: &'static str) -> Result<Option<&'a str>, Unreadable> {
        let Some(rest) = self.rest.strip_prefix(name).and_then(|rest| rest.strip_prefix(' ')) else {
            return Ok(None);
        };
        let (value, rest) = split(rest).ok_or(Unreadable::Field(name))?;
        self.rest = rest;
        Ok(Some(value))
    }

    /// The value of the next field as parsed by `parse`, if the field has this name.
    pub(super) fn read<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<Option<T>, Unreadable> {
        self.text(name)?.map(|text| parse(text).ok_or(Unreadable::Field(name))).transpose()
    }

    pub(super) fn number<T: FromStr>(&mut self, name: &'static str) -> Result<Option<T>, Unreadable> {
        self.read(name, |text| text.parse().ok())
    }

    pub(super) fn duration(&mut self, name: &'static str) -> Result<Option<Duration>, Unreadable> {
        self.read(name, duration)
    }

    pub(super) fn time(&mut self, name: &'static str) -> Result<Option<UnixTime>, Unreadable> {
        Ok(self.duration(name)?.map(UnixTime::after_epoch))
    }

    pub(super) fn attempt(&mut self, name: &'static str) -> Result<Option<Attempt>, Unreadable> {
        self.read(name, |text| {
            let mut parts = text.split('.');
            let owner = Owner {
                machine: u64::from_str_radix(parts.next()?, 16).ok()?,
                boot: u128::from_str_radix(parts.next()?, 16).ok()?,
                process: parts.next()?.parse().ok()?,
                source: u64::from_str_radix(parts.next()?, 16).ok()?,
            };
            let number = parts.next()?.parse().ok()?;
            parts.next().is_none().then_some(Attempt { owner, number })
        })
    }

    /// Fails unless every field was read, and the first line has the format that the fields need.
    pub(super) fn end(self) -> Result<(), Unreadable> {
        let as_written = self.rest.is_empty() && self.format == self.needed;
        if as_written { Ok(()) } else { Err(Unreadable::UnexpectedField) }
    }
}

/// Whether a field of this name is among these.
pub(super) fn have(mut fields: &str, name: &str) -> bool {
    while let Some((found, rest)) = fields.split_once(' ') {
        if found == name {
            return true;
        }
        let Some((_, rest)) = split(rest) else { return false };
        fields = rest;
    }
    false
}

/// Splits a field, whose name was read, into its value and the lines after it.
fn split(rest: &str) -> Option<(&str, &str)> {
    let (length, rest) = rest.split_once(' ')?;
    let (value, rest) = rest.split_at_checked(length.parse().ok()?)?;
    Some((value, rest.strip_prefix('\n')?))
}

/// Seconds with nine digits of nanoseconds.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let (seconds, nanoseconds) = text.split_once('.')?;
    let nanoseconds = Some(nanoseconds).filter(|digits| digits.len() == 9)?.parse().ok()?;
    (nanoseconds < 1_000_000_000).then_some(())?;
    Some(Duration::new(seconds.parse().ok()?, nanoseconds))
}

/// The value of a mandatory field.
pub(super) fn required<T>(name: &'static str, value: Option<T>) -> Result<T, Unreadable> {
    value.ok_or(Unreadable::Field(name))
}
