//! Fuzzing everything that reads foreign bytes: each target of `fuzz/` in turn. Needs cargo-fuzz and a nightly toolchain.

use core::time::Duration;
use std::fs;

use crate::cargo::{cargo, run as run_command};
use crate::workspace::Workspace;

pub(crate) const MANIFEST: &str = "fuzz/Cargo.toml";

/// How long a target runs without `--seconds`.
const LENGTH: Duration = Duration::from_secs(60);

/// The words that a fuzzer puts into the inputs of each target, in `fuzz/dictionaries`.
const DICTIONARIES: [(&str, &str); 12] = [
    ("api_answers", "json"),
    ("callback", "headers"),
    ("certificate", "pem"),
    ("headers", "headers"),
    ("id_token", "json"),
    ("jwt", "json"),
    ("metadata", "json"),
    ("origin", "headers"),
    ("profiles", "profiles"),
    ("record", "record"),
    ("spill", "record"),
    ("token_response", "json"),
];

/// The targets that run, and for how long each.
#[derive(Debug, PartialEq, Eq)]
struct Wanted<'a> {
    length: Duration,
    targets: Vec<(&'a str, &'a str)>,
}

/// Runs `[--seconds N] [TARGET ..]`; without a target all of them.
pub(crate) fn run_with(workspace: &Workspace, words: &[&str]) -> Result<(), String> {
    let wanted = read(words)?;
    for (target, dictionary) in wanted.targets {
        println!("== {target}, {} s", wanted.length.as_secs());
        // The fuzzer adds what it finds to the first folder.
        let corpus = workspace.root.join(format!("fuzz/corpus/{target}"));
        fs::create_dir_all(&corpus).map_err(|error| format!("{}: {error}.", corpus.display()))?;
        let mut command = cargo(&workspace.root.join("fuzz"), ["+nightly", "fuzz", "run", target]);
        command.args([format!("corpus/{target}"), format!("seeds/{target}")]).arg("--");
        command.arg(format!("-dict=dictionaries/{dictionary}.dict"));
        command.arg(format!("-max_total_time={}", wanted.length.as_secs()));
        command.args(["-max_len=4096", "-timeout=10", "-print_final_stats=1"]);
        run_command(command).map_err(|error| format!("{error} fuzz/artifacts/{target} has the input."))?;
    }
    Ok(())
}

fn read<'a>(words: &[&'a str]) -> Result<Wanted<'a>, String> {
    let (length, names) = match words {
        ["--seconds", number, names @ ..] => {
            let seconds = number.parse().map_err(|_| format!("{number} is not a number of seconds."))?;
            (Duration::from_secs(seconds), names)
        }
        ["--seconds"] => return Err("--seconds needs a number.".to_owned()),
        names => (LENGTH, names),
    };
    let known = |name: &&'a str| {
        let found = DICTIONARIES.into_iter().find(|(target, _)| target == name);
        found.ok_or_else(|| {
            let all = DICTIONARIES.map(|(target, _)| target).join(", ");
            format!("{name} is no target; there are {all}.")
        })
    };
    let targets = names.iter().map(known).collect::<Result<Vec<_>, _>>()?;
    let targets = if targets.is_empty() { DICTIONARIES.to_vec() } else { targets };
    Ok(Wanted { length, targets })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_word_every_target_runs_for_a_minute() {
        assert_eq!(read(&[]), Ok(Wanted { length: LENGTH, targets: DICTIONARIES.to_vec() }));
        let one = Wanted { length: Duration::from_secs(5), targets: vec![("jwt", "json")] };
        assert_eq!(read(&["--seconds", "5", "jwt"]), Ok(one));
        assert_eq!(read(&["--seconds", "x"]), Err("x is not a number of seconds.".to_owned()));
        assert!(read(&["nothing"]).unwrap_err().starts_with("nothing is no target"));
    }

    #[test]
    fn every_target_has_its_dictionary_and_its_seeds() {
        let workspace = Workspace::open().unwrap();
        let manifest: toml::Table = workspace.tree.text(MANIFEST).unwrap().parse().unwrap();
        let bins = manifest["bin"].as_array().unwrap();
        let names: Vec<&str> = bins.iter().filter_map(|bin| bin["name"].as_str()).collect();
        assert_eq!(names, DICTIONARIES.map(|(target, _)| target));
        for (target, dictionary) in DICTIONARIES {
            assert!(workspace.tree.has(&format!("fuzz/dictionaries/{dictionary}.dict")), "{dictionary}");
            assert!(workspace.tree.has(&format!("fuzz/seeds/{target}")), "{target}");
        }
    }
}
