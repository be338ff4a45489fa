//! One value of the configuration: written in the file, or read from an environment variable or another file.
//!
//! Each value may be a secret, so `Debug` and errors show only the place of a value.

use core::fmt;
use core::time::Duration;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::duration::parse_duration;
use crate::error::Error;
use crate::place::Place;
use wellspring_transport::regular_file;

/// Where a secret comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretSource {
    /// The configuration file itself.
    Written,
    /// An environment variable.
    Environment,
    /// This file.
    File(PathBuf),
}

/// A value and its place.
#[derive(Clone)]
pub(crate) struct Value {
    pub(crate) place: Place,
    pub(crate) source: Source,
}

/// The bytes of a certificate or a key, or the file that holds them.
pub(crate) enum Bytes {
    Given(Zeroizing<Vec<u8>>),
    File(PathBuf),
}

/// Where the text of a value comes from.
#[derive(Clone)]
pub(crate) enum Source {
    /// The configuration itself.
    Written(Zeroizing<String>),
    /// The environment variable with this name.
    Environment(String),
    /// A text of a preset, in which `{name}` stands for another value.
    Template(Zeroizing<String>, Arc<Variables>),
    /// This file, relative to the folder of the configuration. A final line end is not part of the text.
    File(PathBuf),
}

impl Value {
    /// The text, which is not empty. A text of only white space counts as empty: it is the placeholder of a secret that
    /// was never written.
    pub(crate) fn text(&self) -> Result<Zeroizing<String>, Error> {
        self.text_of(regular_file::SECRET)
    }

    /// The text, also if it is only white space.
    pub(crate) fn text_of_any_kind(&self) -> Result<Zeroizing<String>, Error> {
        match &self.source {
            Source::Written(text) => Ok(text.clone()),
            _ => self.text(),
        }
    }

    /// The text, of at most this many bytes where it is in a file.
    fn text_of(&self, at_most: u64) -> Result<Zeroizing<String>, Error> {
        let text = match &self.source {
            Source::Written(text) => text.clone(),
            Source::Environment(name) => self.environment(name)?,
            Source::Template(text, variables) => variables.fill(text)?,
            Source::File(path) => self.file(path, at_most)?,
        };
        if text.trim().is_empty() {
            return Err(match &self.source {
                Source::Written(_) | Source::Template(..) => {
                    self.place.error("is empty; give it a value or leave it out")
                }
                Source::Environment(name) => {
                    self.place.error(format_args!("is empty; set the environment variable {name}"))
                }
                Source::File(path) => self.place.error(format_args!("is empty; fill {}", path.display())),
            });
        }
        Ok(text)
    }

    /// Whether the file gives an empty text.
    pub(crate) fn is_empty_text(&self) -> bool {
        matches!(&self.source, Source::Written(text) if text.is_empty())
    }

    /// Where a secret comes from.
    pub(crate) fn secret_source(&self) -> SecretSource {
        match &self.source {
            Source::Written(_) | Source::Template(..) => SecretSource::Written,
            Source::Environment(_) => SecretSource::Environment,
            Source::File(path) => SecretSource::File(self.beside(path)),
        }
    }

    /// Where a certificate or a key comes from. A text without PEM is the path of a file, which is not a secret.
    pub(crate) fn file_source(&self) -> SecretSource {
        match &self.source {
            Source::Written(text) if !is_contents(text) => {
                SecretSource::File(self.beside(Path::new(text.as_str())))
            }
            _ => self.secret_source(),
        }
    }

    /// The text as a duration.
    pub(crate) fn duration(&self) -> Result<Duration, Error> {
        parse_duration(&self.text()?).map_err(|why| self.place.error(why))
    }

    /// The text as a duration that is not zero.
    pub(crate) fn lifetime(&self) -> Result<Duration, Error> {
        self.duration().and_then(|lifetime| match lifetime {
            Duration::ZERO => Err(self.place.error("must not be zero")),
            _ => Ok(lifetime),
        })
    }

    /// The text as one of these words.
    pub(crate) fn one_of<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, Error> {
        let text = self.text()?;
        words.iter().find(|(word, _)| *word == text.as_str()).map(|(_, meaning)| *meaning).ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.place.error(format_args!("must be one of: {}", words.join(", ")))
        })
    }

    /// Where the bytes of a certificate or a key are: in the text itself, or in the file that it names.
    pub(crate) fn source_of_bytes(&self) -> Result<Bytes, Error> {
        if let Source::File(path) = &self.source {
            let there = self.beside(path);
            // A file that cannot be read is named with the certificate or the key that it should hold.
            let read = regular_file::read(&there, regular_file::CERTIFICATES);
            if read.is_ok_and(|bytes| bytes.trim_ascii().is_empty()) {
                return Err(self.place.error(format_args!("is empty; fill {}", path.display())));
            }
            return Ok(Bytes::File(there));
        }
        let text = self.text_of(regular_file::CERTIFICATES)?;
        Ok(match is_contents(&text) {
            true => Bytes::Given(Zeroizing::new(text.as_bytes().to_vec())),
            false => Bytes::File(self.beside(Path::new(text.trim()))),
        })
    }

    #[expect(clippy::disallowed_methods, reason = "this is where configuration is made")]
    fn environment(&self, name: &str) -> Result<Zeroizing<String>, Error> {
        std::env::var(name).map(Zeroizing::new).map_err(|error| match error {
            std::env::VarError::NotPresent => {
                self.place.error(format_args!("needs the environment variable {name}; set it"))
            }
            std::env::VarError::NotUnicode(_) => {
                self.place.error(format_args!("needs the environment variable {name} to be UTF-8"))
            }
        })
    }

    fn file(&self, path: &Path, at_most: u64) -> Result<Zeroizing<String>, Error> {
        let path = self.beside(path);
        let mut text = self.regular(&path, regular_file::read_text(&path, at_most))?;
        // Editors and `echo` add a line end, which is not part of the secret.
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        Ok(text)
    }

    fn regular<T>(&self, path: &Path, read: std::io::Result<T>) -> Result<T, Error> {
        read.map_err(|error| {
            self.place.error(format_args!("cannot be read from {}: {error}", path.display()))
        })
    }

    /// This path, relative to the folder of the configuration.
    pub(crate) fn beside(&self, path: &Path) -> PathBuf {
        self.place.file.parent().map_or_else(|| path.to_owned(), |folder| folder.join(path))
    }
}

/// The variables of a preset: what `{name}` in one of its values stands for. A value may be a secret, and is read only when it
/// is needed.
pub(crate) struct Variables(Vec<(String, Value)>);

impl Variables {
    pub(crate) const fn new(values: Vec<(String, Value)>) -> Self {
        Self(values)
    }

    /// Whether this text names one of them.
    pub(crate) fn are_in(&self, text: &str) -> bool {
        self.0.iter().any(|(name, _)| text.contains(&braced(name)))
    }

    /// The text with the values.
    pub(crate) fn fill(&self, text: &str) -> Result<Zeroizing<String>, Error> {
        let mut filled = Zeroizing::new(text.to_owned());
        for (name, value) in &self.0 {
            let name = braced(name);
            if filled.contains(&name) {
                filled = Zeroizing::new(filled.replace(&name, &value.text()?));
            }
        }
        Ok(filled)
    }
}

fn braced(name: &str) -> String {
    ["{", name, "}"].concat()
}

/// Whether a text is PEM, or a binary file in base64, and not the path of a file. What begins with `MI` is DER of 256 bytes to
/// 64 KiB, and no path is so long.
fn is_contents(text: &str) -> bool {
    text.contains("-----BEGIN ") || (text.trim_start().starts_with("MI") && text.len() > 255)
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({})", self.place)
    }
}
