//! Runs the benchmarks and compares each measured ratio with its limit.
//!
//! The limits are in `benches/bars.toml`, one table for each ratio: `[read-path] measured = "group/ours"`,
//! `against = "group/theirs"`, `at_most = 1.5`. The names are those that criterion prints.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::cargo::{cargo, run as run_command};
use crate::workspace::Workspace;

const BARS: &str = "benches/bars.toml";

/// Runs the benchmarks and compares the medians that criterion recorded.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    let package = workspace.packages.iter().find(|package| package.folder == "benches");
    let package = package.ok_or("The workspace has no package in benches/.")?;
    run_command(cargo(&workspace.root, ["bench", "--package", &package.name, "--benches"]))?;

    let bars = workspace.tree.text(BARS).ok_or(format!("{BARS} is missing."))?;
    let bars: toml::Table = bars.parse().map_err(|error: toml::de::Error| format!("{BARS}: {error}"))?;
    let mut above = 0;
    println!("\n  ratio   limit   what");
    for (name, bar) in &bars {
        let of = |key: &str| bar.get(key).and_then(toml::Value::as_str).unwrap_or_default();
        let most = bar.get("at_most").and_then(toml::Value::as_float);
        let most = most.ok_or(format!("{BARS}: {name} has no at_most."))?;
        let criterion = workspace.target.join("criterion");
        let ratio = median(&criterion, of("measured"))? / median(&criterion, of("against"))?;
        let within = ratio <= most;
        above += usize::from(!within);
        println!("  {ratio:<7.3} {most:<7.3} {name}{}", if within { "" } else { "  ABOVE THE LIMIT" });
    }
    if above == 0 { Ok(()) } else { Err(format!("{above} of {} ratios are above their limits.", bars.len())) }
}

/// The median that criterion measured, in nanoseconds.
fn median(criterion: &Path, name: &str) -> Result<f64, String> {
    let path = criterion.join(name).join("new/estimates.json");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}.", path.display()))?;
    let estimates: Value =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}.", path.display()))?;
    estimates["median"]["point_estimate"].as_f64().ok_or(format!("{} has no median.", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_benchmark_that_was_not_run_is_an_error() {
        assert!(median(Path::new("no-such-folder"), "group/ours").is_err());
    }
}
