//! The connection that listens, for all watchers of a process.
//!
//! A watcher subscribes to a name and then looks at its row; a notification, a new connection or a lost one makes it look
//! again. Behind a pooler in transaction mode notifications do not arrive. The listener finds that out by a notification to
//! itself, which it sends over the other connection. Until notifications are known to arrive, watchers poll.

use core::fmt;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_postgres::types::Type;
use wellspring_core::{StoreError, Version};
use wellspring_store::{Deadline, KeyName};

use crate::connector::Connector;
use crate::error::Effect;
use crate::link::Link;
use crate::random;
use crate::table::CHANNEL;

/// How long a notification to oneself may take.
const PROBE_WITHIN: Duration = Duration::from_secs(2);

/// Where notifications do not arrive they are tried again after this time.
const PROBE_AGAIN: Duration = Duration::from_secs(300);

/// How often an idle connection is asked whether it still stands, and how long the answer may take.
const ASK_EVERY: Duration = Duration::from_secs(15);
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Between two looks of a watcher that polls: the first pause, and the longest.
const POLLS: (Duration, Duration) = (Duration::from_millis(25), Duration::from_secs(1));

/// Between two looks of a watcher that is notified. A notification is not lost; this is for a server that loses its mind.
const LOOKS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));

/// Before the name of a probe in the payload.
const PROBE: &str = "probe ";

pub(crate) struct Listener {
    shared: Arc<Shared>,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// What each watched name was last notified with, and by how many it is watched.
type Watched = HashMap<KeyName, (watch::Sender<Option<Version>>, usize)>;

struct Shared {
    link: Arc<Link>,
    watched: Mutex<Watched>,
    arriving: watch::Sender<Arriving>,
    probe: Mutex<Option<(String, oneshot::Sender<()>)>>,
}

/// Whether notifications arrive. Each change makes every watcher look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arriving {
    Yes,
    No,
}

impl Listener {
    pub(crate) fn new(link: Arc<Link>) -> Self {
        let shared = Shared {
            link,
            watched: Mutex::default(),
            arriving: watch::Sender::new(Arriving::No),
            probe: Mutex::default(),
        };
        Self { shared: Arc::new(shared), task: Mutex::default() }
    }

    /// Whether notifications arrive now.
    pub(crate) fn is_notified(&self) -> bool {
        *self.shared.arriving.borrow() == Arriving::Yes
    }

    /// Subscribes to a name. What is notified from now on is seen by [`Subscription::changed`].
    pub(crate) fn subscribe(&self, name: &KeyName) -> Subscription {
        self.run();
        let mut watched = self.shared.watched();
        let (sender, count) = watched.entry(name.clone()).or_insert_with(|| (watch::Sender::new(None), 0));
        *count += 1;
        Subscription {
            name: name.clone(),
            notified: sender.subscribe(),
            arriving: self.shared.arriving.subscribe(),
            shared: Arc::clone(&self.shared),
            polls: POLLS.0,
            looks: LOOKS.0,
        }
    }

    /// Starts the task, or starts it again if the runtime that it ran on has ended.
    fn run(&self) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.as_ref().is_none_or(JoinHandle::is_finished) {
            *task = Some(tokio::spawn(listen(Arc::downgrade(&self.shared))));
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(task) = &*self.task.lock().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}

/// One watcher of one name.
pub(crate) struct Subscription {
    name: KeyName,
    notified: watch::Receiver<Option<Version>>,
    arriving: watch::Receiver<Arriving>,
    shared: Arc<Shared>,
    polls: Duration,
    looks: Duration,
}

impl Subscription {
    /// Waits until the row may have changed from this version, but no longer than `at_most`.
    pub(crate) async fn changed(&mut self, from: Version, at_most: Duration) {
        let arriving = *self.arriving.borrow_and_update();
        let (pause, (_, longest)) = match arriving {
            Arriving::Yes => (&mut self.looks, LOOKS),
            Arriving::No => (&mut self.polls, POLLS),
        };
        let end = Deadline::after(at_most.min(*pause));
        *pause = (*pause * 3 / 2).min(longest);
        loop {
            tokio::select! {
                // The notification of the version that is watched may come after the watcher has seen it.
                changed = self.notified.changed() => match changed {
                    Ok(()) if *self.notified.borrow_and_update() == Some(from) => {}
                    _ => return,
                },
                _ = self.arriving.changed() => return,
                () = sleep(end.left()) => return,
            }
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut watched = self.shared.watched();
        if let Some((_, count)) = watched.get_mut(&self.name) {
            *count -= 1;
            if *count == 0 {
                watched.remove(&self.name);
            }
        }
    }
}

impl Shared {
    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn probe(&self) -> MutexGuard<'_, Option<(String, oneshot::Sender<()>)>> {
        self.probe.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A payload is a name and a version, a name only where the note of an ended lock was added, or a probe.
    fn notified(&self, payload: &str) {
        if payload.starts_with(PROBE) {
            let mut probe = self.probe();
            if let Some((_, sender)) = probe.take_if(|(sent, _)| sent == payload) {
                let _ = sender.send(());
            }
            return;
        }
        let (name, version) = payload.split_once(' ').unwrap_or((payload, ""));
        let Some(name) = KeyName::of_digits(name) else { return };
        let version = u128::from_str_radix(version, 16).ok().map(Version::new);
        if let Some((sender, _)) = self.watched().get(&name) {
            sender.send_replace(version);
        }
    }
}

/// Keeps a connection that listens, as long as the listener is there.
async fn listen(shared: Weak<Shared>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let Some(connector) = shared.upgrade().map(|shared| Arc::clone(&shared.link.connector)) else {
            return;
        };
        let ended = listen_once(&shared, &connector).await;
        let Some(shared) = shared.upgrade() else { return };
        let arrived = shared.arriving.send_replace(Arriving::No) == Arriving::Yes;
        drop(shared);
        match ended {
            Ended::NothingArrives => sleep(PROBE_AGAIN).await,
            Ended::Broken => {
                pause = if arrived { FIRST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
                sleep(pause).await;
            }
        }
    }
}

/// Why a connection no longer listens.
enum Ended {
    /// It broke, or was not made.
    Broken,
    /// It stands, and no notification arrives: there is a pooler.
    NothingArrives,
}

async fn listen_once(shared: &Weak<Shared>, connector: &Connector) -> Ended {
    let hearing = Weak::clone(shared);
    let connected = connector.connect(move |notification| {
        if let (CHANNEL, Some(shared)) = (notification.channel(), hearing.upgrade()) {
            shared.notified(notification.payload());
        }
    });
    let Ok(driven) = connected.await else { return Ended::Broken };
    let within = |statement: String| {
        let client = &driven.client;
        async move { matches!(timeout(ANSWER_WITHIN, client.batch_execute(&statement)).await, Ok(Ok(()))) }
    };
    if !within(format!("LISTEN {CHANNEL}")).await {
        return Ended::Broken;
    }
    match probe(shared).await {
        Ok(true) => {}
        Ok(false) => {
            // The pooler's connection goes on listening, unless this reaches it.
            within(format!("UNLISTEN {CHANNEL}")).await;
            return Ended::NothingArrives;
        }
        Err(_) => return Ended::Broken,
    }
    match shared.upgrade() {
        Some(shared) => shared.arriving.send_replace(Arriving::Yes),
        None => return Ended::Broken,
    };
    loop {
        sleep(ASK_EVERY).await;
        if !within(String::new()).await {
            return Ended::Broken;
        }
    }
}

/// Whether a notification arrives that the other connection sends.
async fn probe(shared: &Weak<Shared>) -> Result<bool, StoreError> {
    let Some(shared) = shared.upgrade() else { return Ok(false) };
    let payload = format!("{PROBE}{:016x}", random()?);
    let (sender, receiver) = oneshot::channel();
    *shared.probe() = Some((payload.clone(), sender));
    let parameters = [(&payload as _, Type::TEXT)];
    let statement = format!("SELECT pg_notify('{CHANNEL}', $1)");
    shared.link.query(&statement, &parameters, Effect::None, ANSWER_WITHIN).await?;
    drop(shared);
    Ok(matches!(timeout(PROBE_WITHIN, receiver).await, Ok(Ok(()))))
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("notified", &self.is_notified()).finish_non_exhaustive()
    }
}
