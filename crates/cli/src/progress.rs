//! What a command waits for, and why its last attempt failed: the cause behind a deadline that has passed.

use std::borrow::Cow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use wellspring_core::{Instant, StoreError};

type Text = Cow<'static, str>;

#[derive(Debug)]
struct Progress {
    /// What the command waits for, the innermost last.
    waits: Vec<(u64, Text)>,
    next: u64,
    /// The last failure that the command retries.
    failure: Option<String>,
    /// The store's operation that has failed last and is retried.
    retried: Option<Text>,
    /// Since when the store refuses a token.
    refused: Option<Instant>,
    /// Since when the store refuses a token that the spill folder does not take either.
    unsaved: Option<Instant>,
    /// What the command has achieved so far.
    result: Option<Text>,
}

static PROGRESS: Mutex<Progress> = Mutex::new(Progress {
    waits: Vec::new(),
    next: 0,
    failure: None,
    retried: None,
    refused: None,
    unsaved: None,
    result: None,
});

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

/// An operation of the store has failed, and is retried before anything else; `None` after a success.
pub(crate) fn retries(failure: Option<(Text, &StoreError)>) {
    if let Some((_, error)) = &failure {
        failed(*error);
    }
    progress().retried = failure.map(|(what, _)| what);
}

/// The store refuses a token that was obtained.
pub(crate) fn is_refused(now: Instant) {
    progress().refused.get_or_insert(now);
}

/// The spill folder does not take that token either. Both are tried again.
pub(crate) fn is_unsaved(now: Instant) {
    let mut progress = progress();
    let since = *progress.refused.get_or_insert(now);
    progress.unsaved.get_or_insert(since);
}

/// The token is saved.
pub(crate) fn is_saved(what: impl Into<Text>) {
    let mut progress = progress();
    (progress.refused, progress.unsaved) = (None, None);
    progress.result = Some(what.into());
}

/// Since when the store refuses a token that the spill folder does not take either.
pub(crate) fn unsaved_since() -> Option<Instant> {
    progress().unsaved
}

/// What the command has achieved, in a few words for a user whose signal ends it.
pub(crate) fn achieved(what: impl Into<Text>) {
    progress().result = Some(what.into());
}

/// What the command has achieved so far.
pub(crate) fn result() -> Option<Text> {
    progress().result.clone()
}

/// What the command waits for.
pub(crate) fn waits() -> Option<Text> {
    let progress = progress();
    progress.retried.as_ref().or_else(|| progress.waits.last().map(|(_, what)| what)).cloned()
}

/// What the command waits for and its last failure, as the end of a sentence about a deadline.
pub(crate) fn cause() -> String {
    let waits = waits().map(|what| format!("; it was waiting for {what}"));
    let progress = progress();
    let failure = progress.failure.as_ref().map(|failure| format!("; the last failure: {failure}"));
    [waits, failure].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_nothing_takes_is_unsaved_since_the_store_first_refused_it() {
        let at = |seconds| Instant::after_origin(core::time::Duration::from_secs(seconds));
        is_refused(at(1));
        assert_eq!(unsaved_since(), None, "the spill folder may take it");
        is_refused(at(5));
        is_unsaved(at(10));
        assert_eq!(unsaved_since(), Some(at(1)));
        is_saved("the token is saved");
        is_unsaved(at(20));
        assert_eq!(unsaved_since(), Some(at(20)));
        is_saved("the token is saved");
    }
}
