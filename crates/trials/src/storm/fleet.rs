//! The processes of a storm, which are started, stopped, continued and killed.

use core::time::Duration;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use rustix::process::{Pid, Signal, kill_process};
use wellspring_store::Deadline;

use crate::clock;
use crate::storm::event::{Event, What};
use crate::storm::life::Life;
use crate::storm::member::Member;

/// A process of a storm.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    life: Arc<Mutex<Life>>,
    readers: Vec<JoinHandle<String>>,
    /// Since when it is stopped and when it is continued, if it is stopped.
    stopped: Option<(Duration, Duration)>,
}

/// How a process ended, besides its life.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) life: Life,
    /// What it wrote to standard error.
    pub(crate) errors: String,
    pub(crate) hung: bool,
}

impl Running {
    /// Starts this program as a member. Each demand to sign in is also sent to `logins`.
    pub(crate) fn start(
        program: &Path,
        number: usize,
        member: &Member,
        logins: Sender<Event>,
    ) -> Result<Self, String> {
        let mut child = Command::new(program)
            .arg("member")
            .args(member.words())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let (output, mut errors) = output.zip(errors).ok_or("the process has no output")?;
        let life = Arc::new(Mutex::new(Life { number, ..Life::default() }));
        let seen = Arc::clone(&life);
        let events = thread::spawn(move || {
            for event in BufReader::new(output).lines().map_while(Result::ok).filter_map(|l| Event::parse(&l))
            {
                if matches!(event.what, What::Login(_)) {
                    drop(logins.send(event.clone()));
                }
                seen.lock().unwrap_or_else(PoisonError::into_inner).events.push(event);
            }
            String::new()
        });
        let errors = thread::spawn(move || {
            let mut bytes = Vec::new();
            drop(errors.read_to_end(&mut bytes));
            String::from_utf8_lossy(&bytes).into_owned()
        });
        Ok(Self { child, life, readers: vec![events, errors], stopped: None })
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signal(&self, signal: Signal) {
        // A process that has ended is not reaped yet: its id is still its own.
        let _ = kill_process(Pid::from_child(&self.child), signal);
    }

    /// Whether the process is stopped.
    pub(crate) const fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// Stops the process for this time.
    pub(crate) fn stop(&mut self, length: Duration) {
        let now = clock::unix();
        self.signal(Signal::STOP);
        self.stopped = Some((now, now + length));
    }

    /// Continues the process if it has been stopped for long enough.
    pub(crate) fn wake_when_due(&mut self) {
        if self.stopped.is_some_and(|(_, wakes)| wakes <= clock::unix()) {
            self.wake();
        }
    }

    fn wake(&mut self) {
        if let Some((from, _)) = self.stopped.take() {
            self.life().stops.push((from, clock::unix()));
            self.signal(Signal::CONT);
        }
    }

    /// Kills the process.
    pub(crate) fn kill(mut self) -> Result<Ended, String> {
        let now = clock::unix();
        let stop = self.stopped.map(|(from, _)| (from, now));
        let mut life = self.life();
        life.killed = Some(now);
        life.stops.extend(stop);
        drop(life);
        self.signal(Signal::KILL);
        self.child.wait().map_err(|error| error.to_string())?;
        Ok(self.ended(false))
    }

    /// Tells the process to end when its callers have their results.
    pub(crate) fn finish(&mut self) {
        self.wake();
        drop(self.child.stdin.take());
    }

    /// Waits this long for the end of the process.
    pub(crate) fn end(mut self, deadline: Deadline) -> Result<Ended, String> {
        loop {
            if self.child.try_wait().map_err(|error| error.to_string())?.is_some() {
                return Ok(self.ended(false));
            }
            if deadline.left().is_zero() {
                self.signal(Signal::KILL);
                self.child.wait().map_err(|error| error.to_string())?;
                return Ok(self.ended(true));
            }
            clock::nap(Duration::from_millis(5));
        }
    }

    /// The child is reaped: its output ends.
    fn ended(&mut self, hung: bool) -> Ended {
        let mut errors = String::new();
        for reader in self.readers.drain(..) {
            errors.push_str(&reader.join().unwrap_or_default());
        }
        Ended { life: self.life().clone(), errors, hung }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
