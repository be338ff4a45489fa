//! Each set of features that users pick builds by itself, without a warning.

use crate::cargo::{cargo, run as run_command};
use crate::workspace::Workspace;

/// The features of each library, in the sets that users pick; the empty set is every library's.
const PICKED: [(&str, &[&str]); 8] = [
    ("pix-bacen", &["async", "blocking", "async,blocking"]),
    ("oauth2-app", &["async", "blocking", "async,blocking", "getrandom"]),
    ("hive-auth", &["async", "blocking", "async,blocking"]),
    ("wellspring-store", &["contract"]),
    ("wellspring-transport", &["tls"]),
    ("wellspring-transport-async", &["reqwest", "reqwest-middleware", "tower"]),
    ("wellspring-transport-blocking", &["ureq", "ureq-middleware"]),
    ("wellspring-wire", &["pkce"]),
];

/// Checks every set. With clippy, which shares what it has built with the gate before it.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    if let Some(sentence) = unpicked(workspace).into_iter().next() {
        return Err(sentence);
    }
    for package in workspace.libraries() {
        for set in sets(&package.name) {
            println!("  {} {}", package.name, if set.is_empty() { "without features" } else { set });
            let mut command = cargo(&workspace.root, ["clippy", "--quiet", "--no-default-features"]);
            command.args(["--package", &package.name, "--features", set, "--", "-D", "warnings"]);
            run_command(command)?;
        }
    }
    Ok(())
}

fn sets(package: &str) -> impl Iterator<Item = &'static str> {
    let picked = PICKED.iter().find(|(name, _)| *name == package).map_or(&[][..], |(_, sets)| sets);
    core::iter::once("").chain(picked.iter().copied())
}

/// A feature in no set is one that nobody would see break.
fn unpicked(workspace: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    for package in workspace.libraries() {
        for feature in &package.features {
            if !sets(&package.name).any(|set| set.split(',').any(|picked| picked == feature)) {
                found.push(format!(
                    "The feature {feature} of {} is in no set of xtask/src/features.rs.",
                    package.name
                ));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_in_no_set_is_found() {
        let mut workspace = Workspace::default().library("wellspring-wire", "crates/wire");
        workspace.packages[0].features = vec!["pkce".to_owned(), "new".to_owned()];
        assert_eq!(
            unpicked(&workspace),
            ["The feature new of wellspring-wire is in no set of xtask/src/features.rs."]
        );
    }
}
