//! What this process shows of itself: that it lives, and which of its liveness locks have ended under a lease.
//!
//! One thread writes both; see `keeper.rs`. Here stands what that thread and the callers share.

use core::future::poll_fn;
use core::task::{Poll, Waker};
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use wellspring_core::{LockDomain, Version};
use wellspring_store::{Deadline, KeyName};

use crate::failure::Failure;

/// How many notes may wait while the store cannot be reached. Without its note a lease ends when its process does, or when
/// it lapses.
const MOST_NOTES: usize = 10_000;

/// The owner of a liveness lock has ended, and one of these versions may hold its lease.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    pub(crate) name: KeyName,
    pub(crate) domain: LockDomain,
    pub(crate) versions: Vec<Version>,
}

/// What the thread is to do.
#[derive(Debug)]
pub(crate) enum Task {
    /// Write that this process lives.
    Show,
    /// Write these notes.
    Notes(Vec<Note>),
    /// End.
    End,
}

/// What callers and the thread share.
#[derive(Debug)]
pub(crate) struct Presence {
    lifetime: Duration,
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Until when other processes see that this one lives.
    shown: Option<Deadline>,
    wanted: bool,
    /// When to write it again; `None` is now.
    next: Option<Deadline>,
    /// How often it was tried, and why the last time failed.
    tries: u64,
    failure: Option<Failure>,
    waiting: Vec<Waker>,
    notes: VecDeque<Note>,
    notes_next: Option<Deadline>,
    closed: bool,
}

impl State {
    fn is_shown(&self) -> bool {
        self.shown.is_some_and(|until| !until.left().is_zero())
    }
}

impl Presence {
    pub(crate) fn new(lifetime: Duration) -> Self {
        Self { lifetime, state: Mutex::default(), work: Condvar::new() }
    }

    /// How long other processes believe that this one lives after it last showed so.
    pub(crate) const fn lifetime(&self) -> Duration {
        self.lifetime
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until other processes see that this one lives, or until an attempt to show it has failed.
    pub(crate) async fn shown(&self) -> Result<(), Failure> {
        let mut first = None;
        poll_fn(|context| {
            let mut state = self.state();
            if state.is_shown() {
                return Poll::Ready(Ok(()));
            }
            let first = *first.get_or_insert_with(|| {
                state.wanted = true;
                state.next = None;
                self.work.notify_all();
                state.tries
            });
            match &state.failure {
                Some(failure) if state.tries > first => Poll::Ready(Err(failure.clone())),
                _ => {
                    state.waiting.push(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Notes that the owner of a liveness lock has ended. The note is written later.
    pub(crate) fn note(&self, note: Note) {
        let mut state = self.state();
        if state.notes.len() == MOST_NOTES {
            state.notes.pop_front();
        }
        state.notes.push_back(note);
        self.work.notify_all();
    }

    /// Ends the thread once it has tried to write the notes that wait.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.work.notify_all();
    }

    /// The next thing to do; waits until there is one.
    pub(crate) fn next(&self) -> Task {
        let mut state = self.state();
        loop {
            let closed = state.closed;
            let left = |at: Option<Deadline>| at.map_or(Duration::ZERO, Deadline::left);
            if !closed && state.wanted && left(state.next).is_zero() {
                return Task::Show;
            }
            if !state.notes.is_empty() && (closed || left(state.notes_next).is_zero()) {
                return Task::Notes(state.notes.drain(..).collect());
            }
            if closed {
                return Task::End;
            }
            let until = [
                state.wanted.then(|| left(state.next)),
                (!state.notes.is_empty()).then(|| left(state.notes_next)),
            ];
            let wait = until.into_iter().flatten().min().unwrap_or(Duration::from_secs(3600));
            state = self.work.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// This process has shown, or has failed to show, that it lives until then.
    pub(crate) fn tried(&self, result: Result<Deadline, Failure>, pause: Duration) {
        let mut state = self.state();
        state.tries += 1;
        match result {
            Ok(until) => {
                state.shown = Some(until);
                state.failure = None;
                state.next = Some(Deadline::after(self.lifetime / 3));
            }
            Err(failure) => {
                state.failure = Some(failure);
                state.next = Some(Deadline::after(pause));
            }
        }
        state.waiting.drain(..).for_each(Waker::wake);
    }

    /// These notes could not be written; they are tried again after a pause.
    pub(crate) fn put_back(&self, notes: Vec<Note>, pause: Duration) {
        let mut state = self.state();
        if !state.closed {
            state.notes.extend(notes);
            state.notes_next = Some(Deadline::after(pause));
        }
    }
}
