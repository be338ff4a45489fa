//! What a first program costs: one call with the program's own token, with wellspring in both colours, with oauth2 and
//! reqwest by hand, and a bare HTTP client without tokens.

use std::fs;

use crate::budget::{PROGRAMS, crates_of_program};
use crate::cargo::{cargo, run as run_command};
use crate::clock::timed;
use crate::workspace::Workspace;

/// The package, its source, and what it is.
const COMPARED: [(&str, &str, &str); 4] = [
    ("first-async", "examples/first-program/src/main.rs", "wellspring, async"),
    ("first-blocking", "xtask/programs/first-blocking/src/main.rs", "wellspring, blocking"),
    ("oauth2-reqwest", "xtask/programs/oauth2-reqwest/src/main.rs", "oauth2 and reqwest by hand"),
    ("bare-ureq", "xtask/programs/bare-ureq/src/main.rs", "bare ureq, one token request"),
];

/// Builds each program from nothing and prints what it costs.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    println!("  {:<30} {:>6} {:>6} {:>9} {:>11}", "program", "lines", "crates", "build", "bytes");
    for (program, source, shown) in COMPARED {
        let source = workspace.root.join(source);
        let text = fs::read_to_string(&source).map_err(|error| format!("{}: {error}.", source.display()))?;
        let crates = crates_of_program(&workspace.root, program)?.len();
        let target = workspace.target.join("first-program").join(program);
        if target.exists() {
            fs::remove_dir_all(&target).map_err(|error| format!("{}: {error}.", target.display()))?;
        }
        let mut command =
            cargo(&workspace.root, ["build", "--quiet", "--release", "--manifest-path", PROGRAMS]);
        command.args(["--package", program]).arg("--target-dir").arg(&target);
        let (built, took) = timed(|| run_command(command));
        built?;
        let binary = target.join("release").join(format!("{program}{}", std::env::consts::EXE_SUFFIX));
        let bytes = fs::metadata(&binary).map_err(|error| format!("{}: {error}.", binary.display()))?.len();
        println!(
            "  {shown:<30} {:>6} {crates:>6} {:>7.1} s {bytes:>11}",
            lines_of_code(&text),
            took.as_secs_f64()
        );
    }
    Ok(())
}

/// The lines that are neither empty nor a comment nor part of an attribute of the crate.
fn lines_of_code(text: &str) -> usize {
    let mut in_attribute = false;
    let counts = |line: &&str| {
        in_attribute |= line.starts_with("#![");
        let is_code = !in_attribute && !line.trim().is_empty() && !line.trim_start().starts_with("//");
        in_attribute &= !line.ends_with(']');
        is_code
    };
    text.lines().filter(counts).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_empty_lines_and_attributes_of_the_crate_do_not_count() {
        assert_eq!(
            lines_of_code("//! A program.\n#![forbid(unsafe_code)]\n\nfn main() {\n    // Nothing.\n}\n"),
            2
        );
        assert_eq!(
            lines_of_code("#![expect(\n    a_lint,\n    reason = \"of a kind\"\n)]\nfn main() {}\n"),
            1
        );
    }
}
