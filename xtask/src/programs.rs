//! Programs that cargo cannot fetch: a gate that needs one installs it where that is allowed, and asks for it elsewhere.

use std::process::Command;

use crate::cargo::output;

/// A program that can tell its version, or a command that fails without what it asks for; with its package on Debian and its
/// derivatives.
pub(crate) type Program = (&'static str, &'static str);

/// What the feature `native-tls` is built with on Linux.
pub(crate) const OPENSSL: [Program; 2] =
    [("pkg-config", "pkg-config"), ("pkg-config --modversion openssl", "libssl-dev")];

/// The servers that tests of stores start; `psql` and `pg_dump` come with Postgres.
pub(crate) const SERVERS: [Program; 3] =
    [("redis-server", "redis-server"), ("psql", "postgresql"), ("pgbouncer", "pgbouncer")];

/// The keyring of an operating system, for the tests of the feature `keyring`.
pub(crate) const KEYRING: [Program; 2] =
    [("gnome-keyring-daemon", "gnome-keyring"), ("dbus-run-session", "dbus-daemon")];

/// Installs the programs that are missing if this process runs as root. `purpose` begins the sentence that asks for them,
/// `elsewhere` ends it for systems without apt.
pub(crate) fn ensure(programs: &[Program], purpose: &str, elsewhere: &str) -> Result<(), String> {
    match step(missing(programs), purpose, elsewhere, may_install) {
        Step::Go => Ok(()),
        Step::Install(packages) => {
            println!("  {} missing: installing (once, a few minutes)", packages.join(" and "));
            install(&packages)?;
            match missing(programs).first() {
                None => Ok(()),
                Some((program, _)) => {
                    Err(format!("apt-get installed the packages, but `{program}` still cannot be run."))
                }
            }
        }
        Step::Ask(sentence) => Err(sentence),
    }
}

/// Whether apt-get is here and this process runs as root.
pub(crate) fn may_install() -> bool {
    answers("id", "-u").as_deref() == Some("0") && answers("apt-get", "--version").is_some()
}

/// What to do before the gate.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Go,
    Install(Vec<&'static str>),
    Ask(String),
}

fn step(missing: Vec<Program>, purpose: &str, elsewhere: &str, may_install: impl FnOnce() -> bool) -> Step {
    let (programs, packages): (Vec<_>, Vec<_>) = missing.into_iter().unzip();
    if programs.is_empty() {
        Step::Go
    } else if may_install() {
        Step::Install(packages)
    } else {
        let programs = programs.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
        let packages = packages.join(" ");
        Step::Ask(format!(
            "{purpose}, and {programs} cannot be run: on Debian and its derivatives run \
             `sudo apt-get install {packages}`; elsewhere install {elsewhere}."
        ))
    }
}

fn missing(programs: &[Program]) -> Vec<Program> {
    let is_missing = |(program, _): &Program| match program.split_once(' ') {
        Some((program, arguments)) => answers(program, arguments).is_none(),
        None => answers(program, "--version").is_none(),
    };
    programs.iter().copied().filter(is_missing).collect()
}

/// The output of this program with these arguments; `None` if the program cannot be run or fails.
fn answers(program: &str, arguments: &str) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments.split(' '));
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

    const PROGRAMS: [Program; 2] = [("chromium", "chromium"), ("chromedriver", "chromium-driver")];

    #[test]
    fn installed_programs_are_used_without_a_look_at_permissions() {
        assert_eq!(step(vec![], "", "", || unreachable!("there is nothing to install")), Step::Go);
    }

    #[test]
    fn missing_programs_are_installed_where_that_is_allowed() {
        let step = |missing| step(missing, "", "", || true);
        assert_eq!(step(PROGRAMS.to_vec()), Step::Install(vec!["chromium", "chromium-driver"]));
        assert_eq!(step(PROGRAMS[1..].to_vec()), Step::Install(vec!["chromium-driver"]));
    }

    #[test]
    fn elsewhere_one_sentence_asks_the_user_to_install_the_packages() {
        let step = |missing| step(missing, "These tests drive Chromium", "both", || false);
        let Step::Ask(sentence) = step(PROGRAMS.to_vec()) else { panic!("nothing is asked for") };
        assert!(sentence.contains("`chromium` and `chromedriver` cannot be run"), "{sentence}");
        assert!(sentence.contains("`sudo apt-get install chromium chromium-driver`"), "{sentence}");
        assert!(sentence.ends_with("elsewhere install both."), "{sentence}");
        let Step::Ask(sentence) = step(PROGRAMS[1..].to_vec()) else { panic!("nothing is asked for") };
        assert!(sentence.contains("`chromedriver` cannot be run") && !sentence.contains('\n'), "{sentence}");
    }
}
