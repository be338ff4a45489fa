//! The `wellspring` command.
#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    wellspring_cli::run()
}
