//! The connection for operations: one for all of them, which are pipelined on it.
//!
//! It is made by the first operation that needs it, in a task of its own, so that an operation with little time does not
//! end an attempt that others wait for. After an attempt has failed, operations fail at once until a pause is over: a
//! server that is down is asked once in a while, however many callers there are.

use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::time::timeout;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};
use wellspring_core::StoreError;
use wellspring_store::Deadline;

use crate::connector::{Connector, Driven};
use crate::error::{self, Effect};

/// The pause after the first failed attempt. It doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A connection on which an operation has waited this long, and on which no other was answered meanwhile, is given up.
const SILENT_FOR: Duration = Duration::from_secs(1);

/// As is one that left this many operations in a row without an answer, of those that had the time for one.
const UNANSWERED: u32 = 3;
const ANSWERED_WITHIN: Duration = Duration::from_millis(100);

pub(crate) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

pub(crate) struct Link {
    pub(crate) connector: Arc<Connector>,
    state: Mutex<State>,
}

/// An attempt to make the connection.
type Connecting = watch::Receiver<Option<Result<Arc<Live>, StoreError>>>;

enum State {
    None,
    Connecting(Connecting, u32),
    Live(Arc<Live>),
    Failed { error: StoreError, until: Deadline, in_a_row: u32 },
}

struct Live {
    driven: Driven,
    /// How many answers have come.
    answers: AtomicU32,
    /// How many operations in a row got none.
    unanswered: AtomicU32,
}

impl Link {
    pub(crate) fn new(connector: Arc<Connector>) -> Arc<Self> {
        Arc::new(Self { connector, state: Mutex::new(State::None) })
    }

    /// Runs a statement: one round trip. It has no name, so that it works through a pooler, and its parameters are in no log
    /// of the library.
    pub(crate) async fn query(
        self: &Arc<Self>,
        statement: &str,
        parameters: &[Parameter<'_>],
        effect: Effect,
        within: Duration,
    ) -> Result<Vec<Row>, Failure> {
        let end = Deadline::after(within);
        let mut again = effect != Effect::Swap;
        loop {
            let live = self.live(end, within).await?;
            let answers = live.answers.load(Ordering::Relaxed);
            let given = end.left();
            let asked = live.driven.client.query_typed(statement, parameters);
            let Ok(answer) = timeout(given, asked).await else {
                self.note_silence(&live, answers, given);
                let error = error::unanswered(self.connector.shown(), within, effect);
                return Err(Failure { error, conflict: false });
            };
            let error = match answer {
                Ok(rows) => {
                    live.note_answer();
                    return Ok(rows);
                }
                Err(error) => error,
            };
            let told = error.as_db_error();
            match told {
                // The next operation looks for a server that can be written to.
                Some(told) if told.code().code() == "25006" => self.give_up(&live),
                Some(_) => live.note_answer(),
                None => self.give_up(&live),
            }
            if told.is_none() && again {
                // An idle connection that the server or a pooler has closed.
                again = false;
                continue;
            }
            let shown = self.connector.shown();
            let conflict = error::is_conflict(&error);
            return Err(Failure {
                error: error::of_statement(shown, &self.connector.table, effect, &error),
                conflict,
            });
        }
    }

    /// The connection.
    async fn live(self: &Arc<Self>, end: Deadline, within: Duration) -> Result<Arc<Live>, StoreError> {
        loop {
            let mut connecting = match self.live_or_connecting()? {
                Ok(live) => return Ok(live),
                Err(connecting) => connecting,
            };
            match timeout(end.left(), connecting.wait_for(Option::is_some)).await {
                Ok(Ok(connected)) => {
                    if let Some(connected) = &*connected {
                        return connected.clone();
                    }
                }
                // The attempt ended with the runtime that it ran on: this one begins another.
                Ok(Err(_)) => {}
                Err(_) => {
                    let sentence =
                        format!("{} let no connection begin within {within:?}", self.connector.shown());
                    return Err(StoreError::unavailable(sentence));
                }
            }
        }
    }

    fn live_or_connecting(self: &Arc<Self>) -> Result<Result<Arc<Live>, Connecting>, StoreError> {
        let mut state = self.state();
        let in_a_row = match &*state {
            State::Live(live) if !live.driven.client.is_closed() => return Ok(Ok(Arc::clone(live))),
            State::Connecting(receiver, _) if receiver.has_changed().is_ok() => {
                return Ok(Err(receiver.clone()));
            }
            State::Connecting(_, in_a_row) => *in_a_row,
            State::Failed { error, until, .. } if !until.left().is_zero() => return Err(error.clone()),
            State::Failed { in_a_row, .. } => *in_a_row,
            State::Live(_) | State::None => 0,
        };
        let (sender, receiver) = watch::channel(None);
        *state = State::Connecting(receiver.clone(), in_a_row);
        drop(state);
        let link = Arc::clone(self);
        tokio::spawn(async move {
            let connected = link.connector.connect(drop).await;
            let connected = connected.map(|driven| {
                Arc::new(Live { driven, answers: AtomicU32::new(0), unanswered: AtomicU32::new(0) })
            });
            *link.state() = match &connected {
                Ok(live) => State::Live(Arc::clone(live)),
                Err(error) => {
                    let pause = FIRST_PAUSE.saturating_mul(1 << in_a_row.min(8)).min(LONGEST_PAUSE);
                    let until = Deadline::after(pause);
                    State::Failed { error: error.clone(), until, in_a_row: in_a_row.saturating_add(1) }
                }
            };
            sender.send_replace(Some(connected));
        });
        Ok(Err(receiver))
    }

    /// An operation got no answer in the time that it was given.
    fn note_silence(&self, live: &Arc<Live>, answers_before: u32, given: Duration) {
        if live.answers.load(Ordering::Relaxed) != answers_before || given < ANSWERED_WITHIN {
            return;
        }
        let in_a_row = live.unanswered.fetch_add(1, Ordering::Relaxed) + 1;
        if given >= SILENT_FOR || in_a_row >= UNANSWERED {
            self.give_up(live);
        }
    }

    /// The next operation makes a new connection. This one ends with its last operation.
    fn give_up(&self, live: &Arc<Live>) {
        let mut state = self.state();
        if matches!(&*state, State::Live(current) if Arc::ptr_eq(current, live)) {
            *state = State::None;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Live {
    fn note_answer(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
        self.unanswered.store(0, Ordering::Relaxed);
    }
}

/// Why a statement failed.
#[derive(Debug)]
pub(crate) struct Failure {
    error: StoreError,
    conflict: bool,
}

impl Failure {
    /// Whether the statement lost against another one and changed nothing.
    pub(crate) fn is_conflict(&self) -> bool {
        self.conflict
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self { error, conflict: false }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("connector", &self.connector).finish_non_exhaustive()
    }
}
