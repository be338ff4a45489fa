//! Running cargo from a program that cargo runs.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

/// A cargo command in this folder, with the environment of a shell.
///
/// `cargo run` sets variables about this package. They are removed: a build script that depends on one (ring's does) would
/// otherwise run again for every gate.
pub(crate) fn cargo<S: AsRef<OsStr>>(root: &Path, arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new("cargo");
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let ours = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
        if ours.iter().any(|prefix| text.starts_with(prefix)) || text == "OUT_DIR" {
            command.env_remove(&name);
        }
    }
    command.args(arguments).current_dir(root);
    command
}

/// Runs the command with this program's output. The error names the command.
pub(crate) fn run(mut command: Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("{} cannot be run: {error}.", line(&command)))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` failed ({status}).", line(&command))) }
}

/// Runs the command and returns its output. The error names the command and has its output.
pub(crate) fn output(mut command: Command) -> Result<String, String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{} cannot be run: {error}.", line(&command)))?;
    if output.status.success() {
        String::from_utf8(output.stdout).map_err(|_| format!("`{}` did not print UTF-8.", line(&command)))
    } else {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let stdout = String::from_utf8_lossy(&output.stdout);
        Err(format!("`{}` failed ({}).\n{stdout}{}", line(&command), output.status, stderr.trim_end()))
    }
}

fn line(command: &Command) -> String {
    let words = core::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_fails_is_named_with_its_arguments() {
        let sentence = output(cargo(Path::new("."), ["no-such-command"])).unwrap_err();
        assert!(sentence.starts_with("`cargo no-such-command` failed"), "{sentence}");
    }
}
