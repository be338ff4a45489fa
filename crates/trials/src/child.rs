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
use wellspring_core::{Need, Policy, Token, TokenError};
use wellspring_transport_async as asynchronous;
use wellspring_transport_blocking as blocking;

use crate::clock;
use crate::deadly::{Deadly, DeadlyStore};
use crate::part::{CallerResult, Driver, Line, Part};
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

/// Plays this part: prints "ready", waits for a line on standard input, asks for tokens, and prints the results.
///
/// # Errors
///
/// If the part is invalid.
pub fn play(part: &Part) -> Result<(), String> {
    let saved = Arc::new(AtomicU64::new(0));
    let store = part.place.open().map_err(|error| error.to_string())?;
    let store =
        DeadlyStore { store, kill_point: part.kill_point, refuses: part.refuses, saved: Arc::clone(&saved) };
    let mut policy = Policy::default();
    policy.deadline = part.deadline;
    policy.store_deadline = part.deadline;
    let tally = Arc::new(Tally::default());
    match part.driver {
        Driver::Async => ask_on_tasks(part, &store, &policy, &tally)?,
        Driver::Blocking => ask_on_threads(part, &store, &policy, &tally)?,
    }
    let mut out = std::io::stdout().lock();
    let saved = saved.load(Ordering::SeqCst);
    let mut say = |line: String| writeln!(out, "{line}").map_err(|error| error.to_string());
    if saved != 0 {
        say(format!("saved {saved}"))?;
    }
    let tally = tally.0.lock().unwrap_or_else(PoisonError::into_inner);
    for ((user, result), (callers, last)) in &*tally {
        say(Line { user: *user, callers: *callers, last: *last, result: result.clone() }.to_string())?;
    }
    Ok(())
}

/// Prints "ready" and waits for the start signal of the parent.
fn at_the_gate() -> Result<(), String> {
    // Where only ancestors may trace a process, its parent's tracer may as well. A kernel without that rule refuses.
    #[cfg(target_os = "linux")]
    let _ = set_ptracer(PTracer::Any);
    println!("ready");
    std::io::stdout().flush().map_err(|error| error.to_string())?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|error| error.to_string())?;
    Ok(())
}

fn ask_on_tasks(part: &Part, store: &DeadlyStore, policy: &Policy, tally: &Arc<Tally>) -> Result<(), String> {
    let runtime = Runtime::new().map_err(|error| error.to_string())?;
    let _here = runtime.enter();
    let mut sources = Vec::new();
    for user in 0..part.keys {
        let transport =
            asynchronous::HyperTransport::new(<_>::default()).map_err(|error| error.to_string())?;
        let source = asynchronous::TokenSource::builder(app(&part.server, part.replay, user)?)
            .policy(policy.clone())
            .store(store.clone())
            .transport(Deadly { transport, kill_point: part.kill_point })
            .build();
        sources.push((user, source.map_err(|error| error.to_string())?));
    }
    at_the_gate()?;
    let patience = part.patience;
    let mut tasks = Vec::new();
    for (user, source) in &sources {
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

fn ask_on_threads(part: &Part, store: &DeadlyStore, policy: &Policy, tally: &Tally) -> Result<(), String> {
    let mut sources = Vec::new();
    for user in 0..part.keys {
        let transport = blocking::UreqTransport::new(<_>::default()).map_err(|error| error.to_string())?;
        let source = blocking::TokenSource::builder(app(&part.server, part.replay, user)?)
            .policy(policy.clone())
            .store(store.clone())
            .transport(Deadly { transport, kill_point: part.kill_point })
            .build();
        sources.push((user, source.map_err(|error| error.to_string())?));
    }
    at_the_gate()?;
    thread::scope(|scope| {
        for (user, source) in &sources {
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
    Ok(())
}
