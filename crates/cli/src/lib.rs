//! The `wellspring` command, as a library: its own tests run the demo from here.
#![forbid(unsafe_code)]

mod arguments;
mod call;
mod configuration;
pub mod demo;
mod driver;
mod exit;
mod interrupt;
mod logging;
mod simulate;
mod source;
mod token;

use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command};
use crate::configuration::profile::Profile;
use crate::exit::{Exit, Failure, say};

/// Carries out the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    let Arguments { config, command } = Arguments::parse();
    match carry_out(&config, command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(format_args!("wellspring: {failure}"));
            failure.exit.code()
        }
    }
}

fn carry_out(config: &Path, command: Command) -> Result<(), Failure> {
    logging::start()?;
    // Whoever is left to choose for themselves choose ring; that somebody has done so already is fine.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match command {
        Command::Demo => show(),
        Command::Token(wish) => {
            let profile = configuration::profile(config, &wish.profile)?;
            timed(profile, move |profile| token::run(profile, &wish, &mut std::io::stdout()))
        }
        Command::Call(wish) => {
            let profile = configuration::profile(config, &wish.profile)?;
            timed(profile, move |profile| call::run(profile, &wish, &mut std::io::stdout()))
        }
        Command::Simulate(wish) => simulate::run(&wish, &mut std::io::stdout()),
    }
}

/// The demo, for a person or a pipe.
fn show() -> Result<(), Failure> {
    let colour = std::io::stdout().is_terminal() && !logging::without_colour();
    let options = demo::Options { colour, ..demo::Options::default() };
    let broken = demo::run(&options, &mut std::io::stdout()).map_err(Failure::output)?;
    match broken.first() {
        None => Ok(()),
        Some(line) => Err(Failure::new(Exit::DidNotHold, format!("a line of the demo did not hold: {line}"))),
    }
}

/// A command that ends as a whole within the profile's deadline.
fn timed(
    profile: Profile,
    work: impl FnOnce(&Profile) -> Result<(), Failure> + Send + 'static,
) -> Result<(), Failure> {
    interrupt::watch()?;
    let deadline = source::deadline(&profile)?;
    source::within(deadline, move || work(&profile))
}
