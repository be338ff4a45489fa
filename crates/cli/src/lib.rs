//! The `wellspring` command, as a library: its own tests run the demo from here.
#![forbid(unsafe_code)]

mod apps;
mod arguments;
mod call;
pub mod demo;
mod doctor;
mod driver;
mod exit;
mod interrupt;
mod logging;
mod login;
mod logout;
mod simulate;
mod source;
mod span;
mod status;
mod token;

use std::io::{IsTerminal, stdout};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use wellspring_profiles::{Configuration, Profile};

use crate::arguments::{Apps, Arguments, Command};
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
    let profile = |name: &str| Ok::<_, Failure>(Configuration::load(config)?.profile(name)?.clone());
    match command {
        Command::Demo => show(),
        Command::Token(wish) => {
            let profile = profile(&wish.profile)?;
            timed(profile, move |profile| token::run(profile, &wish, &mut stdout()))
        }
        Command::Call(wish) => {
            let profile = profile(&wish.profile)?;
            timed(profile, move |profile| call::run(profile, &wish, &mut stdout()))
        }
        Command::Login(wish) => {
            let profile = profile(&wish.profile)?;
            interrupt::watch()?;
            login::run(&profile, &wish, &mut stdout())
        }
        Command::Apps(Apps::Create(wish)) => {
            let profile = profile(&wish.profile)?;
            interrupt::watch()?;
            apps::create(&profile, &wish, &mut stdout())
        }
        Command::Logout(wish) => {
            let profile = profile(&wish.profile)?;
            interrupt::watch()?;
            logout::run(&profile, &wish)
        }
        Command::Status(wish) => status::run(&Configuration::load(config)?, &wish, &mut stdout()),
        Command::Doctor => doctor::run(&Configuration::load(config)?, &mut stdout()),
        Command::Simulate(wish) => simulate::run(&wish, &mut stdout()),
    }
}

/// The demo, for a person or a pipe.
fn show() -> Result<(), Failure> {
    let colour = stdout().is_terminal() && !logging::without_colour();
    let options = demo::Options { colour, ..demo::Options::default() };
    let broken = demo::run(&options, &mut stdout()).map_err(Failure::output)?;
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
    let time = source::Time::of(&profile)?;
    source::within(time, move || work(&profile))
}
