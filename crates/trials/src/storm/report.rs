//! The result of a storm, as text.

use core::fmt::Write as _;
use core::time::Duration;
use std::collections::BTreeMap;

use crate::storm::event::What;
use crate::storm::fleet::Ended;
use crate::storm::judge::{Explained, Late};

/// The result of a storm.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// How long processes were stopped and killed.
    pub length: Duration,
    /// The number of processes at once.
    pub processes: usize,
    /// The number of kills.
    pub kills: u32,
    /// The number of stops.
    pub stops: u32,
    /// The number of refreshes that the server answered.
    pub refreshes: usize,
    /// How many calls got a token.
    pub served: u32,
    /// How many calls failed, by kind.
    pub failed: BTreeMap<String, u32>,
    /// The number of lost sessions.
    pub lost: usize,
    /// How many of them, in an engine, ended by a kill under a lease.
    pub killed_under_lease: usize,
    /// How many of them, in an engine, ended because a lease stood for longer than its span.
    pub lapsed: usize,
    /// Reuses that a kill explains.
    pub(crate) explained: Vec<Explained>,
    /// Reuses after an answer that came when the sender no longer waited for it.
    pub(crate) late: Vec<Late>,
    /// A sentence about each other reuse.
    pub unexplained: Vec<String>,
    /// A sentence about each wrong demand to sign in.
    pub wrong_logins: Vec<String>,
    /// The number of processes that did not end.
    pub hangs: u32,
    /// What processes that panicked wrote.
    pub panics: Vec<String>,
    /// A sentence about everything else that broke.
    pub broken: Vec<String>,
}

impl Report {
    pub(crate) fn add(&mut self, end: &Ended) {
        self.kills += u32::from(end.life.killed.is_some());
        self.hangs += u32::from(end.hung);
        if end.errors.contains("panicked") {
            self.panics.push(end.errors.clone());
        } else if !end.errors.is_empty() {
            self.broken.push(format!("process {} wrote: {}", end.life.number, end.errors.trim_end()));
        }
        for event in &end.life.events {
            match &event.what {
                What::Served(_) => self.served += 1,
                What::Failed(why) => *self.failed.entry(why.clone()).or_default() += 1,
                _ => {}
            }
        }
    }

    /// A sentence about each broken guarantee.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let hangs = (self.hangs > 0).then(|| format!("{} processes hang", self.hangs));
        let lists = [&self.unexplained, &self.wrong_logins, &self.panics, &self.broken];
        lists.into_iter().flatten().cloned().chain(hangs).collect()
    }

    /// The report as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text).expect("writing to a String does not fail");
        text
    }

    fn write(&self, text: &mut String) -> core::fmt::Result {
        let seconds = self.length.as_secs_f64();
        writeln!(text, "  {} processes, {seconds:.0} s, seed {}", self.processes, self.seed)?;
        let rows = [
            ("kills", self.kills as usize),
            ("stops", self.stops as usize),
            ("calls served", self.served as usize),
            ("refreshes", self.refreshes),
            ("sessions lost and signed in again", self.lost),
            ("  of them killed under a lease, engine", self.killed_under_lease),
            ("  of them stopped beyond a lease, engine", self.lapsed),
            ("reuses, killed between sending and save", self.explained.len()),
            ("reuses, answered after the deadline", self.late.len()),
            ("other reuses", self.unexplained.len()),
            ("wrong \"sign in again\"", self.wrong_logins.len()),
            ("hangs", self.hangs as usize),
            ("panics", self.panics.len()),
        ];
        for (name, count) in rows {
            writeln!(text, "  {name:<42} {count:>8}")?;
        }
        for Explained { user, number, sent_until_killed, stopped } in &self.explained {
            let [time, stopped] = [sent_until_killed, stopped].map(|time| time.as_secs_f64() * 1_000.0);
            write!(text, "  reuse: {user}, process {number} killed {time:.1} ms after it began to send")?;
            writeln!(
                text,
                "{}",
                if stopped > 0.0 { format!(", stopped for {stopped:.1} ms of it") } else { String::new() }
            )?;
        }
        for Late { user, number, answered } in &self.late {
            let seconds = answered.as_secs_f64();
            writeln!(text, "  reuse: {user}, the server answered process {number} after {seconds:.1} s")?;
        }
        for (why, count) in &self.failed {
            writeln!(text, "  {count} calls failed: {why}")?;
        }
        for fault in self.faults() {
            writeln!(text, "  BROKEN {fault}")?;
        }
        Ok(())
    }
}
