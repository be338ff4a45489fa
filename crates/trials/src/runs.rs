//! The runs of `cargo xtask crash` beside its kills: stops, interrupted saves, faults of the store, and two paths to it.

use std::path::Path;

use wellspring_core::Replay;

use crate::ending::Ending;
use crate::fault::{FAULTS, Fault};
use crate::moment::Moment;
use crate::part::Driver;
use crate::place::Kind;
use crate::relay::Wire;
use crate::stop::Stop;
use crate::two_paths::{TwoPaths, Way, may_mount};
use crate::unnamed::{Save, Unnamed};

/// One run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Run {
    Stop(Stop),
    Unnamed(Unnamed),
    Fault(Fault),
    TwoPaths(TwoPaths),
}

impl Run {
    /// The name of its row.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Stop(_) => "stopped for longer than the deadline",
            Self::Unnamed(_) => "killed between a save's data and its name",
            Self::Fault(_) => "a call of the store fails",
            Self::TwoPaths(_) => "two paths to one store",
        }
    }

    /// Plays the run; the error is a sentence about what broke.
    pub(crate) fn play(&self, program: &Path) -> Result<Ending, String> {
        match self {
            Self::Stop(stop) => stop.play(program),
            Self::Unnamed(unnamed) => unnamed.play(program).map(|()| Ending::Whole),
            Self::Fault(fault) => fault.play(program),
            Self::TwoPaths(paths) => paths.play(program).map(|()| Ending::Whole),
        }
        .map_err(|sentence| format!("{self:?}: {sentence}"))
    }
}

/// Every run; each round has other delays.
pub(crate) fn all(round: u64) -> Vec<Run> {
    [stops(round), unnamed(), faults(), two_paths()].concat()
}

/// About this number of runs of each kind, spread over all of them.
pub(crate) fn few(of_each: usize) -> Vec<Run> {
    let spread = |runs: Vec<Run>| {
        let step = runs.len().div_ceil(of_each).max(1);
        // The settings that vary fastest would otherwise always be the same.
        let pick = move |(n, run)| (n % step == (n / step) % step).then_some(run);
        runs.into_iter().enumerate().filter_map(pick).collect::<Vec<_>>()
    };
    [stops(0), unnamed(), faults(), two_paths()].into_iter().flat_map(spread).collect()
}

fn stops(round: u64) -> Vec<Run> {
    let mut runs = Vec::new();
    for (m, moment) in stop_moments().into_iter().enumerate() {
        for kind in Kind::ALL.into_iter().chain(Kind::ENGINES) {
            for replay in [Replay::Never, Replay::OwnerDead] {
                for victim in Driver::ALL {
                    let seed = round * 10_000 + m as u64 * 100 + runs.len() as u64;
                    runs.push(Run::Stop(Stop { moment, kind, replay, victim, seed }));
                }
            }
        }
    }
    runs
}

/// The moments of kills at which a trial knows what a stop does.
fn stop_moments() -> Vec<Moment> {
    let mut moments = Moment::ALL.to_vec();
    moments.retain(|moment| !matches!(moment, Moment::Watched(_) | Moment::Whenever));
    moments
}

fn unnamed() -> Vec<Run> {
    let mut runs = Vec::new();
    for save in Save::ALL {
        for kind in Kind::ALL {
            for replay in [Replay::Never, Replay::OwnerDead] {
                for (victim, taker) in pairs() {
                    runs.push(Run::Unnamed(Unnamed { save, kind, replay, victim, taker }));
                }
            }
        }
    }
    runs
}

fn faults() -> Vec<Run> {
    let mut runs = Vec::new();
    for (calls, errors) in FAULTS {
        for error in errors {
            for late in [false, true] {
                for kind in Kind::ALL {
                    for victim in Driver::ALL {
                        let fault = |nth| Run::Fault(Fault { calls, error, nth, late, kind, victim });
                        runs.extend((1..=4).map(Some).map(fault));
                        // A token that neither store nor spill ever takes is lost with its process. SQLite itself repeats a
                        // lock that always fails for ten seconds, whatever its caller's deadline is.
                        let endless = late || calls == "fcntl";
                        runs.extend((!endless).then(|| fault(None)));
                    }
                }
            }
        }
    }
    runs
}

fn two_paths() -> Vec<Run> {
    let mut runs = Vec::new();
    let mounts = may_mount();
    if !mounts {
        eprintln!("  no runs with bind mounts: this process may not mount");
    }
    for way in Way::ALL.into_iter().filter(|way| mounts || *way != Way::BindMount) {
        for wire in [Wire::Connected, Wire::FirstByte, Wire::Processed, Wire::HalfAnswer] {
            for kind in Kind::ALL {
                for first in Driver::ALL {
                    runs.push(Run::TwoPaths(TwoPaths { way, wire, kind, first }));
                }
            }
        }
    }
    runs
}

/// Each driver before each.
fn pairs() -> [(Driver, Driver); 4] {
    let [one, other] = Driver::ALL;
    [(one, one), (one, other), (other, one), (other, other)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_runs_have_every_kind_and_every_way_stop_save_and_call() {
        let few = few(60);
        let has = |wanted: &dyn Fn(&Run) -> bool| few.iter().any(wanted);
        for moment in stop_moments() {
            assert!(has(&|run| matches!(run, Run::Stop(stop) if stop.moment == moment)), "{moment}");
        }
        for save in Save::ALL {
            assert!(has(&|run| matches!(run, Run::Unnamed(unnamed) if unnamed.save == save)), "{save:?}");
        }
        for (calls, errors) in FAULTS {
            for error in errors {
                let of = |run: &Run| matches!(run, Run::Fault(it) if it.calls == calls && it.error == *error);
                assert!(has(&of), "{calls} {error}");
            }
        }
        for driver in Driver::ALL {
            assert!(has(&|run| matches!(run, Run::Stop(stop) if stop.victim == driver)), "{driver:?}");
            assert!(has(&|run| matches!(run, Run::Fault(fault) if fault.victim == driver)), "{driver:?}");
        }
    }
}
