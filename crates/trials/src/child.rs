//! The child process: asks for its tokens, prints its results, and kills itself at its kill point.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::collections::BTreeMap;
use std::io::{BufRead as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

#[cfg(target_os = "linux")]
use rustix::process::{PTracer, set_ptracer};
use tokio::runtime::Runtime;
use wellspring_core::{Need, Policy, Store, StoreError, Token, TokenError};
use wellspring_transport_async as asynchronous;
use wellspring_transport_blocking as blocking;

use crate::clock;
use crate::deadly::{Deadly, DeadlyStore};
use crate::part::{CallerResult, Driver, Line, Part, ROUND_OVER};
use crate::server::app;

/// The results of the callers of one process: for each user and each result the count and the time of the last one.
#[derive(Debug, Default)]
struct Tally(Mutex<BTreeMap<(u32, CallerResult), (u32, Duration)>>);

impl Tally {
    fn add(&self, user: u32, outcome: &Result<Token, TokenError>) {
        let mut tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, last) = tally.entry((user, CallerResult::of(outcome))).or_default();
        *count += 1;
        *last = clock::unix();
    }
}

/// Plays this part: prints "ready", waits for a line on standard input, asks for tokens, and prints the results; and again
/// as often as the part says.
///
/// # Errors
///
/// If the part is invalid.
pub fn play(part: &Part) -> Result<(), String> {
    let saved = Arc::new(AtomicU64::new(0));
    let askers = Askers::of(part, &saved)?;
    // Where only ancestors may trace a process, its parent's tracer may as well. A kernel without that rule refuses.
    #[cfg(target_os = "linux")]
    let _ = set_ptracer(PTracer::Any);
    say("ready")?;
    for _ in 0..part.rounds {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(|error| error.to_string())?;
        let tally = Arc::new(Tally::default());
        askers.ask(part, &tally)?;
        let saved = saved.load(Ordering::SeqCst);
        if saved != 0 {
            say(&format!("saved {saved}"))?;
        }
        let tally = tally.0.lock().unwrap_or_else(PoisonError::into_inner);
        for ((user, result), (callers, last)) in &*tally {
            say(&Line { user: *user, callers: *callers, last: *last, result: result.clone() }.to_string())?;
        }
        say(ROUND_OVER)?;
    }
    Ok(())
}

fn say(line: &str) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(|error| error.to_string())
}

/// A source for each user of the part.
enum Askers {
    Async(Runtime, Vec<(u32, asynchronous::TokenSource)>),
    Blocking(Vec<(u32, blocking::TokenSource)>),
}

impl Askers {
    fn of(part: &Part, saved: &Arc<AtomicU64>) -> Result<Self, String> {
        let says = |error: StoreError| error.to_string();
        let mut policy = Policy::default();
        policy.deadline = part.deadline;
        policy.store_deadline = part.store_deadline;
        if part.driver == Driver::Blocking {
            let store = DeadlyStore::new(part.place.open().map_err(says)?, part, saved);
            let sources =
                (0..part.keys).map(|user| Ok((user, on_threads(part, user, &policy, store.clone())?)));
            return Ok(Self::Blocking(sources.collect::<Result<_, String>>()?));
        }
        let runtime = Runtime::new().map_err(|error| error.to_string())?;
        let here = runtime.enter();
        let sources: Result<Vec<_>, String> = match part.place.open_async().map_err(says)? {
            Some(store) => {
                let store = DeadlyStore::new(store, part, saved);
                let source =
                    |user| on_tasks(part, user, &policy)?.async_store(store.clone()).build().map_err(told);
                (0..part.keys).map(|user| Ok((user, source(user)?))).collect()
            }
            None => {
                let store = DeadlyStore::new(part.place.open().map_err(says)?, part, saved);
                let source = |user| on_tasks(part, user, &policy)?.store(store.clone()).build().map_err(told);
                (0..part.keys).map(|user| Ok((user, source(user)?))).collect()
            }
        };
        drop(here);
        Ok(Self::Async(runtime, sources?))
    }

    /// Every caller of the part asks once.
    fn ask(&self, part: &Part, tally: &Arc<Tally>) -> Result<(), String> {
        match self {
            Self::Async(runtime, sources) => ask_on_tasks(part, runtime, sources, tally),
            Self::Blocking(sources) => {
                ask_on_threads(part, sources, tally);
                Ok(())
            }
        }
    }
}

fn told(error: TokenError) -> String {
    error.to_string()
}

fn on_tasks(part: &Part, user: u32, policy: &Policy) -> Result<asynchronous::Builder, String> {
    let transport = asynchronous::HyperTransport::new(<_>::default()).map_err(told)?;
    Ok(asynchronous::TokenSource::builder(app(&part.server, part.replay, user)?)
        .policy(policy.clone())
        .transport(Deadly { transport, kill_point: part.kill_point }))
}

fn on_threads(
    part: &Part,
    user: u32,
    policy: &Policy,
    store: DeadlyStore<Arc<dyn Store>>,
) -> Result<blocking::TokenSource, String> {
    let transport = blocking::UreqTransport::new(<_>::default()).map_err(told)?;
    blocking::TokenSource::builder(app(&part.server, part.replay, user)?)
        .policy(policy.clone())
        .store(store)
        .transport(Deadly { transport, kill_point: part.kill_point })
        .build()
        .map_err(told)
}

fn ask_on_tasks(
    part: &Part,
    runtime: &Runtime,
    sources: &[(u32, asynchronous::TokenSource)],
    tally: &Arc<Tally>,
) -> Result<(), String> {
    let patience = part.patience;
    let mut tasks = Vec::new();
    for (user, source) in sources {
        for _ in 0..part.callers {
            let (user, source, tally) = (*user, source.clone(), Arc::clone(tally));
            tasks.push(runtime.spawn(async move {
                let outcome = match patience {
                    Some(patience) => source.acquire(Need::Fresh, patience).await,
                    None => source.token().await,
                };
                tally.add(user, &outcome);
            }));
        }
    }
    runtime.block_on(async {
        for task in tasks {
            task.await.map_err(|error| error.to_string())?;
        }
        Ok(())
    })
}

fn ask_on_threads(part: &Part, sources: &[(u32, blocking::TokenSource)], tally: &Tally) {
    thread::scope(|scope| {
        for (user, source) in sources {
            for _ in 0..part.callers {
                scope.spawn(move || {
                    let outcome = match part.patience {
                        Some(patience) => source.acquire(Need::Fresh, patience),
                        None => source.token(),
                    };
                    tally.add(*user, &outcome);
                });
            }
        }
    });
}
