//! Who waits for which record, and what was last seen of it. Two threads serve all watchers of a process: one looks
//! (`looker.rs`), one listens for messages (`subscriber.rs`). A watcher itself does no I/O.

use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use wellspring_core::{LockDomain, Version, WatchOutcome};
use wellspring_store::{Deadline, KeyName};

use crate::failure::Failure;

/// How often a record is looked at while messages tell of its changes, and the longest pause while they do not.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The first pause while no messages come; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

/// How long a subscription outlasts its last watcher. A driver watches in slices.
const LINGER: Duration = Duration::from_secs(10);

/// What one watcher waits for to change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Watch {
    pub(crate) name: KeyName,
    pub(crate) version: Version,
    pub(crate) domain: Option<LockDomain>,
}

#[derive(Debug, Default)]
pub(crate) struct Watching {
    table: Mutex<Table>,
    /// For the thread that looks, and the one that listens.
    work: Condvar,
}

#[derive(Debug, Default)]
struct Table {
    watched: BTreeMap<Watch, Watched>,
    /// The records whose changes arrive as messages.
    subscribed: BTreeSet<KeyName>,
    next_id: u64,
    closed: bool,
}

#[derive(Debug)]
struct Watched {
    seen: Seen,
    /// When to look; `None` is now.
    due: Option<Deadline>,
    pause: Duration,
    /// Counts the reasons to look: one that comes during a look leads to another.
    reasons: u64,
    listeners: Vec<(u64, Option<Waker>)>,
    /// When the last listener left.
    left: Option<Deadline>,
}

/// What the last look saw.
#[derive(Clone, Debug)]
enum Seen {
    /// Nothing to tell.
    Nothing,
    Outcome(WatchOutcome),
    Failed(Failure),
}

/// A look that is to be taken.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub(crate) watch: Watch,
    reasons: u64,
}

/// What the thread that listens is to do.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    pub(crate) add: Vec<KeyName>,
    pub(crate) remove: Vec<KeyName>,
    /// How many there are.
    pub(crate) active: usize,
    pub(crate) closed: bool,
}

impl Watched {
    fn new() -> Self {
        Self {
            seen: Seen::Nothing,
            due: None,
            pause: FIRST_PAUSE,
            reasons: 0,
            listeners: Vec::new(),
            left: None,
        }
    }

    fn look_now(&mut self) {
        self.due = None;
        self.reasons += 1;
    }

    fn see(&mut self, seen: Seen) {
        self.seen = seen;
        for (_, waker) in &mut self.listeners {
            if let Some(waker) = waker.take() {
                waker.wake();
            }
        }
    }

    fn is_due(&self) -> bool {
        !self.listeners.is_empty()
            && matches!(self.seen, Seen::Nothing)
            && self.due.is_none_or(|due| due.left().is_zero())
    }

    fn is_stale(&self) -> bool {
        self.listeners.is_empty() && self.left.is_none_or(|left| left.left().is_zero())
    }
}

impl Table {
    fn of_name<'a>(&'a mut self, name: &'a KeyName) -> impl Iterator<Item = (&'a Watch, &'a mut Watched)> {
        let first = Watch { name: name.clone(), version: Version::new(0), domain: None };
        self.watched.range_mut(first..).take_while(move |(watch, _)| watch.name == *name)
    }
}

impl Watching {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the threads.
    pub(crate) fn close(&self) {
        self.table().closed = true;
        self.work.notify_all();
    }

    /// Begins to wait.
    pub(crate) fn listen(&self, watch: Watch) -> Listener<'_> {
        let mut table = self.table();
        let id = table.next_id;
        table.next_id += 1;
        let watched = table.watched.entry(watch.clone()).or_insert_with(Watched::new);
        watched.listeners.push((id, None));
        drop(table);
        self.work.notify_all();
        Listener { watching: self, watch, id }
    }

    /// The looks that are due, at most so many; waits until there is one. `None` when the store is closed.
    pub(crate) fn due(&self, most: usize) -> Option<Vec<Look>> {
        let mut table = self.table();
        loop {
            if table.closed {
                return None;
            }
            let due = table.watched.iter().filter(|(_, watched)| watched.is_due());
            let looks: Vec<Look> = due
                .take(most)
                .map(|(watch, seen)| Look { watch: watch.clone(), reasons: seen.reasons })
                .collect();
            if !looks.is_empty() {
                return Some(looks);
            }
            let waited_for = table
                .watched
                .values()
                .filter(|seen| !seen.listeners.is_empty() && matches!(seen.seen, Seen::Nothing));
            let wait = waited_for.filter_map(|seen| seen.due).map(Deadline::left).min();
            let wait = wait.unwrap_or(Duration::from_secs(3600));
            table = self.work.wait_timeout(table, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The result of a look.
    pub(crate) fn looked(&self, look: &Look, result: Result<Option<WatchOutcome>, Failure>) {
        let mut table = self.table();
        let subscribed = table.subscribed.contains(&look.watch.name);
        let Some(watched) = table.watched.get_mut(&look.watch) else { return };
        let pause = if subscribed { LONGEST_PAUSE } else { watched.pause };
        watched.pause = (2 * watched.pause).min(LONGEST_PAUSE);
        match result {
            Ok(None) if watched.reasons == look.reasons => watched.due = Some(Deadline::after(pause)),
            Ok(None) => {}
            Ok(Some(outcome)) => watched.see(Seen::Outcome(outcome)),
            Err(failure) => watched.see(Seen::Failed(failure)),
        }
    }

    /// What to subscribe to and what not any longer; waits for a change, at most so long.
    pub(crate) fn subscriptions(&self, wait: Duration) -> Subscriptions {
        let mut table = self.table();
        let end = Deadline::after(wait);
        loop {
            table.watched.retain(|_, watched| !watched.is_stale());
            let wanted: BTreeSet<&KeyName> = table.watched.keys().map(|watch| &watch.name).collect();
            let add: Vec<KeyName> = wanted
                .iter()
                .filter(|name| !table.subscribed.contains(**name))
                .map(|name| (*name).clone())
                .collect();
            let remove: Vec<KeyName> =
                table.subscribed.iter().filter(|name| !wanted.contains(name)).cloned().collect();
            let left = end.left();
            if table.closed || !add.is_empty() || !remove.is_empty() || left.is_zero() {
                return Subscriptions { add, remove, active: table.subscribed.len(), closed: table.closed };
            }
            table = self.work.wait_timeout(table, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Messages tell of these records from now on. What happened before is looked for once.
    pub(crate) fn subscribed(&self, names: &[KeyName]) {
        let mut table = self.table();
        for name in names {
            table.subscribed.insert(name.clone());
            table.of_name(name).for_each(|(_, watched)| watched.look_now());
        }
        drop(table);
        self.work.notify_all();
    }

    /// No message tells of these records any longer.
    pub(crate) fn unsubscribed(&self, names: &[KeyName]) {
        let mut table = self.table();
        table.subscribed.retain(|name| !names.contains(name));
    }

    /// The connection for messages is lost.
    pub(crate) fn lost(&self) {
        let mut table = self.table();
        table.subscribed.clear();
        for watched in table.watched.values_mut() {
            watched.pause = FIRST_PAUSE;
            watched.look_now();
        }
        drop(table);
        self.work.notify_all();
    }

    /// A message says that this record has this version now, or that there is something new beside it.
    pub(crate) fn heard(&self, name: &KeyName, version: Option<Version>) {
        let mut table = self.table();
        for (watch, watched) in table.of_name(name) {
            match version {
                Some(version) if version != watch.version => {
                    watched.see(Seen::Outcome(WatchOutcome::Changed))
                }
                _ => watched.look_now(),
            }
        }
        drop(table);
        self.work.notify_all();
    }

    /// Whether the store is closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.table().closed
    }

    /// How many records messages tell of.
    #[cfg(test)]
    fn active(&self) -> usize {
        self.table().subscribed.len()
    }
}

/// Waits for the outcome of a watch.
#[derive(Debug)]
pub(crate) struct Listener<'a> {
    watching: &'a Watching,
    watch: Watch,
    id: u64,
}

impl Future for Listener<'_> {
    type Output = Result<WatchOutcome, Failure>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut table = self.watching.table();
        let Some(watched) = table.watched.get_mut(&self.watch) else { return Poll::Pending };
        match &watched.seen {
            Seen::Outcome(outcome) => Poll::Ready(Ok(*outcome)),
            Seen::Failed(failure) => Poll::Ready(Err(failure.clone())),
            Seen::Nothing => {
                if let Some((_, waker)) = watched.listeners.iter_mut().find(|(id, _)| *id == self.id) {
                    *waker = Some(context.waker().clone());
                }
                Poll::Pending
            }
        }
    }
}

impl Drop for Listener<'_> {
    fn drop(&mut self) {
        let mut table = self.watching.table();
        let Some(watched) = table.watched.get_mut(&self.watch) else { return };
        watched.listeners.retain(|(id, _)| *id != self.id);
        if !watched.listeners.is_empty() {
            return;
        }
        watched.left = Some(Deadline::after(LINGER));
        if !matches!(watched.seen, Seen::Nothing) {
            // Whatever was seen, the next watcher looks anew.
            *watched = Watched { left: watched.left, ..Watched::new() };
        }
    }
}

#[cfg(test)]
mod tests {
    use core::pin::pin;

    use super::*;
    use crate::failure::Cause;

    fn watch(digit: char, version: u128) -> Watch {
        let name = KeyName::of_digits(&digit.to_string().repeat(64)).expect("64 digits");
        Watch { name, version: Version::new(version), domain: None }
    }

    fn poll(listener: &mut Listener<'_>) -> Option<Result<WatchOutcome, Failure>> {
        match pin!(listener).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(ready) => Some(ready),
            Poll::Pending => None,
        }
    }

    #[test]
    fn a_watcher_hears_of_a_change_and_the_next_one_looks_anew() {
        let watching = Watching::default();
        let mut listener = watching.listen(watch('a', 1));
        let looks = watching.due(9).expect("open");
        assert_eq!(looks.len(), 1);
        watching.looked(&looks[0], Ok(None));
        assert!(poll(&mut listener).is_none());
        watching.heard(&watch('a', 0).name, Some(Version::new(1)));
        assert!(poll(&mut listener).is_none(), "the same version is no change");
        assert_eq!(watching.due(9).expect("open").len(), 1, "there may be a note beside it");
        watching.heard(&watch('a', 0).name, Some(Version::new(2)));
        assert!(matches!(poll(&mut listener), Some(Ok(WatchOutcome::Changed))));
        drop(listener);
        let mut next = watching.listen(watch('a', 1));
        assert!(poll(&mut next).is_none());
        assert_eq!(watching.due(9).expect("open").len(), 1);
    }

    #[test]
    fn a_message_that_comes_during_a_look_leads_to_another_look() {
        let watching = Watching::default();
        let _listener = watching.listen(watch('a', 1));
        let looks = watching.due(9).expect("open");
        watching.heard(&watch('a', 1).name, None);
        watching.looked(&looks[0], Ok(None));
        assert_eq!(watching.due(9).expect("open").len(), 1);
    }

    #[test]
    fn each_watcher_looks_once_when_messages_begin_and_once_when_they_end() {
        let watching = Watching::default();
        let _listeners = [watching.listen(watch('a', 1)), watching.listen(watch('b', 1))];
        let look = |expected: usize| {
            let looks = watching.due(9).expect("open");
            assert_eq!(looks.len(), expected);
            looks.iter().for_each(|look| watching.looked(look, Ok(None)));
        };
        look(2);
        let wanted = watching.subscriptions(Duration::ZERO);
        assert_eq!((wanted.add.len(), wanted.active), (2, 0));
        watching.subscribed(&wanted.add);
        look(2);
        assert_eq!(watching.active(), 2);
        watching.lost();
        assert_eq!(watching.active(), 0);
        look(2);
        assert_eq!(watching.subscriptions(Duration::ZERO).add.len(), 2);
    }

    #[test]
    fn a_failed_look_is_told_to_each_watcher_of_the_record() {
        let watching = Watching::default();
        let mut listeners = [watching.listen(watch('a', 1)), watching.listen(watch('a', 1))];
        let looks = watching.due(9).expect("open");
        assert_eq!(looks.len(), 1, "one look serves both");
        watching.looked(&looks[0], Err(Failure::new(Cause::TimedOut)));
        assert!(listeners.iter_mut().all(|listener| matches!(poll(listener), Some(Err(_)))));
        watching.close();
        assert!(watching.due(9).is_none());
    }
}
