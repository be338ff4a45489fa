//! A program that gets one token, with pix-bacen and with bare ureq: the size of its release build, and the time from its
//! start to the token.
//!
//! A server on loopback in this process gives both programs the same answer. The programs run in turns and their times are
//! compared pair by pair, so that other load on the machine slows both.

mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::budget::PROGRAMS;
use crate::cargo::{cargo, run as run_command};
use crate::clock::timed;
use crate::workspace::Workspace;
use server::Server;

const MOST_BYTES: f64 = 1.15;
const MOST_TIME: f64 = 1.3;
const PAIRS: usize = 101;

/// Measures both and compares the ratios with their limits.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    let (ours, bare) = (built(workspace, "pix-token")?, built(workspace, "bare-ureq")?);
    let bytes = ratio_of_bytes(&ours, &bare)?;
    let time = ratio_of_times(&ours, &bare)?;
    let bytes = within("bytes", bytes, MOST_BYTES);
    let time = within("time from start to token", time, MOST_TIME);
    bytes.and(time)
}

fn within(what: &str, ratio: f64, most: f64) -> Result<(), String> {
    println!("  {what}: {ratio:.3} of bare ureq, at most {most}");
    if ratio <= most { Ok(()) } else { Err(format!("{what}: {ratio:.3} of bare ureq, more than {most}.")) }
}

/// Builds one program separately: built together, each would get the other's features.
fn built(workspace: &Workspace, program: &str) -> Result<PathBuf, String> {
    let target = workspace.target.join("programs");
    let mut command = cargo(&workspace.root, ["build", "--quiet", "--release", "--manifest-path", PROGRAMS]);
    command.args(["--package", program]).arg("--target-dir").arg(&target);
    run_command(command)?;
    Ok(target.join("release").join(format!("{program}{}", std::env::consts::EXE_SUFFIX)))
}

#[expect(clippy::cast_precision_loss, reason = "programs are smaller than 2^52 bytes")]
fn ratio_of_bytes(ours: &Path, bare: &Path) -> Result<f64, String> {
    let length = |path: &Path| {
        let bytes = fs::metadata(path).map_err(|error| format!("{}: {error}.", path.display()))?.len();
        println!("  {bytes} bytes: {}", path.file_name().unwrap_or_default().to_string_lossy());
        Ok::<f64, String>(bytes as f64)
    };
    Ok(length(ours)? / length(bare)?)
}

fn ratio_of_times(ours: &Path, bare: &Path) -> Result<f64, String> {
    let server = Server::start().map_err(|error| format!("the server cannot start: {error}."))?;
    let mut pairs = Vec::with_capacity(PAIRS);
    for _ in 0..PAIRS {
        pairs.push((seconds_to_token(ours, server.url())?, seconds_to_token(bare, server.url())?));
    }
    let ours = median(pairs.iter().map(|(ours, _)| *ours).collect());
    let bare = median(pairs.iter().map(|(_, bare)| *bare).collect());
    println!("  medians of {PAIRS} pairs: {:.2} ms, bare {:.2} ms", ours * 1e3, bare * 1e3);
    Ok(median(pairs.iter().map(|(ours, bare)| ours / bare).collect()))
}

fn seconds_to_token(program: &Path, url: &str) -> Result<f64, String> {
    let mut command = Command::new(program);
    command.arg(url).stdin(Stdio::null()).stderr(Stdio::inherit());
    let (output, took) = timed(|| command.output());
    let output = output.map_err(|error| format!("{}: {error}.", program.display()))?;
    if output.status.success() && output.stdout.trim_ascii() == server::TOKEN.as_bytes() {
        Ok(took.as_secs_f64())
    } else {
        Err(format!("{} did not print the token.", program.display()))
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_above_its_limit_or_not_a_number_is_an_error() {
        assert!(within("bytes", 1.15, 1.15).is_ok());
        assert!(within("bytes", 1.16, 1.15).is_err());
        assert!(within("bytes", median(Vec::new()), 1.15).is_err());
    }

    #[test]
    fn an_outlier_does_not_change_the_median() {
        assert!((median(vec![1.0, 900.0, 1.2]) - 1.2).abs() < f64::EPSILON);
    }
}
