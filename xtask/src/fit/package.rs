//! Packages outside the workspace, which add its crates by their paths.

use std::fs;
use std::path::PathBuf;

use crate::workspace::Workspace;

/// A line for a crate of this workspace, with these features only.
pub(super) fn own(workspace: &Workspace, package: &str, features: &str) -> String {
    let of_package = workspace.packages.iter().find(|known| known.name == package);
    let folder = workspace.root.join(of_package.map_or("", |known| known.folder.as_str()));
    let features: Vec<_> = features.split(',').filter(|feature| !feature.is_empty()).collect();
    let path = folder.display().to_string();
    format!("{package} = {{ path = {path:?}, default-features = false, features = {features:?} }}")
}

/// Writes a package outside the workspace. What it resolved to before is forgotten.
pub(super) fn write_package(
    workspace: &Workspace,
    name: &str,
    rust: &str,
    lines: &str,
    main: &str,
) -> Result<PathBuf, String> {
    let folder = workspace.target.join("fit").join(name);
    let manifest = format!(
        "[package]\nname = \"fit-{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\nrust-version = \"{}\"\n\
         [workspace]\nresolver = \"3\"\n[dependencies]\n{lines}\n",
        rust
    );
    let written = fs::create_dir_all(folder.join("src"))
        .and_then(|()| fs::write(folder.join("Cargo.toml"), manifest))
        .and_then(|()| fs::write(folder.join("src/main.rs"), main));
    written.map_err(|error| format!("{} cannot be written: {error}.", folder.display()))?;
    drop(fs::remove_file(folder.join("Cargo.lock")));
    Ok(folder)
}
