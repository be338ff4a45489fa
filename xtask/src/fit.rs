//! Programs of other projects that add crates of this workspace. They must resolve, compile and behave as before.
//!
//! The quick part resolves each program and compares the features of its TLS. The whole gate also compiles each
//! program, and runs those that call a server.

use std::path::PathBuf;

use crate::cargo::{cargo, output};
use crate::programs::{OPENSSL, ensure};
use crate::workspace::Workspace;

mod compiler;
mod msrv;
mod package;
mod programs;

use package::{own, write_package};
use programs::{PROGRAMS, Program, SERVER};

/// The Rust of the programs. They may have dependencies that the oldest Rust of this workspace cannot compile.
const NEW_RUST: &str = "1.95";

/// The features of rustls that bring a provider.
const PROVIDERS: [&str; 3] = ["ring", "aws_lc_rs", "aws-lc-rs"];

/// Each program is resolved, compiled and, where it calls a server, run.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    if cfg!(target_os = "linux") {
        ensure(&OPENSSL, "A program with `native-tls` needs OpenSSL", "OpenSSL's headers and pkg-config")?;
    }
    all(workspace, true)
}

/// Each program is resolved.
pub(crate) fn quick(workspace: &Workspace) -> Result<(), String> {
    all(workspace, false)
}

fn all(workspace: &Workspace, whole: bool) -> Result<(), String> {
    let mut failed = Vec::new();
    for program in &PROGRAMS {
        let result = try_program(workspace, program, whole);
        let shown = result.as_ref().map_or_else(|_| "FAILED", String::as_str);
        println!("  {:<27} {shown}", program.name);
        if let Err(sentence) = result {
            println!("{sentence}");
            failed.push(program.name);
        }
    }
    if let Err(sentence) = msrv::check(workspace, whole) {
        println!("{sentence}");
        failed.push("the oldest Rust");
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("these do not fit: {}.", failed.join(", "))) }
}

/// What the program resolves to, and how far it was tried.
fn try_program(workspace: &Workspace, program: &Program, whole: bool) -> Result<String, String> {
    let folder = write(workspace, program, true)?;
    let tree = ["tree", "--edges", "normal", "--prefix", "none", "--format", "{p} {f}"];
    let with_ours = output(cargo(&folder, tree))?;
    let mut shown = Vec::new();
    for package in program.shows {
        let versions = versions(&with_ours, package);
        let [version] = versions.as_slice() else {
            return Err(format!(
                "{} has these versions of {package}: {}.",
                program.name,
                versions.join(", ")
            ));
        };
        shown.push(format!("{package} {version}"));
    }
    if let [library @ ("reqwest" | "ureq" | "rustls")] = program.shows {
        let alone = output(cargo(&write(workspace, program, false)?, tree))?;
        let added = added_tls(&features(&alone, library), &features(&with_ours, library));
        if !added.is_empty() {
            return Err(format!("{}: its {library} gets the features {}.", program.name, added.join(", ")));
        }
    }
    if whole {
        let verb = if program.runs { "run" } else { "check" };
        let mut command = cargo(&folder, [verb, "--quiet", "--target-dir"]);
        command.arg(workspace.target.join("fit/target"));
        output(command)?;
        shown.push(if program.runs { "runs".to_owned() } else { "compiles".to_owned() });
    }
    Ok(shown.join(", "))
}

/// Writes the program, with or without the crates of this workspace. Returns its folder.
fn write(workspace: &Workspace, program: &Program, with_ours: bool) -> Result<PathBuf, String> {
    let name = format!("{}{}", program.name, if with_ours { "" } else { "-alone" });
    let adds = if with_ours { program.adds } else { &[] };
    let mut lines = program.brings.to_owned();
    for (package, features) in adds {
        lines.push('\n');
        lines.push_str(&own(workspace, package, features));
    }
    let tokio = "tokio = { version = \"1\", features = [\"macros\", \"rt\", \"net\", \"time\"] }";
    let provider = if program.brings.contains("rustls-no-provider") {
        "rustls::crypto::ring::default_provider().install_default().unwrap();"
    } else {
        ""
    };
    write_package(
        workspace,
        &name,
        NEW_RUST,
        &format!("{lines}\n{tokio}"),
        &program.main.replace("PROVIDER", provider).replace("SERVER", SERVER),
    )
}

/// The versions of this package in lines such as `reqwest v0.13.5 json,stream`.
fn versions(tree: &str, package: &str) -> Vec<String> {
    let mut versions: Vec<String> = lines_of(tree, package).map(|(version, _)| version.to_owned()).collect();
    versions.sort_unstable();
    versions.dedup();
    versions
}

fn features<'a>(tree: &'a str, package: &str) -> Vec<&'a str> {
    lines_of(tree, package).flat_map(|(_, features)| features.split(',')).collect()
}

fn lines_of<'a>(tree: &'a str, package: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let start = format!("{package} v");
    tree.lines().filter_map(move |line| {
        let (version, features) = line.strip_prefix(&start)?.split_once(' ').unwrap_or_default();
        Some((version, features.trim_end_matches(" (*)")))
    })
}

/// The features that change the TLS of a client and were not there before. Of rustls' features, those are its providers: rustls
/// chooses one only where it is the only one.
fn added_tls<'a>(before: &[&str], after: &[&'a str]) -> Vec<&'a str> {
    let mut added: Vec<&str> = after
        .iter()
        .copied()
        .filter(|feature| feature.contains("tls") && *feature != "tls12" || PROVIDERS.contains(feature))
        .filter(|feature| !before.contains(feature))
        .collect();
    added.sort_unstable();
    added.dedup();
    added
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_version_and_an_added_feature_are_found() {
        let alone = "fit v0.0.0 (/x) \nreqwest v0.13.5 json\nhttp v1.3.1 default,std (*)";
        let ours = "reqwest v0.13.5 __rustls,json,rustls-no-provider\nreqwest v0.12.1 json (*)";
        assert_eq!(versions(alone, "http"), ["1.3.1"]);
        assert_eq!(versions(ours, "reqwest"), ["0.12.1", "0.13.5"]);
        let added = added_tls(&features(alone, "reqwest"), &features(ours, "reqwest"));
        assert_eq!(added, ["__rustls", "rustls-no-provider"]);
        assert!(added_tls(&features(ours, "reqwest"), &features(alone, "reqwest")).is_empty());
        assert_eq!(added_tls(&["aws_lc_rs", "std"], &["aws_lc_rs", "ring", "std", "tls12"]), ["ring"]);
    }
}
