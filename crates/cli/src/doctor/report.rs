//! The lines of all checks and the exit status for them.

use core::fmt;

use wellspring_profiles::visible;

use crate::exit::{Exit, Failure};

/// The results of all checks.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) lines: String,
    pub(super) checks: u32,
    pub(super) wrong: u32,
    pub(super) exit: Option<Exit>,
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

    pub(super) fn wrong(&mut self, exit: Exit, what: impl fmt::Display) {
        self.add("wrong", what);
        self.wrong = self.wrong.saturating_add(1);
        // An error that the user must correct takes precedence over one that may pass by itself.
        self.exit = if exit == Exit::Usage { Some(exit) } else { self.exit.or(Some(exit)) };
    }

    pub(super) fn failed(&mut self, failure: &Failure) {
        self.wrong(failure.exit, failure);
    }
}
