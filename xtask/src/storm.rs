//! Processes that are stopped and killed at random while they share sessions at a certified server, which npm installs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::{cargo, output, run as run_command};
use crate::programs::{self, Program, SERVERS};
use crate::workspace::Workspace;

const PROGRAMS: [Program; 2] = [("node", "nodejs"), ("npm", "npm")];

/// The server: its packages, their exact versions and hashes, and its program.
const FILES: [&str; 3] = ["package.json", "package-lock.json", "server.js"];

const SOURCES: &str = "crates/trials/certified";

/// The seconds of a storm.
const LENGTH: &str = "120";

/// The stores of a storm: files and SQLite, or an engine.
const STORES: [&str; 3] = [LOCAL, "redis", "postgres"];

/// Files and SQLite.
const LOCAL: &str = "files";

/// Runs the storm for two minutes.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    blow(workspace, LOCAL, &[LENGTH])
}

/// Runs a storm that is short enough for every change.
pub(crate) fn quick(workspace: &Workspace) -> Result<(), String> {
    blow(workspace, LOCAL, &["20"])
}

/// Runs the storm with these words: `--store NAME`, `--seconds N` and `--seed N`.
pub(crate) fn run_with(workspace: &Workspace, words: &[&str]) -> Result<(), String> {
    let Words { store, seconds, seed } = read(words)?;
    let mut numbers = vec![seconds.unwrap_or(LENGTH)];
    numbers.extend(seed);
    blow(workspace, store.unwrap_or(LOCAL), &numbers)
}

/// What the words of the command say.
#[derive(Debug, Default, PartialEq, Eq)]
struct Words<'a> {
    store: Option<&'a str>,
    seconds: Option<&'a str>,
    seed: Option<&'a str>,
}

fn read<'a>(words: &[&'a str]) -> Result<Words<'a>, String> {
    let mut read = Words::default();
    let pairs = words.chunks_exact(2);
    let rest = pairs.remainder();
    for pair in pairs {
        let (name, value) = (pair[0], pair[1]);
        let place = match name {
            "--store" if STORES.contains(&value) => &mut read.store,
            "--store" => return Err(format!("{value} is not a store: {}.", STORES.join(", "))),
            "--seconds" => &mut read.seconds,
            "--seed" => &mut read.seed,
            other => return Err(format!("{other} is not a word of this command.")),
        };
        if name != "--store" {
            value.parse::<u64>().map_err(|_| format!("{value} is not a number."))?;
        }
        *place = Some(value);
    }
    if rest.is_empty() { Ok(read) } else { Err(format!("{} needs a value.", rest[0])) }
}

fn blow(workspace: &Workspace, store: &str, numbers: &[&str]) -> Result<(), String> {
    if store != LOCAL {
        programs::ensure(&SERVERS, "The storm starts a server of its own", "Redis and PostgreSQL")?;
    }
    programs::ensure(&PROGRAMS, "The storm's server runs on Node.js", "Node.js 20 or later with npm")?;
    let mut node = Command::new("node");
    node.arg("--version");
    supported(output(node)?.trim())?;
    let folder = install(workspace)?;
    let mut command =
        cargo(&workspace.root, ["run", "--quiet", "--package", "wellspring-trials", "--", "storm"]);
    command.arg(folder).arg(store).args(numbers);
    run_command(command)
}

/// Fails if this version of Node.js is older than the server's package asks for.
fn supported(version: &str) -> Result<(), String> {
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_some_and(|major| major >= 20) {
        Ok(())
    } else {
        Err(format!(
            "The storm's server needs Node.js 20 or later, and `node` is {version}: install a newer one."
        ))
    }
}

/// Installs the server below the target folder, exactly as its lock file says; returns its folder.
pub(crate) fn install(workspace: &Workspace) -> Result<PathBuf, String> {
    let folder = workspace.target.join("certified");
    let sources = workspace.root.join(SOURCES);
    let says = |path: &Path, error: std::io::Error| format!("{}: {error}.", path.display());
    let lock = fs::read(sources.join(FILES[1])).map_err(|error| says(&sources, error))?;
    // npm writes this file last, so a folder that has it is complete.
    let complete = folder.join("node_modules/.package-lock.json").exists();
    let installed = complete && fs::read(folder.join(FILES[1])).is_ok_and(|old| old == lock);
    fs::create_dir_all(&folder).map_err(|error| says(&folder, error))?;
    for name in FILES {
        fs::copy(sources.join(name), folder.join(name)).map_err(|error| says(&sources.join(name), error))?;
    }
    if !installed {
        let mut command = Command::new("npm");
        command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder);
        output(command)?;
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_node_is_refused_with_its_version() {
        assert_eq!(supported("v20.20.2"), Ok(()));
        assert_eq!(supported("v24.0.0"), Ok(()));
        let sentence = supported("v18.19.0").unwrap_err();
        assert!(sentence.contains("20 or later") && sentence.contains("v18.19.0"), "{sentence}");
        assert!(supported("unknown").is_err());
    }

    #[test]
    fn the_length_and_the_seed_are_read_in_either_order() {
        assert_eq!(read(&[]), Ok(Words::default()));
        let both = Words { store: None, seconds: Some("20"), seed: Some("7") };
        assert_eq!(read(&["--seed", "7", "--seconds", "20"]), Ok(both));
        let on_redis = Words { store: Some("redis"), ..Words::default() };
        assert_eq!(read(&["--store", "redis"]), Ok(on_redis));
        assert_eq!(
            read(&["--store", "paper"]),
            Err("paper is not a store: files, redis, postgres.".to_owned())
        );
        assert_eq!(read(&["--seconds", "soon"]), Err("soon is not a number.".to_owned()));
        assert_eq!(read(&["--seconds"]), Err("--seconds needs a value.".to_owned()));
        assert_eq!(read(&["--hours", "2"]), Err("--hours is not a word of this command.".to_owned()));
    }
}
