//! The scenario files of this crate, read and completed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::scenario::{File, Scenario};

/// Where the files are.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// Every scenario, in the order of the files' names.
///
/// # Errors
///
/// When a file cannot be read; the text names it, and the line.
pub fn scenarios() -> Result<Vec<Scenario>, String> {
    let files = fs::read_dir(folder()).map_err(|error| error.to_string())?;
    let mut paths: Vec<_> = files.filter_map(|file| Some(file.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
        all.extend(read(&text).map_err(|error| format!("{}: {error}", path.display()))?);
    }
    Ok(all)
}

/// The scenarios of one file.
///
/// # Errors
///
/// When it is not what a scenario file is.
pub fn read(text: &str) -> Result<Vec<Scenario>, String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    let complete = file.scenario.into_iter().map(|mut scenario| {
        scenario.provider = scenario.provider.or_else(|| file.provider.clone());
        scenario.policy = scenario.policy.or(file.policy);
        match scenario.provider {
            Some(_) => Ok(scenario),
            None => Err(format!("{:?} has no provider", scenario.name)),
        }
    });
    complete.collect()
}

/// The ids of a list beside the scenarios, each with what it says: `untestable`, `tested-elsewhere`.
///
/// # Errors
///
/// When it cannot be read.
pub fn list(name: &str) -> Result<BTreeMap<String, String>, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name).with_extension("toml");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        provider = { name = "pix-bacen" }
        [[scenario]]
        name = "A token is asked for"
        covers = ["P2"]
        [[scenario.step]]
        get = "fresh"
    "#;

    #[test]
    fn a_scenario_takes_from_its_file_what_it_does_not_say_itself() {
        let scenarios = read(GOOD).unwrap();
        assert_eq!(scenarios.len(), 1);
        assert!(scenarios[0].provider.is_some());
    }

    #[test]
    fn a_misspelt_member_is_an_error_with_its_line() {
        for (right, wrong) in [("get =", "gets ="), ("covers", "cover"), ("name = \"pix", "nam = \"pix")] {
            let error = read(&GOOD.replacen(right, wrong, 1)).unwrap_err();
            assert!(error.contains("line"), "{error}");
        }
    }
}
