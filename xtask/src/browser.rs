//! Runs the sign-in page's tests in a real browser, which cargo cannot fetch.

use std::process::Command;

use crate::cargo::{cargo, output, run as run_command};
use crate::workspace::Workspace;

/// The programs, each with its package on Debian and its derivatives.
const PROGRAMS: [(&str, &str); 2] = [("chromium", "chromium"), ("chromedriver", "chromium-driver")];

/// Runs the tests. Installs the browser if it is missing and the process runs as root.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    match step(missing(), || {
        answers("id", "-u").as_deref() == Some("0") && answers("apt-get", "--version").is_some()
    }) {
        Step::Go => {}
        Step::Install(packages) => {
            println!("  {} missing: installing (once, a few minutes)", packages.join(" and "));
            install(&packages)?;
            if let Some(program) = missing().first() {
                return Err(format!(
                    "apt-get installed the packages, but `{}` still cannot be run.",
                    program.0
                ));
            }
        }
        Step::Ask(sentence) => return Err(sentence),
    }
    // The same features as for all other tests, so that cargo builds nothing twice.
    let tests = ["test", "--workspace", "--all-features", "--test", "chromium"];
    run_command(cargo(&workspace.root, tests))
}

/// What to do before the tests.
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
            "These tests drive Chromium, and {programs} cannot be found in PATH: on Debian and its derivatives run \
             `sudo apt-get install {packages}`; elsewhere install Chromium and the ChromeDriver of the same version."
        ))
    }
}

fn missing() -> Vec<(&'static str, &'static str)> {
    PROGRAMS.into_iter().filter(|(program, _)| answers(program, "--version").is_none()).collect()
}

/// The output of this program; `None` if the program cannot be run.
fn answers(program: &str, argument: &str) -> Option<String> {
    let mut command = Command::new(program);
    command.arg(argument);
    output(command).ok().map(|printed| printed.trim_end().to_owned())
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
    fn an_installed_browser_is_used_without_a_look_at_permissions() {
        assert_eq!(step(vec![], || unreachable!("there is nothing to install")), Step::Go);
    }

    #[test]
    fn missing_programs_are_installed_where_that_is_allowed() {
        assert_eq!(step(PROGRAMS.to_vec(), || true), Step::Install(vec!["chromium", "chromium-driver"]));
        assert_eq!(step(PROGRAMS[1..].to_vec(), || true), Step::Install(vec!["chromium-driver"]));
    }

    #[test]
    fn elsewhere_one_sentence_asks_the_user_to_install_the_packages() {
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
