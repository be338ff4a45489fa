//! What a command waits for, and why its last attempt failed: the cause behind a deadline that has passed.

use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, PoisonError};

type Text = Cow<'static, str>;

#[derive(Debug)]
struct Progress {
    /// What the command waits for, the innermost last.
    waits: Vec<(u64, Text)>,
    next: u64,
    /// The last failure that the command retries.
    failure: Option<String>,
}

static PROGRESS: Mutex<Progress> = Mutex::new(Progress { waits: Vec::new(), next: 0, failure: None });

fn progress() -> MutexGuard<'static, Progress> {
    PROGRESS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A wait that ends with its drop.
#[derive(Debug)]
pub(crate) struct Wait(u64);

/// The command waits for this until the guard is dropped.
pub(crate) fn wait_for(what: impl Into<Text>) -> Wait {
    let mut progress = progress();
    let id = progress.next;
    progress.next = id.saturating_add(1);
    progress.waits.push((id, what.into()));
    Wait(id)
}

impl Drop for Wait {
    fn drop(&mut self) {
        progress().waits.retain(|(id, _)| *id != self.0);
    }
}

/// An attempt has failed and may be repeated. The error contains no secret.
pub(crate) fn failed(error: &dyn core::error::Error) {
    let text = crate::exit::with_causes(error);
    progress().failure = Some(text);
}

/// What the command waits for and its last failure, as the end of a sentence about a deadline.
pub(crate) fn cause() -> String {
    let progress = progress();
    let waits = progress.waits.last().map(|(_, what)| format!("; it was waiting for {what}"));
    let failure = progress.failure.as_ref().map(|failure| format!("; the last failure: {failure}"));
    [waits, failure].into_iter().flatten().collect()
}
