//! The oldest Rust: the workspace's `rust-version`, which no dependency of a published crate may exceed.

use serde_json::Value;

use super::compiler::{self, OLDEST};
use super::package::{own, write_package};
use crate::cargo::{cargo, output};
use crate::package::published;
use crate::workspace::Workspace;

/// Resolves the published crates for the oldest Rust and compares what each dependency asks for. With `whole` and that
/// compiler here, compiles them with it.
pub(super) fn check(workspace: &Workspace, whole: bool) -> Result<(), String> {
    let lines: Vec<String> = published(workspace)
        .map(|package| own(workspace, &package.name, &package.features.join(",")))
        .collect();
    let folder = write_package(workspace, "all", OLDEST, &lines.join("\n"), "fn main() {}")?;
    let metadata = output(cargo(&folder, ["metadata", "--format-version=1", "--filter-platform", host()]))?;
    let metadata: Value =
        serde_json::from_str(&metadata).map_err(|error| format!("cargo metadata is unreadable: {error}."))?;
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let newer: Vec<String> = packages.iter().filter_map(newer_than_oldest).collect();
    if !newer.is_empty() {
        return Err(format!("these ask for a newer Rust than {OLDEST}: {}.", newer.join(", ")));
    }
    let shown = match whole.then(|| compiler::find(workspace)) {
        None => "no dependency asks for more",
        Some(None) => {
            "no dependency asks for more; the compiler is not here, so only clippy's lint reads the code"
        }
        Some(Some(compiler)) => {
            let mut command = cargo(&folder, ["check", "--quiet", "--target-dir"]);
            compiler.choose(command.arg(workspace.target.join("fit/oldest")));
            output(command)?;
            "compiles with it"
        }
    };
    println!("  {:<27} {shown}", format!("Rust {OLDEST}"));
    Ok(())
}

fn newer_than_oldest(package: &Value) -> Option<String> {
    let asked = package["rust_version"].as_str()?;
    let newer = number(asked) > number(OLDEST);
    newer
        .then(|| format!("{} {} ({asked})", package["name"].as_str().unwrap_or_default(), package["version"]))
}

/// `1.85` and `1.85.0` are the same.
fn number(version: &str) -> [u32; 3] {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(u32::MAX));
    [(); 3].map(|()| parts.next().unwrap_or_default())
}

const fn host() -> &'static str {
    if cfg!(target_os = "linux") { "x86_64-unknown-linux-gnu" } else { "x86_64-apple-darwin" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_that_asks_for_a_newer_rust_is_named() {
        let package =
            |asked: &str| serde_json::json!({ "name": "time", "version": "0.3", "rust_version": asked });
        assert_eq!(newer_than_oldest(&package("1.85")), None);
        assert_eq!(newer_than_oldest(&package("1.85.0")), None);
        assert_eq!(newer_than_oldest(&package("1.86")).unwrap(), "time \"0.3\" (1.86)");
        assert_eq!(newer_than_oldest(&serde_json::json!({ "name": "libc" })), None);
    }
}
