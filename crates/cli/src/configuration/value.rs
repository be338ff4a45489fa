//! One value of the configuration: written there, or to be taken from the environment or a file.
//!
//! Any of them may be a secret, so none is shown by `Debug` or in an error; what is shown is where it stands.

use core::fmt;
use core::time::Duration;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::configuration::duration;
use crate::exit::Failure;

/// File, line and key of a value, for messages.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) file: Arc<Path>,
    pub(crate) line: usize,
    /// As it is called in messages: a key in backticks, a section in brackets.
    pub(crate) key: String,
}

impl Place {
    /// The failure of what stands here; `what` goes on after the key: "is empty".
    pub(crate) fn failure(&self, what: impl fmt::Display) -> Failure {
        Failure::usage(format!("{}:{}: {} {what}", self.file.display(), self.line, self.key))
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
    /// The text, which is not empty.
    pub(crate) fn text(&self) -> Result<Zeroizing<String>, Failure> {
        let text = match &self.source {
            Source::Written(text) => text.clone(),
            Source::Environment(name) => self.environment(name)?,
            Source::File(path) => self.file(path)?,
        };
        if text.is_empty() {
            return Err(match &self.source {
                Source::Written(_) => self.place.failure("is empty; give it a value or leave it out"),
                Source::Environment(name) => {
                    self.place.failure(format_args!("is empty; set the environment variable {name}"))
                }
                Source::File(path) => self.place.failure(format_args!("is empty; fill {}", path.display())),
            });
        }
        Ok(text)
    }

    /// The file that a secret is taken from; `None` where there is none, and the secret stands here or comes from the
    /// environment.
    pub(crate) fn secret_file(&self) -> Option<PathBuf> {
        match &self.source {
            Source::File(path) => Some(self.beside(path)),
            Source::Written(_) | Source::Environment(_) => None,
        }
    }

    /// The same of a PEM file, whose name is no secret.
    pub(crate) fn pem_file(&self) -> Option<PathBuf> {
        match &self.source {
            Source::Written(text) if !text.contains("-----BEGIN ") => {
                Some(self.beside(Path::new(text.as_str())))
            }
            _ => self.secret_file(),
        }
    }

    /// Whether it stands in the configuration itself.
    pub(crate) const fn is_written(&self) -> bool {
        matches!(self.source, Source::Written(_))
    }

    /// The text as a duration.
    pub(crate) fn duration(&self) -> Result<Duration, Failure> {
        duration::parse(&self.text()?).map_err(|why| self.place.failure(why))
    }

    /// The text as one of these words.
    pub(crate) fn one_of<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, Failure> {
        let text = self.text()?;
        words.iter().find(|(word, _)| *word == text.as_str()).map(|(_, meaning)| *meaning).ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.place.failure(format_args!("must be one of: {}", words.join(", ")))
        })
    }

    /// The contents of a PEM file: the text names the file, or is the PEM itself.
    pub(crate) fn pem(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let text = self.text()?;
        if text.contains("-----BEGIN ") {
            return Ok(Zeroizing::new(text.as_bytes().to_vec()));
        }
        let path = self.beside(Path::new(&**text));
        std::fs::read(&path).map(Zeroizing::new).map_err(|error| {
            self.place.failure(format_args!("cannot be read from {}: {error}", path.display()))
        })
    }

    #[expect(clippy::disallowed_methods, reason = "this is where configuration is made")]
    fn environment(&self, name: &str) -> Result<Zeroizing<String>, Failure> {
        std::env::var(name).map(Zeroizing::new).map_err(|error| match error {
            std::env::VarError::NotPresent => {
                self.place.failure(format_args!("needs the environment variable {name}; set it"))
            }
            std::env::VarError::NotUnicode(_) => {
                self.place.failure(format_args!("needs the environment variable {name} to be UTF-8"))
            }
        })
    }

    fn file(&self, path: &Path) -> Result<Zeroizing<String>, Failure> {
        let path = self.beside(path);
        let mut text = std::fs::read_to_string(&path).map(Zeroizing::new).map_err(|error| {
            self.place.failure(format_args!("cannot be read from {}: {error}", path.display()))
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
        write!(f, "Value({}:{} {})", self.place.file.display(), self.place.line, self.place.key)
    }
}
