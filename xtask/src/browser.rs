//! The sign-in's page in a real browser, which cargo cannot fetch.

use std::process::Command;

use crate::cargo::{cargo, output, run as run_command};
use crate::workspace::Workspace;

/// The programs, and the packages of Debian and its kin that they are in.
const PROGRAMS: [(&str, &str); 2] = [("chromium", "chromium"), ("chromedriver", "chromium-driver")];

/// Installs the browser where that takes nobody's leave.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    match step(missing(), || {
        answers("id", "-u").as_deref() == Some("0") && answers("apt-get", "--version").is_some()
    }) {
        Step::Go => {}
        Step::Install(packages) => {
            println!("  {} missing: installing, which takes a few minutes once", packages.join(" and "));
            install(&packages)?;
            if let Some(program) = missing().first() {
                return Err(format!(
                    "apt-get has installed the packages, and `{}` is still not there.",
                    program.0
                ));
            }
        }
        Step::Ask(sentence) => return Err(sentence),
    }
    // As all other tests are built, so that nothing is built a second time.
    let tests = ["test", "--workspace", "--all-features", "--test", "chromium"];
    run_command(cargo(&workspace.root, tests))
}

/// What comes before the tests.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Go,
    Install(Vec<&'static str>),
    Ask(String),
}

fn step(missing: Vec<(&'static str, &'static str)>, may_install: impl FnOnce() -> bool) -> Step {
    let (programs, packages): (Vec<_>, Vec<_>) = missing.into_iter().unzip();
    if programs.is_empty() {
        Step::Go
    } else if may_install() {
        Step::Install(packages)
    } else {
        let programs = programs.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
        let packages = packages.join(" ");
        Step::Ask(format!(
            "These tests drive Chromium, and {programs} cannot be found in PATH: install what is missing with \
             `sudo apt-get install {packages}` on Debian and its kin, elsewhere Chromium and the ChromeDriver of the \
             same version."
        ))
    }
}

fn missing() -> Vec<(&'static str, &'static str)> {
    PROGRAMS.into_iter().filter(|(program, _)| answers(program, "--version").is_none()).collect()
}

/// What a program that is there says to this.
fn answers(program: &str, argument: &str) -> Option<String> {
    let mut command = Command::new(program);
    command.arg(argument);
    output(command).ok().map(|said| said.trim_end().to_owned())
}

fn install(packages: &[&str]) -> Result<(), String> {
    let apt = |words: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
        output(command).map(drop)
    };
    apt(&["update"])?;
    apt(&[&["install", "--yes", "--no-install-recommends"], packages].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_that_is_there_is_used_and_nobody_is_asked_what_they_may() {
        assert_eq!(step(vec![], || unreachable!("there is nothing to install")), Step::Go);
    }

    #[test]
    fn what_is_missing_is_installed_where_that_is_allowed() {
        assert_eq!(step(PROGRAMS.to_vec(), || true), Step::Install(vec!["chromium", "chromium-driver"]));
        assert_eq!(step(PROGRAMS[1..].to_vec(), || true), Step::Install(vec!["chromium-driver"]));
    }

    #[test]
    fn elsewhere_it_is_asked_for_in_one_sentence_by_the_names_of_its_packages() {
        let Step::Ask(sentence) = step(PROGRAMS.to_vec(), || false) else { panic!("nothing is asked for") };
        assert!(sentence.contains("`chromium` and `chromedriver` cannot be found"), "{sentence}");
        assert!(sentence.contains("`sudo apt-get install chromium chromium-driver`"), "{sentence}");
        let Step::Ask(sentence) = step(PROGRAMS[1..].to_vec(), || false) else {
            panic!("nothing is asked for")
        };
        assert!(
            sentence.contains("`chromedriver` cannot be found") && !sentence.contains('\n'),
            "{sentence}"
        );
    }
}
