//! The `wellspring` command, as a library: its own tests run the demo from here.
#![forbid(unsafe_code)]

mod arguments;
mod configuration;
mod exit;
mod interrupt;
mod logging;
mod simulate;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command};
use crate::exit::Failure;

/// Carries out the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    match carry_out(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("wellspring: {failure}");
            failure.exit.code()
        }
    }
}

fn carry_out(arguments: &Arguments) -> Result<(), Failure> {
    logging::start()?;
    let out = &mut std::io::stdout().lock();
    match &arguments.command {
        Command::Simulate(wish) => simulate::run(wish, out),
        _ => Ok(()),
    }
}
