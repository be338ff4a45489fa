//! One value of the configuration: written there, or to be taken from the environment or a file.
//!
//! Any of them may be a secret, so none is shown by `Debug` or in an error; what is shown is where it stands.

use core::fmt;
use core::time::Duration;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::{Error, SecretSource, parse_duration};

/// Where something stands in the file. Displayed it begins a sentence: "wellspring.toml:8: `client_secret`".
#[derive(Clone, Debug)]
pub struct Place {
    pub(crate) file: Arc<Path>,
    pub(crate) line: usize,
    pub(crate) key: String,
}

impl Place {
    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What stands there, as it is called in sentences: a key in backticks, a section in brackets.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What is wrong with what stands here; `what` goes on after the key: "is empty".
    pub(crate) fn error(&self, what: impl fmt::Display) -> Error {
        Error::Settings(format!("{self} {what}"))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.key)
    }
}

/// A value and where it stands.
#[derive(Clone)]
pub(crate) struct Value {
    pub(crate) place: Place,
    pub(crate) source: Source,
}

/// Where the text of a value comes from.
#[derive(Clone)]
pub(crate) enum Source {
    /// From the configuration itself.
    Written(Zeroizing<String>),
    /// From the environment variable of this name.
    Environment(String),
    /// From this file, looked for beside the configuration; one line end at its end is not part of it.
    File(PathBuf),
}

impl Value {
    /// The text, which is not empty. White space alone is nothing either: room that was made for a secret, and never
    /// filled.
    pub(crate) fn text(&self) -> Result<Zeroizing<String>, Error> {
        let text = match &self.source {
            Source::Written(text) => text.clone(),
            Source::Environment(name) => self.environment(name)?,
            Source::File(path) => self.file(path)?,
        };
        if text.trim().is_empty() {
            return Err(match &self.source {
                Source::Written(_) => self.place.error("is empty; give it a value or leave it out"),
                Source::Environment(name) => {
                    self.place.error(format_args!("is empty; set the environment variable {name}"))
                }
                Source::File(path) => self.place.error(format_args!("is empty; fill {}", path.display())),
            });
        }
        Ok(text)
    }

    /// Where a secret is taken from.
    pub(crate) fn secret_source(&self) -> SecretSource {
        match &self.source {
            Source::Written(_) => SecretSource::Written,
            Source::Environment(_) => SecretSource::Environment,
            Source::File(path) => SecretSource::File(self.beside(path)),
        }
    }

    /// The same of PEM, whose file's name is no secret.
    pub(crate) fn pem_source(&self) -> SecretSource {
        match &self.source {
            Source::Written(text) if !text.contains("-----BEGIN ") => {
                SecretSource::File(self.beside(Path::new(text.as_str())))
            }
            _ => self.secret_source(),
        }
    }

    /// The text as a duration.
    pub(crate) fn duration(&self) -> Result<Duration, Error> {
        parse_duration(&self.text()?).map_err(|why| self.place.error(why))
    }

    /// The text as one of these words.
    pub(crate) fn one_of<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, Error> {
        let text = self.text()?;
        words.iter().find(|(word, _)| *word == text.as_str()).map(|(_, meaning)| *meaning).ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.place.error(format_args!("must be one of: {}", words.join(", ")))
        })
    }

    /// The contents of a PEM file: the text names the file, or is the PEM itself.
    pub(crate) fn pem(&self) -> Result<Zeroizing<Vec<u8>>, Error> {
        let text = self.text()?;
        if text.contains("-----BEGIN ") {
            return Ok(Zeroizing::new(text.as_bytes().to_vec()));
        }
        let path = self.beside(Path::new(&**text));
        std::fs::read(&path).map(Zeroizing::new).map_err(|error| {
            self.place.error(format_args!("cannot be read from {}: {error}", path.display()))
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

    fn file(&self, path: &Path) -> Result<Zeroizing<String>, Error> {
        let path = self.beside(path);
        let mut text = std::fs::read_to_string(&path).map(Zeroizing::new).map_err(|error| {
            self.place.error(format_args!("cannot be read from {}: {error}", path.display()))
        })?;
        // Editors and `echo` end a file with a line end, which is no part of a secret.
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        Ok(text)
    }

    /// This path, looked for beside the configuration.
    pub(crate) fn beside(&self, path: &Path) -> PathBuf {
        self.place.file.parent().map_or_else(|| path.to_owned(), |folder| folder.join(path))
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({})", self.place)
    }
}
