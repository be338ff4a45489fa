//! The `wellspring` command as a library, so that its tests can run the demo in their own process.
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
    interrupt::watch()?;
    // The default TLS provider of this process is ring. An error means that a default is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let profile = |name: &str| Ok::<_, Failure>(Configuration::load(config)?.profile(name)?.clone());
    match command {
        Command::Demo => show(),
        Command::Token(args) => {
            let profile = profile(&args.profile)?;
            timed(profile, move |profile| token::run(profile, &args, &mut stdout()))
        }
        Command::Call(args) => {
            let profile = profile(&args.profile)?;
            timed(profile, move |profile| call::run(profile, &args, &mut stdout()))
        }
        Command::Login(args) => {
            let profile = profile(&args.profile)?;
            login::run(&profile, &args, &mut stdout())
        }
        Command::Apps(Apps::Create(args)) => {
            let profile = profile(&args.profile)?;
            apps::create(&profile, &args, &mut stdout())
        }
        Command::Logout(args) => {
            let profile = profile(&args.profile)?;
            logout::run(&profile, &args)
        }
        Command::Status(args) => status::run(&Configuration::load(config)?, &args, &mut stdout()),
        Command::Doctor => doctor::run(&Configuration::load(config)?, &mut stdout()),
        Command::Simulate(args) => simulate::run(&args, &mut stdout()),
    }
}

/// Runs the demo, in colour only on a terminal.
fn show() -> Result<(), Failure> {
    let colour = stdout().is_terminal() && !logging::colour_is_off();
    let options = demo::Options { colour, ..demo::Options::default() };
    let failed = demo::run(&options, &mut stdout()).map_err(Failure::output)?;
    match failed.first() {
        None => Ok(()),
        Some(line) => Err(Failure::new(Exit::DemoFailed, format!("a check of the demo failed: {line}"))),
    }
}

/// Runs a command that must end within the profile's deadline.
fn timed(
    profile: Profile,
    work: impl FnOnce(&Profile) -> Result<(), Failure> + Send + 'static,
) -> Result<(), Failure> {
    let time = source::Time::of(&profile)?;
    source::within(time, move || work(&profile))
}
