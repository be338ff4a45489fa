//! The certified server of a storm: `oidc-provider` in a process of Node.js, with rotation and detection of reuse.

use core::time::Duration;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// How long the server may take to start, and to answer a sign-in.
const LONGEST: Duration = Duration::from_secs(60);

/// A refresh that the server has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refresh {
    /// When, since the Unix epoch.
    pub(crate) at: Duration,
    /// The user.
    pub(crate) user: String,
    /// The hash of the refresh token.
    pub(crate) hash: String,
    /// The server's verdict.
    pub(crate) verdict: Verdict,
}

/// The end of an answer to a refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// When the server had handed the answer over, or saw that the client had gone, since the Unix epoch.
    pub(crate) at: Duration,
    /// The hash of the refresh token.
    pub(crate) hash: String,
}

/// What the server has logged.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    /// The refreshes, in the order of their verdicts.
    pub(crate) refreshes: Vec<Refresh>,
    /// The answers, in the order of their ends.
    pub(crate) answers: Vec<Answer>,
}

impl Log {
    /// Takes a line of the log; `false` if it is another line.
    fn take(&mut self, line: &str) -> bool {
        match (Refresh::parse(line), Answer::parse(line)) {
            (Some(refresh), _) => self.refreshes.push(refresh),
            (None, Some(answer)) => self.answers.push(answer),
            (None, None) => return false,
        }
        true
    }
}

impl Answer {
    fn parse(line: &str) -> Option<Self> {
        let (at, hash) = line.strip_prefix("answered ")?.split_once(' ')?;
        Some(Self { at: Duration::from_micros(at.parse().ok()?), hash: hash.to_owned() })
    }
}

/// The server's verdict on a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A new refresh token replaces the one that was sent.
    Rotated,
    /// The refresh token had been used before: the server revokes the grant.
    Reused,
    /// The refresh token is unknown, for example because its grant is revoked.
    Refused,
}

impl Refresh {
    fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        let ["refresh", at, user, hash, verdict] = words.as_slice() else { return None };
        let verdict = match *verdict {
            "rotated" => Verdict::Rotated,
            "reused" => Verdict::Reused,
            "refused" => Verdict::Refused,
            _ => return None,
        };
        let at = Duration::from_micros(at.parse().ok()?);
        Some(Self { at, user: (*user).to_owned(), hash: (*hash).to_owned(), verdict })
    }
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Certified {
    child: Child,
    commands: Option<ChildStdin>,
    /// The callbacks of the sign-ins, in the order of the commands.
    callbacks: Receiver<String>,
    log: Arc<Mutex<Log>>,
    url: String,
}

impl Certified {
    /// Starts the server that is installed in this folder. Its access tokens live for this many seconds; a token request
    /// takes up to twice the latency.
    ///
    /// # Errors
    ///
    /// If Node.js cannot be started, or the server does not start.
    pub(crate) fn start(folder: &Path, lifetime: u64, latency: Duration) -> Result<Self, String> {
        let mut child = Command::new("node")
            .arg("server.js")
            .args([lifetime.to_string(), latency.as_millis().to_string()])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("node cannot be started in {}: {error}", folder.display()))?;
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let (output, errors) = output.zip(errors).ok_or("the server has no output")?;
        thread::spawn(move || {
            // The package warns that this is no production.
            let lines = BufReader::new(errors).lines().map_while(Result::ok);
            lines.filter(|line| !line.contains("WARNING")).for_each(|line| eprintln!("  server: {line}"));
        });
        let log = Arc::<Mutex<Log>>::default();
        let (written, (sender, callbacks)) = (Arc::clone(&log), channel());
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if !written.lock().unwrap_or_else(PoisonError::into_inner).take(&line) {
                    drop(sender.send(line));
                }
            }
        });
        let commands = child.stdin.take();
        let mut server = Self { child, commands, callbacks, log, url: String::new() };
        let line = server.line()?;
        let port = line.strip_prefix("listening ").ok_or(format!("the server says {line}"))?;
        server.url = format!("http://127.0.0.1:{port}");
        Ok(server)
    }

    /// Its URL.
    #[must_use]
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The log so far.
    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plays the browser of this user from the authorization URL to the callback; returns the callback's query.
    ///
    /// # Errors
    ///
    /// If the sign-in does not get there.
    pub(crate) fn callback(&mut self, user: &str, authorization: &str) -> Result<String, String> {
        let commands = self.commands.as_mut().ok_or("the server takes no commands")?;
        writeln!(commands, "sign-in {user} {authorization}").map_err(|error| error.to_string())?;
        let line = self.line()?;
        let callback = line.strip_prefix("callback ").and_then(|rest| rest.strip_prefix(user));
        let query = callback.and_then(|callback| callback.split_once('?'));
        query.map(|(_, query)| query.to_owned()).ok_or(format!("the sign-in of {user} failed: {line}"))
    }

    fn line(&self) -> Result<String, String> {
        self.callbacks.recv_timeout(LONGEST).map_err(|_| "the certified server does not answer".to_owned())
    }
}

impl Drop for Certified {
    fn drop(&mut self) {
        drop(self.commands.take());
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_is_read_with_the_servers_verdict() {
        let refresh = Refresh::parse("refresh 1500000 file-0 0a1b reused").unwrap();
        let at = Duration::from_millis(1_500);
        let (user, hash) = ("file-0".to_owned(), "0a1b".to_owned());
        assert_eq!(refresh, Refresh { at, user, hash, verdict: Verdict::Reused });
        assert_eq!(Refresh::parse("refresh 1500000 file-0 0a1b liked"), None);
        assert_eq!(Refresh::parse("callback file-0 http://127.0.0.1/callback?code=1"), None);
        let answer = Answer { at: Duration::from_millis(1_501), hash: "0a1b".to_owned() };
        assert_eq!(Answer::parse("answered 1501000 0a1b"), Some(answer));
        assert!(!Log::default().take("callback file-0 http://127.0.0.1/callback?code=1"));
    }
}
