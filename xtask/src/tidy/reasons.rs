//! `DESIGN.md` gives the reason for every dependency, and a package uses it.

use crate::rust::has_word;
use crate::workspace::Workspace;

const PAGE: &str = "DESIGN.md";

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let manifest: toml::Table = match workspace.tree.text("Cargo.toml").unwrap_or_default().parse() {
        Ok(manifest) => manifest,
        Err(error) => return vec![format!("Cargo.toml: {}.", error.message())],
    };
    let Some(page) = workspace.tree.text(PAGE) else { return vec![format!("{PAGE} is missing.")] };
    let Some(listed) = manifest.get("workspace").and_then(|it| it.get("dependencies")?.as_table()) else {
        return vec!["Cargo.toml has no `[workspace.dependencies]`.".to_owned()];
    };
    let mut found = Vec::new();
    for (name, _) in listed.iter().filter(|(_, how)| how.get("path").is_none()) {
        if !has_word(page, name) {
            found.push(format!("{PAGE} does not give the reason for {name}."));
        }
        let used =
            |package: &crate::workspace::Package| package.dependencies.iter().any(|it| it.name == *name);
        if !workspace.packages.iter().any(used) {
            found.push(format!("Cargo.toml lists {name}, which no package uses."));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::{Dependency, Kind};

    #[test]
    fn a_dependency_without_a_reason_or_a_user_is_found() {
        let manifest = "[workspace.dependencies]\nours = { path = \"x\" }\nused = \"1\"\nidle = \"1\"\n";
        let mut workspace =
            Workspace::of([("Cargo.toml", manifest), (PAGE, "`idle` saves a lot.")]).library("a", "crates/a");
        let used = Dependency { name: "used".to_owned(), kind: Kind::Normal, optional: false };
        workspace.packages[0].dependencies.push(used);
        assert_eq!(
            findings(&workspace),
            ["Cargo.toml lists idle, which no package uses.", "DESIGN.md does not give the reason for used."]
        );
    }
}
