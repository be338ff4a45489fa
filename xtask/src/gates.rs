//! Every gate, in order. All of them run, also after one has failed.

use core::time::Duration;

use crate::cargo::{cargo, run as run_command};
use crate::clock::timed;
use crate::programs::{KEYRING, OPENSSL, SERVERS, ensure};
use crate::workspace::Workspace;
use crate::{browser, budget, crash, explore, features, fit, fuzz, interleavings, lowest, storm, tidy};

type Gate = fn(&Workspace) -> Result<(), String>;

const GATES: [(&str, Gate); 15] = [
    ("formatting", formatting),
    ("lints, warnings denied", lints),
    ("tidy", tidy::run),
    ("documentation, warnings denied", documentation),
    ("tests", tests),
    ("the page in a browser", browser::run),
    ("processes in every interleaving", explore::quick),
    ("processes killed, stopped and disturbed", crash::quick),
    ("a storm at a certified server", storm::quick),
    ("threads under every schedule", interleavings::run),
    ("each set of features by itself", features::run),
    ("beside other crates", beside_others),
    ("budgets, and the program without std", budget::run),
    ("benchmarks, each once", benchmarks),
    ("the demo", demo),
];

/// Runs the gates and says how each went.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    run_gates(&GATES, workspace)
}

fn run_gates(gates: &[(&str, Gate)], workspace: &Workspace) -> Result<(), String> {
    let mut summary = Vec::new();
    let mut failed = Vec::new();
    for (n, (heading, gate)) in gates.iter().enumerate() {
        println!("\n== {} of {}: {heading}", n + 1, gates.len());
        let (result, took) = timed(|| gate(workspace));
        summary.push(line(if result.is_ok() { "passed" } else { "FAILED" }, took, heading));
        if let Err(sentence) = result {
            println!("\nThe gate \"{heading}\" failed: {sentence}");
            failed.push(format!("\"{heading}\""));
        }
    }
    println!("\n{}", summary.join("\n"));
    println!("\n{} passed, {} failed", gates.len() - failed.len(), failed.len());
    if failed.is_empty() { Ok(()) } else { Err(format!("These gates failed: {}.", failed.join(", "))) }
}

fn line(verdict: &str, took: Duration, heading: &str) -> String {
    format!("{verdict} {:>7.1} s  {heading}", took.as_secs_f64())
}

fn formatting(workspace: &Workspace) -> Result<(), String> {
    for manifest in ["Cargo.toml", budget::PROOF, budget::PROGRAMS, browser::APPLICATION, fuzz::MANIFEST] {
        run_command(cargo(&workspace.root, ["fmt", "--all", "--check", "--manifest-path", manifest]))?;
    }
    Ok(())
}

fn lints(workspace: &Workspace) -> Result<(), String> {
    if cfg!(target_os = "linux") {
        ensure(&OPENSSL, "The feature `native-tls` needs OpenSSL", "OpenSSL's headers and pkg-config")?;
    }
    let deny = ["--", "-D", "warnings"];
    let mut command =
        cargo(&workspace.root, ["clippy", "--quiet", "--workspace", "--all-targets", "--all-features"]);
    command.args(deny);
    run_command(command)?;
    for manifest in [budget::PROOF, budget::PROGRAMS, browser::APPLICATION] {
        let mut command =
            cargo(&workspace.root, ["clippy", "--quiet", "--workspace", "--manifest-path", manifest]);
        // Beside the workspace's own: what both need is built once.
        command.arg("--target-dir").arg(&workspace.target).args(deny);
        run_command(command)?;
    }
    // The targets without the fuzzer itself, which needs a C++ compiler.
    let mut command = cargo(&workspace.root, ["clippy", "--quiet", "--manifest-path", fuzz::MANIFEST]);
    command.args(["--no-default-features", "--target-dir"]).arg(&workspace.target).args(deny);
    run_command(command)
}

fn documentation(workspace: &Workspace) -> Result<(), String> {
    let arguments = ["doc", "--quiet", "--workspace", "--no-deps", "--all-features"];
    let mut command = cargo(&workspace.root, arguments);
    command.env("RUSTDOCFLAGS", "-D warnings");
    run_command(command)
}

fn tests(workspace: &Workspace) -> Result<(), String> {
    ensure(
        &SERVERS,
        "The tests of stores on the network start servers of their own",
        "Redis, PostgreSQL and PgBouncer",
    )?;
    if cfg!(target_os = "linux") {
        ensure(&KEYRING, "Sealing keys lie in a real keyring", "GNOME Keyring and D-Bus")?;
    }
    run_command(cargo(&workspace.root, ["test", "--workspace", "--all-features", "--no-fail-fast"]))
}

/// In the programs of others, and with the lowest versions that the manifests allow.
fn beside_others(workspace: &Workspace) -> Result<(), String> {
    fit::quick(workspace)?;
    lowest::resolve(workspace).map(drop)
}

/// Without `--bench` on their command line the benchmarks run each case once. With `cargo test` they do so in the
/// profile that the tests were built in, so that nothing is built a second time.
fn benchmarks(workspace: &Workspace) -> Result<(), String> {
    let benches: Vec<&str> =
        workspace.packages.iter().flat_map(|package| &package.benches).map(String::as_str).collect();
    if benches.is_empty() {
        return Err("there is no benchmark in the workspace.".to_owned());
    }
    let mut command = cargo(&workspace.root, ["test", "--workspace", "--all-features"]);
    for bench in benches {
        command.args(["--bench", bench]);
    }
    run_command(command)
}

fn demo(workspace: &Workspace) -> Result<(), String> {
    run_command(cargo(&workspace.root, ["demo"]))
}

#[cfg(test)]
mod tests {
    use core::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn every_gate_runs_and_all_that_failed_are_listed() {
        static RUNS: AtomicU32 = AtomicU32::new(0);
        let fine: Gate = |_| {
            RUNS.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        let broken: Gate = |_| Err("it is broken.".to_owned());
        let workspace = Workspace::default();
        assert_eq!(run_gates(&[("a", fine), ("b", fine)], &workspace), Ok(()));
        assert_eq!(RUNS.swap(0, Ordering::Relaxed), 2);
        assert_eq!(
            run_gates(&[("a", broken), ("b", fine), ("c", broken), ("d", fine)], &workspace),
            Err("These gates failed: \"a\", \"c\".".to_owned())
        );
        assert_eq!(RUNS.load(Ordering::Relaxed), 2);
    }
}
