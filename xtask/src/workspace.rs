//! The workspace: its packages and their dependencies as cargo reports them, and every file.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::cargo::{cargo, output};
use crate::tree::Tree;

/// The checkout that this program was built from.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
    pub(crate) packages: Vec<Package>,
    pub(crate) tree: Tree,
}

/// One member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// From the root.
    pub(crate) folder: String,
    pub(crate) library: bool,
    pub(crate) published: bool,
    pub(crate) benches: Vec<String>,
    pub(crate) features: Vec<String>,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) optional: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Normal,
    Build,
    Dev,
}

impl Workspace {
    pub(crate) fn open() -> Result<Self, String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned();
        let metadata = output(cargo(&root, ["metadata", "--no-deps", "--format-version=1"]))?;
        let metadata: Value = serde_json::from_str(&metadata)
            .map_err(|error| format!("cargo metadata is unreadable: {error}."))?;
        let packages = list(&metadata["packages"], |package| Package::from_metadata(package, &root));
        let target = PathBuf::from(text(&metadata["target_directory"]));
        let tree = Tree::read(&root)?;
        Ok(Self { root, target, packages, tree })
    }

    /// The libraries that other packages may depend on.
    pub(crate) fn libraries(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.library && !package.is_leaf())
    }

    /// The Rust sources of this member, without its tests and examples.
    pub(crate) fn sources(&self, package: &Package) -> impl Iterator<Item = (&str, &str)> + use<'_> {
        self.tree.ending(&format!("{}/src", package.folder), ".rs")
    }
}

impl Package {
    /// Whether it may depend on every package, and no package on it.
    pub(crate) fn is_leaf(&self) -> bool {
        ["crates/cli", "crates/explorer", "crates/fleet", "crates/scenarios", "crates/trials"]
            .contains(&self.folder.as_str())
            || ["benches", "examples", "xtask"].contains(&self.folder.split('/').next().unwrap_or_default())
    }

    fn from_metadata(package: &Value, root: &Path) -> Self {
        let manifest = PathBuf::from(text(&package["manifest_path"]));
        let folder =
            manifest.parent().and_then(|folder| folder.strip_prefix(root).ok()).unwrap_or(Path::new(""));
        let of_kind = |kind: &str| {
            list(&package["targets"], Clone::clone)
                .into_iter()
                .filter(|target| list(&target["kind"], text).iter().any(|found| found == kind))
                .map(|target| text(&target["name"]))
                .collect::<Vec<_>>()
        };
        let mut features: Vec<String> =
            package["features"].as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default();
        features.retain(|feature| feature != "default");
        Self {
            name: text(&package["name"]),
            folder: folder.to_string_lossy().replace('\\', "/"),
            library: !of_kind("lib").is_empty(),
            published: package["publish"].is_null(),
            benches: of_kind("bench"),
            features,
            dependencies: list(&package["dependencies"], |dependency| Dependency {
                name: text(&dependency["name"]),
                kind: match dependency["kind"].as_str() {
                    Some("dev") => Kind::Dev,
                    Some("build") => Kind::Build,
                    _ => Kind::Normal,
                },
                optional: dependency["optional"].as_bool().unwrap_or(false),
            }),
        }
    }
}

fn list<T>(value: &Value, each: impl FnMut(&Value) -> T) -> Vec<T> {
    value.as_array().map(|items| items.iter().map(each).collect()).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
impl Workspace {
    /// A workspace of these files and no packages.
    pub(crate) fn of<const N: usize>(files: [(&str, &str); N]) -> Self {
        Self { tree: Tree::from(files), ..Self::default() }
    }

    /// The same workspace with a library crate of this name in this folder.
    pub(crate) fn library(mut self, name: &str, folder: &str) -> Self {
        let (name, folder) = (name.to_owned(), folder.to_owned());
        self.packages.push(Package { name, folder, library: true, ..Package::default() });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_is_read_as_cargo_sees_it() {
        let workspace = Workspace::open().unwrap();
        let core = workspace.libraries().find(|package| package.name == "wellspring-core").unwrap();
        assert_eq!(core.folder, "crates/core");
        let xtask = workspace.packages.iter().find(|package| package.name == "xtask").unwrap();
        assert!(!xtask.library && xtask.dependencies.iter().any(|d| d.name == "wellspring-core"));
        assert!(workspace.tree.text("xtask/src/workspace.rs").is_some());
    }
}
