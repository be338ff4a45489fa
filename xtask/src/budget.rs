//! How many third-party crates each build depends on, and the program that runs without std.
//!
//! Procedural macros and build scripts do not count: they are no part of the program.

use std::path::Path;

use crate::cargo::{cargo, output};
use crate::workspace::Workspace;

/// How many crates `wellspring-core` may depend on.
const CORE: usize = 8;

/// How many crates the blocking build may add to bare ureq with TLS.
const OVER_BARE_UREQ: usize = 14;

/// What has the usual TLS library and no other.
const ONE_TLS_LIBRARY: [(&str, &str); 6] = [
    ("wellspring-transport-async", "reqwest,reqwest-middleware,tower"),
    ("wellspring-transport-blocking", "ureq,ureq-middleware"),
    ("pix-bacen", "async,blocking,rustls-ring"),
    ("wellspring-store-redis", "async"),
    ("wellspring-cli", ""),
    ("wellspring-store-postgres", "tls"),
];

/// What has none: a program chooses its TLS library, and its own clients keep theirs.
const NO_TLS_LIBRARY: [(&str, &str); 3] = [
    ("wellspring-transport-async", "client,reqwest-middleware,tower"),
    ("wellspring-transport-blocking", "client,ureq-middleware"),
    ("wellspring-store-redis", ""),
];

/// The programs to compare, in their own workspace so that each is built with its own features.
pub(crate) const PROGRAMS: &str = "xtask/programs/Cargo.toml";

/// The program without std, in its own package.
pub(crate) const PROOF: &str = "crates/core/no-std-proof/Cargo.toml";

/// Counts, compares, and runs the program without std.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    let root = &workspace.root;
    within("wellspring-core", third_party(root, "wellspring-core", "")?.len(), CORE)?;

    let blocking = third_party(root, "pix-bacen", "blocking,rustls-ring")?;
    let bare = crates_of_program(root, "bare-ureq")?;
    println!("  pix-bacen, blocking: {} crates; bare ureq with TLS: {}", blocking.len(), bare.len());
    for added in added(&blocking, &bare) {
        println!("    over it: {added}");
    }
    within("pix-bacen over bare ureq", blocking.len().saturating_sub(bare.len()), OVER_BARE_UREQ)?;

    for (package, features) in ONE_TLS_LIBRARY {
        one_tls_library(package, &third_party(root, package, features)?)?;
        println!("  {package} with {features}: one TLS library, rustls with ring");
    }
    for (package, features) in NO_TLS_LIBRARY {
        no_tls_library(package, features, &third_party(root, package, features)?)?;
        println!("  {package} with {features}: no TLS library");
    }
    prove_no_std(workspace)
}

fn within(what: &str, count: usize, most: usize) -> Result<(), String> {
    println!("  {what}: {count} crates, at most {most}");
    if count <= most { Ok(()) } else { Err(format!("{what} depends on {count} crates, more than {most}.")) }
}

/// The third-party crates that this package depends on with only these features, each as `name vVERSION`.
pub(crate) fn third_party(root: &Path, package: &str, features: &str) -> Result<Vec<String>, String> {
    tree(root, &["--package", package, "--no-default-features", "--features", features])
}

/// The third-party crates of one of the programs.
pub(crate) fn crates_of_program(root: &Path, program: &str) -> Result<Vec<String>, String> {
    tree(root, &["--manifest-path", PROGRAMS, "--package", program])
}

fn tree(root: &Path, of: &[&str]) -> Result<Vec<String>, String> {
    let how = ["tree", "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"];
    let mut command = cargo(root, how);
    command.args(of);
    Ok(crates(&output(command)?))
}

/// Lines such as `base64 v0.22.1`. A path after the version marks a crate of this workspace, a star a repetition.
fn crates(tree: &str) -> Vec<String> {
    let foreign = |line: &&str| !line.is_empty() && !line.contains('/');
    let mut crates: Vec<String> =
        tree.lines().filter(foreign).map(|line| line.trim_end_matches(" (*)").to_owned()).collect();
    crates.sort_unstable();
    crates.dedup();
    crates
}

fn added<'a>(ours: &'a [String], bare: &[String]) -> Vec<&'a str> {
    let name = |line: &'_ str| line.split(' ').next().unwrap_or_default().to_owned();
    let bare: Vec<String> = bare.iter().map(|line| name(line)).collect();
    ours.iter().filter(|line| !bare.contains(&name(line))).map(String::as_str).collect()
}

/// The TLS libraries and providers among these crates.
fn tls_libraries(crates: &[String]) -> impl Iterator<Item = &str> {
    let known = ["ring", "aws-lc-rs", "openssl", "native-tls", "boring"];
    crates.iter().filter_map(|line| line.split(' ').next()).filter(move |name| known.contains(name))
}

fn one_tls_library(package: &str, crates: &[String]) -> Result<(), String> {
    let found: Vec<&str> = tls_libraries(crates).collect();
    if found == ["ring"] {
        return Ok(());
    }
    Err(format!("{package} depends on {found:?}, but ring must be its only TLS library."))
}

fn no_tls_library(package: &str, features: &str, crates: &[String]) -> Result<(), String> {
    match tls_libraries(crates).next() {
        Some(name) => {
            Err(format!("{package} with {features} depends on {name}: TLS is the program's choice."))
        }
        None => Ok(()),
    }
}

fn prove_no_std(workspace: &Workspace) -> Result<(), String> {
    let mut command = cargo(&workspace.root, ["run", "--quiet", "--release", "--manifest-path", PROOF]);
    command.arg("--target-dir").arg(workspace.target.join("no-std-proof"));
    let printed = output(command)?;
    for line in printed.lines() {
        println!("  {line}");
    }
    summarized(&printed)
}

/// A program that does nothing also exits with zero: the output must show the whole run.
fn summarized(printed: &str) -> Result<(), String> {
    let whole = ["acquired", "renewed", "rejected", "without std"];
    match whole.iter().find(|word| !printed.contains(**word)) {
        Some(word) => Err(format!("the program without std did not print \"{word}\".")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_of_this_workspace_and_repetitions_do_not_count() {
        let tree = "a v1.0.0 (/somewhere/a)\nb v1.0.0\nc v2.0.0\nb v1.0.0 (*)\n\n";
        assert_eq!(crates(tree), ["b v1.0.0", "c v2.0.0"]);
    }

    #[test]
    fn more_than_the_budget_is_an_error() {
        assert!(within("x", 8, 8).is_ok());
        assert_eq!(within("x", 9, 8), Err("x depends on 9 crates, more than 8.".to_owned()));
    }

    #[test]
    fn a_second_tls_library_is_found_and_one_where_there_must_be_none() {
        let crates = |names: &[&str]| names.iter().map(|name| format!("{name} v1.0.0")).collect::<Vec<_>>();
        assert!(one_tls_library("x", &crates(&["openssl-probe", "ring", "rustls"])).is_ok());
        assert!(one_tls_library("x", &crates(&["aws-lc-rs", "ring"])).is_err());
        assert!(one_tls_library("x", &crates(&["rustls"])).is_err());
        assert!(no_tls_library("x", "client", &crates(&["hyper"])).is_ok());
        assert!(no_tls_library("x", "client", &crates(&["ring"])).is_err());
    }

    #[test]
    fn a_program_that_does_nothing_is_found() {
        assert!(summarized("without std: acquired, renewed, rejected").is_ok());
        assert!(summarized("").is_err());
    }
}
