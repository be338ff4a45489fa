//! Reads the scenario files of this crate and fills in their defaults.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::scenario::{File, Scenario};

/// The folder of the files.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// Every scenario, sorted by the names of the files.
///
/// # Errors
///
/// If a file cannot be read; the text names the file and the line.
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
/// If the text is not a scenario file.
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

/// The ids of a list, each with its text: `untestable`, `tested-elsewhere`.
///
/// # Errors
///
/// If the list cannot be read.
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
    fn a_scenario_gets_its_defaults_from_its_file() {
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
