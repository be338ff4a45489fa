//! How the site ends: a signal lets running requests and renewals finish, for a limited time.
//!
//! A renewal that is cut off may lose a refresh token: the server has used up the old one, and the response with the new
//! one never arrives. A client that sends half a request must not keep the site alive.

#[cfg(unix)]
use core::task::Poll;
use core::time::Duration;
use std::io;

#[cfg(unix)]
use rustix::process::Signal;
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::signal::unix::{Signal as Listener, SignalKind, signal};
use tokio::sync::oneshot;

use crate::failure::Failure;
use crate::opening::Opening;

/// The longest time between the first signal and the end.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Serves until a signal arrives, then waits for running requests and renewals: until they are done, the time is up, or a
/// second signal arrives. Returns the exit status. Meanwhile `opens` makes the site, and its failure ends the program.
pub(crate) async fn serve(
    listener: TcpListener,
    opening: &Opening,
    opens: impl Future<Output = Result<(), Failure>>,
    mut signals: Signals,
) -> Result<i32, Failure> {
    let (end, ended) = oneshot::channel::<()>();
    let serving = axum::serve(listener, opening.router()).with_graceful_shutdown(async { drop(ended.await) });
    let mut serving = core::pin::pin!(async {
        serving.await?;
        if let Some(pool) = opening.pool() {
            pool.close(LONGEST_WAIT).await?;
        }
        Ok::<_, Failure>(())
    });
    let opens = async {
        match opens.await {
            Ok(()) => core::future::pending().await,
            Err(failure) => failure,
        }
    };
    let signal = tokio::select! {
        served = &mut serving => return served.map(|()| 0),
        failure = opens => return Err(failure),
        signal = signals.next() => signal,
    };
    // The server is there: it has not ended.
    let _ = end.send(());
    let last = tokio::select! {
        done = &mut serving => done.map(|()| signal)?,
        second = signals.second(signal) => second,
        () = tokio::time::sleep(LONGEST_WAIT) => signal,
    };
    Ok(status_of(last))
}

/// The exit status of a process that this signal has ended, as shells report it.
const fn status_of(signal: i32) -> i32 {
    128_i32.saturating_add(signal)
}

/// Signals that ask a program to end.
#[cfg(unix)]
const REQUESTS: [Signal; 3] = [Signal::INT, Signal::TERM, Signal::QUIT];

/// The other signals that end a program that does not handle them, and that are no crashes. A process that ignores one from
/// its start, as SIGHUP under `nohup`, continues to ignore it.
#[cfg(unix)]
const DEADLY: [Signal; 8] = [
    Signal::HUP,
    Signal::USR1,
    Signal::USR2,
    Signal::ALARM,
    Signal::VTALARM,
    Signal::PROF,
    Signal::XCPU,
    Signal::IO,
];

/// More of them, on Linux.
#[cfg(target_os = "linux")]
const OF_LINUX: [Signal; 2] = [Signal::POWER, Signal::STKFLT];
#[cfg(all(unix, not(target_os = "linux")))]
const OF_LINUX: [Signal; 0] = [];

/// The signals that end a program.
#[cfg(unix)]
pub(crate) struct Signals(Vec<(i32, Listener)>);

#[cfg(unix)]
impl Signals {
    pub(crate) fn listen() -> io::Result<Self> {
        let ignored = ignored();
        let deadly = DEADLY.into_iter().chain(OF_LINUX).map(Signal::as_raw);
        let deadly = deadly.filter(|number| ignored >> number.saturating_sub(1) & 1 == 0);
        let listen = |number| Ok((number, signal(SignalKind::from_raw(number))?));
        // A file that is larger than the user allows is a failed write, which the store reports.
        drop(signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))?);
        REQUESTS
            .map(Signal::as_raw)
            .into_iter()
            .chain(deadly)
            .map(listen)
            .collect::<io::Result<_>>()
            .map(Self)
    }

    /// The number of the next signal.
    pub(crate) async fn next(&mut self) -> i32 {
        core::future::poll_fn(|context| {
            let arrived = self
                .0
                .iter_mut()
                .find_map(|(number, listener)| listener.poll_recv(context).is_ready().then_some(*number));
            arrived.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// The number of the next signal after this one. The kernel repeats SIGXCPU each second until the process has no time
    /// left.
    async fn second(&mut self, first: i32) -> i32 {
        loop {
            let second = self.next().await;
            if (first, second) != (Signal::XCPU.as_raw(), first) {
                return second;
            }
        }
    }
}

/// The mask of the signals that the process ignores from its start. Linux tells it; elsewhere the answer is none.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Ctrl-C.
#[cfg(not(unix))]
pub(crate) struct Signals;

#[cfg(not(unix))]
impl Signals {
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self)
    }

    pub(crate) async fn next(&mut self) -> i32 {
        drop(tokio::signal::ctrl_c().await);
        2
    }

    async fn second(&mut self, _: i32) -> i32 {
        self.next().await
    }
}
