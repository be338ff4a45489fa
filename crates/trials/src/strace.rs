//! Faults and kills at system calls, through strace: it reaches every call of the shipped code and of SQLite, in a process
//! that is built like any other, without a line of code in the stores.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;

use core::time::Duration;

/// How long strace may take to attach.
const ATTACHING: Duration = Duration::from_secs(60);

/// A running strace.
#[derive(Debug)]
pub(crate) struct Tracer {
    child: Child,
    log: PathBuf,
}

impl Tracer {
    /// Attaches to all threads of this process. `calls` are names of system calls; `what` happens at them, for example
    /// `error=EIO:when=2`.
    pub(crate) fn attach(process: u32, calls: &str, what: &str, folder: &Path) -> Result<Self, String> {
        let log = folder.join("strace.log");
        // A question mark: an architecture may lack the call.
        let calls: Vec<String> = calls.split(',').map(|call| format!("?{call}")).collect();
        let calls = calls.join(",");
        let mut child = Command::new("strace")
            .args(["-f", "-y", "-p", &process.to_string(), "-o"])
            .arg(&log)
            .args(["-e", &format!("trace={calls}"), "-e", &format!("inject={calls}:{what}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("strace cannot be started: {error}"))?;
        let errors = child.stderr.take().ok_or("strace has no output")?;
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                drop(sender.send(line));
            }
        });
        let tracer = Self { child, log };
        match lines.recv_timeout(ATTACHING) {
            Ok(line) if line.contains("attached") => Ok(tracer),
            Ok(line) => Err(format!("strace cannot trace the process: {line}")),
            Err(_) => Err("strace does not attach".to_owned()),
        }
    }

    /// The calls that strace has changed, if all of them are on paths below this folder; none otherwise. Waits for the end
    /// of the traced process.
    pub(crate) fn injected(mut self, folder: &Path) -> Result<Vec<String>, String> {
        self.child.wait().map_err(|error| error.to_string())?;
        let log = std::fs::read(&self.log).map_err(|error| format!("{}: {error}", self.log.display()))?;
        Ok(injected(&String::from_utf8_lossy(&log), &folder.display().to_string()))
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The changed calls of this log, unless one of them is elsewhere than in this folder: a runtime's own pipe, or the output of
/// the process. A call of which another thread's call interrupted the line is in two lines; the first names the path, the
/// second says what happened.
fn injected(log: &str, folder: &str) -> Vec<String> {
    let mut unfinished: Vec<(&str, &str)> = Vec::new();
    let mut found = Vec::new();
    for line in log.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        if let Some(begun) = call.strip_suffix("<unfinished ...>") {
            unfinished.push((thread, begun));
            continue;
        }
        let begun = unfinished.iter().position(|(of, _)| *of == thread).map(|n| unfinished.remove(n).1);
        let whole = format!("{}{call}", begun.unwrap_or_default());
        if whole.contains("INJECTED") {
            found.push(whole);
        }
    }
    if found.iter().all(|call| call.contains(folder)) { found } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_call_is_found_by_its_path_even_if_its_line_was_interrupted() {
        let begun = "7 fsync(9</t/x.token.new>) = -1 EIO (Input/output error) (INJECTED)\n\
                   8  rename(\"/t/a\", \"/t/b\" <unfinished ...>\n\
                   8 <... rename resumed>) = -1 EIO (Input/output error) (INJECTED)\n\
                   7 fsync(9</t/x.token.new>) = 0\n\
                   7 +++ exited with 0 +++\n";
        let found = injected(begun, "/t/");
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("fsync(9</t/x.token.new>)"), "{found:?}");
        assert!(found[1].starts_with("rename(\"/t/a\""), "{found:?}");
    }

    #[test]
    fn a_fault_of_something_else_than_the_store_is_no_run() {
        let log = "7 fsync(9</t/x.token.new>) = -1 EIO (Input/output error) (INJECTED)\n\
                   7 write(4<anon_inode:[eventfd]>, \"1\", 8) = -1 EIO (Input/output error) (INJECTED)\n";
        assert_eq!(injected(log, "/t/"), [""; 0]);
    }
}
