//! The presence of this process: a row that says until when it is known to live, on the server's clock.

use core::fmt;
use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_postgres::types::Type;
use wellspring_core::StoreError;
use wellspring_store::Deadline;

use crate::error::{self, Effect};
use crate::link::Link;
use crate::table::presence_name;

/// The pause after a renewal that failed.
const RETRY_AFTER: Duration = Duration::from_millis(500);

pub(crate) struct Presence {
    link: Arc<Link>,
    /// Of this process, and of no other that ever was.
    process: u64,
    lasts: Duration,
    shown: Arc<watch::Sender<Shown>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// What other processes see.
#[derive(Clone, Debug)]
enum Shown {
    Nothing,
    /// That this process lives, at least until then.
    Until(Deadline),
    Failed(StoreError),
}

impl Presence {
    pub(crate) fn new(link: Arc<Link>, process: u64, lasts: Duration) -> Self {
        let shown = Arc::new(watch::Sender::new(Shown::Nothing));
        Self { link, process, lasts, shown, task: Mutex::default() }
    }

    /// Makes sure that other processes see that this one lives. The row is renewed from the first call on, at a third of its
    /// time.
    pub(crate) async fn show(&self, within: Duration) -> Result<(), StoreError> {
        let mut shown = self.shown.subscribe();
        self.run();
        let end = Deadline::after(within);
        loop {
            match &*shown.borrow_and_update() {
                Shown::Until(until) if !until.left().is_zero() => return Ok(()),
                Shown::Failed(error) => return Err(error.clone()),
                Shown::Until(_) | Shown::Nothing => {}
            }
            if !matches!(timeout(end.left(), shown.changed()).await, Ok(Ok(()))) {
                return Err(error::unanswered(self.link.connector.shown(), within, Effect::None));
            }
        }
    }

    /// Starts the task if it does not run, or if the runtime that it ran on has ended.
    fn run(&self) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.as_ref().is_none_or(JoinHandle::is_finished) {
            // A failure of the task before is not one of this.
            self.shown.send_if_modified(|shown| {
                let stale = matches!(shown, Shown::Failed(_));
                if stale {
                    *shown = Shown::Nothing;
                }
                stale
            });
            let (link, shown) = (Arc::clone(&self.link), Arc::clone(&self.shown));
            *task = Some(tokio::spawn(renew(link, presence_name(self.process), self.lasts, shown)));
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        if let Some(task) = &*self.task.lock().unwrap_or_else(PoisonError::into_inner) {
            task.abort();
        }
    }
}

async fn renew(link: Arc<Link>, name: String, lasts: Duration, shown: Arc<watch::Sender<Shown>>) {
    let every = lasts / 3;
    let seconds = lasts.as_secs_f64();
    let parameters = [(&name as _, Type::TEXT), (&seconds as _, Type::FLOAT8)];
    let mut until = Deadline::after(Duration::ZERO);
    loop {
        // Counted from before the server counts.
        let next = Deadline::after(lasts);
        let renewed = link.query(&link.connector.table.present, &parameters, Effect::None, every).await;
        match renewed.map_err(StoreError::from) {
            Ok(_) => {
                until = next;
                shown.send_replace(Shown::Until(next));
                sleep(every).await;
            }
            Err(error) => {
                if until.left().is_zero() {
                    shown.send_replace(Shown::Failed(error));
                }
                sleep(RETRY_AFTER.min(every)).await;
            }
        }
    }
}

impl fmt::Debug for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presence").field("lasts", &self.lasts).finish_non_exhaustive()
    }
}
