//! A child process, as its parent controls it.

use core::time::Duration;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use wellspring_store::Deadline;

use crate::clock;
use crate::housing::Housing;
use crate::part::{Line, Part, ROUND_OVER};

/// A child that runs longer than this counts as hanging.
const LONGEST: Duration = Duration::from_secs(120);

const SIGKILL: i32 = 9;

/// The exit status of a shell whose child was killed.
const SIGKILL_OF_CHILD: i32 = 128 + SIGKILL;

/// A running child.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// The process of the program, if it is below the child.
    hidden: Option<Pid>,
    lines: Receiver<String>,
    /// Reads what the child writes to standard error.
    errors: Option<JoinHandle<String>>,
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
        Self::start_below(Command::new(program), part)
    }

    /// The same, as the process of this number in this housing below this folder.
    ///
    /// # Errors
    ///
    /// If the child cannot be started.
    pub fn start_in(
        housing: Housing,
        number: usize,
        folder: &Path,
        program: &Path,
        part: &Part,
    ) -> Result<Self, String> {
        let mut process = Self::start_below(housing.command(number, folder, program)?, part)?;
        if housing.hides_the_program() {
            process.hidden = Some(last_descendant(process.child.id()).ok_or("the container is empty")?);
        }
        Ok(process)
    }

    /// The same, below another program: `command` is that program with its arguments and with this program.
    ///
    /// # Errors
    ///
    /// If the child cannot be started.
    pub fn start_below(mut command: Command, part: &Part) -> Result<Self, String> {
        let mut child = command
            .arg("child")
            .args(part.words())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot start {}: {error}", command.get_program().to_string_lossy()))?;
        let (sender, lines) = channel();
        let output = child.stdout.take().ok_or("the child has no output")?;
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                drop(sender.send(line));
            }
        });
        let mut errors = child.stderr.take().ok_or("the child has no errors")?;
        let errors = Some(thread::spawn(move || {
            let mut bytes = Vec::new();
            drop(errors.read_to_end(&mut bytes));
            String::from_utf8_lossy(&bytes).trim_end().to_owned()
        }));
        let mut process = Self { child, hidden: None, lines, errors };
        match process.lines.recv_timeout(LONGEST).as_deref() {
            Ok("ready") => Ok(process),
            Ok(other) => Err(format!("the child says {other}")),
            Err(_) => {
                process.kill();
                Err(format!("the child is not ready: {}", process.errors()))
            }
        }
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What the child wrote to standard error; waits for its end.
    fn errors(&mut self) -> String {
        self.errors.take().and_then(|reader| reader.join().ok()).unwrap_or_default()
    }

    fn signal(&self, signal: Signal) {
        let _ = kill_process(self.hidden.unwrap_or_else(|| Pid::from_child(&self.child)), signal);
    }

    /// Stops the process.
    pub fn stop(&self) {
        self.signal(Signal::STOP);
    }

    /// Continues the process.
    pub fn proceed(&self) {
        self.signal(Signal::CONT);
    }

    /// Waits until the child is stopped; `false` if it does not stop.
    #[must_use]
    pub fn is_stopped(&mut self) -> bool {
        let deadline = Deadline::after(LONGEST);
        let stopped = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG;
        while !deadline.left().is_zero() && matches!(self.child.try_wait(), Ok(None)) {
            if matches!(waitid(WaitId::Pid(Pid::from_child(&self.child)), stopped), Ok(Some(_))) {
                return true;
            }
            clock::nap(Duration::from_millis(1));
        }
        false
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

    /// Sends the start signal of a round and returns the results of its callers.
    ///
    /// # Errors
    ///
    /// If the child ends, or hangs.
    pub fn round(&mut self) -> Result<Vec<Line>, String> {
        self.begin()?;
        self.results()
    }

    /// Waits for the results of the round that has begun.
    ///
    /// # Errors
    ///
    /// If the child ends, or hangs.
    pub fn results(&mut self) -> Result<Vec<Line>, String> {
        let mut results = Vec::new();
        loop {
            match self.lines.recv_timeout(LONGEST) {
                Ok(line) if line == ROUND_OVER => return Ok(results),
                Ok(line) => results.extend(Line::parse(&line)),
                Err(_) => {
                    self.kill();
                    return Err(format!("the child does not end its round: {}", self.errors()));
                }
            }
        }
    }

    /// Kills the process if it is still running.
    pub fn kill(&mut self) {
        match self.hidden {
            // The child ends after it, and until then the id is its own.
            Some(_) if matches!(self.child.try_wait(), Ok(None)) => self.signal(Signal::KILL),
            Some(_) => {}
            None => drop(self.child.kill()),
        }
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
        let killed_below = self.hidden.is_some() && status.code() == Some(SIGKILL_OF_CHILD);
        if status.signal() == Some(SIGKILL) || killed_below {
            return Ok(End::Killed);
        }
        let errors = self.errors();
        if !status.success() || errors.contains("panicked") {
            return Err(format!("the child failed: {status}: {errors}"));
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
        // A container whose first process is left would stay.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The child of the child, and so on.
fn last_descendant(process: u32) -> Option<Pid> {
    let children = |of: u32| std::fs::read_to_string(format!("/proc/{of}/task/{of}/children")).ok();
    let mut last = process;
    while let Some(child) = children(last)?.split_whitespace().next() {
        last = child.parse().ok()?;
    }
    (last != process).then(|| Pid::from_raw(i32::try_from(last).ok()?)).flatten()
}
