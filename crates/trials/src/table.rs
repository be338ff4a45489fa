//! Many trials, and the table of their results.

use core::fmt::Write as _;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use wellspring_core::Replay;

use crate::crash::{Trial, Verdict};
use crate::engine::Engine;
use crate::moment::{Left, Moment};
use crate::parallel::at_once;
use crate::part::{CallerResult, Driver};
use crate::place::Kind;

/// The counts of one row.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    kills: u32,
    no_lease: u32,
    leased: u32,
    spilled: u32,
    saved: u32,
    served: u32,
    login: u32,
    revoked: u64,
}

impl Row {
    fn add(&mut self, verdict: &Verdict) {
        self.kills += verdict.kills;
        match verdict.left {
            Left::NoLease => self.no_lease += 1,
            Left::Leased => self.leased += 1,
            Left::Spilled => self.spilled += 1,
            Left::Saved => self.saved += 1,
        }
        match verdict.result {
            CallerResult::Served(_) => self.served += 1,
            _ => self.login += 1,
        }
        self.revoked += verdict.seen.revoked;
    }
}

/// The results of many trials.
#[derive(Clone, Debug, Default)]
pub struct Table {
    rows: BTreeMap<(usize, Kind, &'static str), Row>,
    broken: Vec<String>,
}

impl Table {
    /// The number of killed processes.
    #[must_use]
    pub fn kills(&self) -> u32 {
        self.rows.values().map(|row| row.kills).sum()
    }

    /// The number of sessions that ended.
    #[must_use]
    pub fn lost(&self) -> u32 {
        self.rows.values().map(|row| row.login).sum()
    }

    /// The number of families that the server revoked.
    #[must_use]
    pub fn reuses(&self) -> u64 {
        self.rows.values().map(|row| row.revoked).sum()
    }

    /// A sentence about each broken guarantee.
    #[must_use]
    pub fn broken(&self) -> &[String] {
        &self.broken
    }

    /// The table as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "  {:<33} {:<8} {:<10} {:>6} | {:>9} {:>8} {:>8} {:>6} | {:>7} {:>6} {:>8}\n",
            "killed",
            "store",
            "replay",
            "kills",
            "no lease",
            "leased",
            "spilled",
            "saved",
            "served",
            "login",
            "revoked"
        );
        let mut all = Row::default();
        for ((moment, kind, replay), row) in &self.rows {
            line(&mut text, &Moment::ALL[*moment].to_string(), &kind.to_string(), replay, row);
            all.kills += row.kills;
            all.no_lease += row.no_lease;
            all.leased += row.leased;
            all.spilled += row.spilled;
            all.saved += row.saved;
            all.served += row.served;
            all.login += row.login;
            all.revoked += row.revoked;
        }
        line(&mut text, "all", "", "", &all);
        text
    }
}

fn line(text: &mut String, moment: &str, kind: &str, replay: &str, row: &Row) {
    let Row { kills, no_lease, leased, spilled, saved, served, login, revoked } = row;
    let written = writeln!(
        text,
        "  {moment:<33} {kind:<8} {replay:<10} {kills:>6} | {no_lease:>9} {leased:>8} {spilled:>8} {saved:>6} | \
         {served:>7} {login:>6} {revoked:>8}"
    );
    written.expect("writing to a String does not fail");
}

/// Every moment on each of these kinds of store under each rule, this number of times; the drivers alternate.
#[must_use]
pub fn all(kinds: [Kind; 2], rounds: u64) -> Vec<Trial> {
    let mut trials = Vec::new();
    for round in 0..rounds {
        for (m, moment) in Moment::ALL.into_iter().enumerate() {
            for (k, kind) in kinds.into_iter().enumerate() {
                for (r, replay) in [Replay::Never, Replay::OwnerDead].into_iter().enumerate() {
                    let seed = round * 1_000 + (m * 10 + k * 2 + r) as u64;
                    trials.push(trial(moment, kind, replay, seed, round as usize + m + k + r));
                }
            }
        }
    }
    trials
}

/// Every moment once under each rule; these kinds of store and the drivers alternate.
#[must_use]
pub fn few(kinds: [Kind; 2]) -> Vec<Trial> {
    let mut trials = Vec::new();
    for (m, moment) in Moment::ALL.into_iter().enumerate() {
        for (r, replay) in [Replay::Never, Replay::OwnerDead].into_iter().enumerate() {
            let kind = kinds[(m + r) % 2];
            trials.push(trial(moment, kind, replay, (m * 10 + r) as u64, m / 2 + r));
        }
    }
    trials
}

fn trial(moment: Moment, kind: Kind, replay: Replay, seed: u64, turn: usize) -> Trial {
    let victim = if turn % 2 == 0 { Driver::Async } else { Driver::Blocking };
    // Usually the other driver, sometimes the same.
    let taker = if seed % 3 == 0 { victim } else { victim.other() };
    Trial { moment, kind, replay, victim, taker, seed }
}

/// Plays the trials, a few at once.
///
/// # Panics
///
/// If a trial panics.
#[must_use]
pub fn play(trials: &[Trial], program: &Path) -> Table {
    // Trials that follow one another share a server too.
    let kinds: BTreeSet<Kind> = trials.iter().map(|trial| trial.kind).collect();
    let _engines: Vec<_> = kinds.into_iter().map(Engine::shared).collect();
    let table = Mutex::new(Table::default());
    at_once(trials, |trial| {
        let played = trial.play(program);
        let mut table = table.lock().unwrap_or_else(PoisonError::into_inner);
        match played {
            Ok(verdict) => {
                let replay = if trial.replay == Replay::Never { "Never" } else { "OwnerDead" };
                table.rows.entry((trial.moment.place(), trial.kind, replay)).or_default().add(&verdict);
            }
            Err(sentence) => {
                eprintln!("  BROKEN {sentence}");
                table.broken.push(sentence);
            }
        }
    });
    table.into_inner().unwrap_or_else(PoisonError::into_inner)
}
