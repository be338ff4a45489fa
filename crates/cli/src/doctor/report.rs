//! The lines of all checks and the exit status for them.

use core::error::Error as _;
use core::fmt;
use std::io::{self, ErrorKind};

use wellspring_core::StoreError;
use wellspring_profiles::visible;

use crate::exit::{Exit, Failure, of_store, with_causes};

/// The results of all checks.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) lines: String,
    pub(super) checks: u32,
    pub(super) wrong: u32,
    pub(super) exit: Option<Exit>,
    /// The failures of the store that have a line.
    of_store: Vec<String>,
    /// What the system has said of them.
    causes: Vec<ErrorKind>,
}

impl Report {
    fn add(&mut self, verdict: &str, what: impl fmt::Display) {
        self.checks = self.checks.saturating_add(1);
        // Each check is one line, also if an error text has several.
        let what = what.to_string();
        self.lines.push_str(&format!("{verdict:<6} {}\n", visible(&what)));
    }

    pub(super) fn fine(&mut self, what: impl fmt::Display) {
        self.add("ok", what);
    }

    /// A fact that is not an error.
    pub(super) fn note(&mut self, what: impl fmt::Display) {
        self.add("note", what);
    }

    /// What will be wrong soon. It does not make the command fail.
    pub(super) fn warn(&mut self, what: impl fmt::Display) {
        self.add("warn", what);
    }

    pub(super) fn wrong(&mut self, exit: Exit, what: impl fmt::Display) {
        self.add("wrong", what);
        self.wrong = self.wrong.saturating_add(1);
        // An error that the user must correct takes precedence over one that may pass by itself.
        self.exit = if exit == Exit::Usage { Some(exit) } else { self.exit.or(Some(exit)) };
    }

    /// A failure of the store. Several checks may meet the same one: it gets one line.
    pub(super) fn store(&mut self, error: &StoreError) {
        let (exit, mut text) = of_store(error);
        if exit == Exit::TryLater {
            text = format!("{}; try again later", with_causes(error));
        }
        if !self.of_store.contains(&text) {
            self.wrong(exit, &text);
            self.of_store.push(text);
            self.causes.extend(cause(error));
        }
    }

    /// Whether a failure of the store was reported of which the system has said this.
    pub(super) fn names(&self, cause: ErrorKind) -> bool {
        self.causes.contains(&cause)
    }

    pub(super) fn failed(&mut self, failure: &Failure) {
        self.wrong(failure.exit, failure);
    }

    /// A failure of this profile. A setting that is wrong is named by its line.
    pub(super) fn failed_of(&mut self, profile: &str, failure: &Failure) {
        match failure.exit {
            Exit::Usage => self.failed(failure),
            exit => self.wrong(exit, format_args!("{profile}: {failure}")),
        }
    }
}

/// What the system has said, of this failure of a store.
fn cause(error: &StoreError) -> Option<ErrorKind> {
    Some(error.source()?.downcast_ref::<io::Error>()?.kind())
}
