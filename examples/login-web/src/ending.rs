//! How the site ends: a signal lets running requests and renewals finish, for a limited time.
//!
//! A renewal that is cut off may lose a refresh token: the server has used up the old one, and the response with the new
//! one never arrives. A client that sends half a request must not keep the site alive.

use core::time::Duration;
use std::io;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use wellspring_transport_async::TokenPool;

use crate::failure::Failure;

/// The longest time between the first signal and the end.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Serves until a signal arrives, then waits for running requests and renewals: until they are done, the time is up, or a
/// second signal arrives. Returns the exit status.
pub(crate) async fn serve(
    listener: TcpListener,
    site: Router,
    pool: &TokenPool,
    mut signals: Signals,
) -> Result<i32, Failure> {
    let (end, ended) = oneshot::channel::<()>();
    let serving = axum::serve(listener, site).with_graceful_shutdown(async { drop(ended.await) });
    let mut serving = core::pin::pin!(async {
        serving.await?;
        pool.close(LONGEST_WAIT).await?;
        Ok::<_, Failure>(())
    });
    let signal = tokio::select! {
        served = &mut serving => return served.map(|()| 0),
        signal = signals.next() => signal,
    };
    // The server is there: it has not ended.
    let _ = end.send(());
    let last = tokio::select! {
        done = &mut serving => done.map(|()| signal)?,
        second = signals.next() => second,
        () = tokio::time::sleep(LONGEST_WAIT) => signal,
    };
    Ok(status_of(last))
}

/// The exit status of a process that this signal has ended, as shells report it.
pub(crate) const fn status_of(signal: i32) -> i32 {
    128_i32.saturating_add(signal)
}

/// The signals that end a program.
#[cfg(unix)]
pub(crate) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    quit: tokio::signal::unix::Signal,
    /// `None` under `nohup`.
    hangup: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    pub(crate) fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind as Kind, signal};
        let hangup = if ignores_hangup() { None } else { Some(signal(Kind::hangup())?) };
        Ok(Self {
            interrupt: signal(Kind::interrupt())?,
            terminate: signal(Kind::terminate())?,
            quit: signal(Kind::quit())?,
            hangup,
        })
    }

    /// The number of the next signal.
    pub(crate) async fn next(&mut self) -> i32 {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => core::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => 2,
            _ = self.terminate.recv() => 15,
            _ = self.quit.recv() => 3,
            _ = hangup => 1,
        }
    }
}

/// Whether the process ignores SIGHUP from its start. Linux tells it; elsewhere the answer is no.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
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
}
