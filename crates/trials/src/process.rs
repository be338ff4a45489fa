//! A child process, as its parent controls it.

use core::time::Duration;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use wellspring_store::Deadline;

use crate::clock;
use crate::part::{Line, Part};

/// A child that runs longer than this counts as hanging.
const LONGEST: Duration = Duration::from_secs(120);

const SIGKILL: i32 = 9;

/// A running child.
#[derive(Debug)]
pub struct Process {
    child: Child,
    lines: Receiver<String>,
}

/// How a child ended.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a trial looks at each")]
pub enum End {
    /// By SIGKILL.
    Killed,
    /// By itself.
    Done(Done),
}

/// The output of a child that ended by itself.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "trials look at it")]
pub struct Done {
    /// When it saved its token, since the Unix epoch, if it did.
    pub saved: Option<Duration>,
    /// The results of its callers.
    pub lines: Vec<Line>,
}

impl Process {
    /// Starts this program as a child with this part, and returns when the child is ready.
    ///
    /// # Errors
    ///
    /// If the child cannot be started.
    pub fn start(program: &Path, part: &Part) -> Result<Self, String> {
        let mut child = Command::new(program)
            .arg("child")
            .args(part.words())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", program.display()))?;
        let (sender, lines) = channel();
        let output = child.stdout.take().ok_or("the child has no output")?;
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                drop(sender.send(line));
            }
        });
        let ready = lines.recv_timeout(LONGEST).map_err(|_| "the child is not ready".to_owned())?;
        if ready == "ready" { Ok(Self { child, lines }) } else { Err(format!("the child says {ready}")) }
    }

    /// Sends the start signal.
    ///
    /// # Errors
    ///
    /// If the child has ended.
    pub fn begin(&mut self) -> Result<(), String> {
        let gate = self.child.stdin.as_mut().ok_or("the child has no input")?;
        gate.write_all(b"\n").and_then(|()| gate.flush()).map_err(|error| error.to_string())
    }

    /// Kills the child if it is still running.
    pub fn kill(&mut self) {
        drop(self.child.kill());
    }

    /// Waits for the end of the child.
    ///
    /// # Errors
    ///
    /// If the child does not end, or ends by itself with a failure.
    pub fn end(&mut self) -> Result<End, String> {
        let deadline = Deadline::after(LONGEST);
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if deadline.left().is_zero() => {
                    self.kill();
                    return Err("the child hangs".to_owned());
                }
                Ok(None) => clock::nap(Duration::from_millis(1)),
                Err(error) => return Err(error.to_string()),
            }
        };
        if status.signal() == Some(SIGKILL) {
            return Ok(End::Killed);
        }
        if !status.success() {
            return Err(format!("the child failed: {status}"));
        }
        let mut done = Done::default();
        // The loop ends with the child's output.
        for line in self.lines.iter() {
            if let Some(micros) = line.strip_prefix("saved ").and_then(|micros| micros.parse().ok()) {
                done.saved = Some(Duration::from_micros(micros));
            }
            done.lines.extend(Line::parse(&line));
        }
        Ok(End::Done(done))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        drop(self.child.wait());
    }
}
