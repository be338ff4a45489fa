//! The `wellspring` command as a library, so that its tests can run the demo in their own process.
//!
//! The command prints tokens, sends authenticated requests and signs users in, from profiles in `wellspring.toml`. Its
//! demo plays every provider and transport against a simulator and checks each line that it prints:
//!
//! ```
//! use wellspring_cli::demo::{self, Options};
//!
//! let mut printed = Vec::new();
//! let failed = demo::run(&Options::default(), &mut printed)?;
//! assert!(failed.is_empty(), "{failed:?}");
//! assert!(String::from_utf8_lossy(&printed).contains("401, renewed, retried once"));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! In scope: arguments, output, exit statuses. Out of scope: tokens and renewals, which the library crates decide.
#![forbid(unsafe_code)]

mod apps;
mod arguments;
mod behind;
mod call;
mod certificate;
pub mod demo;
mod descriptors;
mod doctor;
mod driver;
mod exit;
mod former;
mod interrupt;
mod keep_alive;
mod keygen;
mod logging;
mod login;
mod logout;
mod output;
mod presets;
mod progress;
mod rekey;
mod replaced;
mod sharing;
mod simulate;
mod source;
mod span;
mod status;
mod store;
mod time;
mod token;

use std::io::{IsTerminal, Stdout, Write as _, sink};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use wellspring_profiles::{Configuration, Profile};

use crate::arguments::{Apps, Arguments, Command, StoreCommand};
use crate::exit::{Exit, Failure, say};
use crate::output::{needed_stdout, stdout};
use crate::time::Limit;

/// Carries out the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    let Arguments { config, command } = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return explain(&error),
    };
    match carry_out(&config, command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(format_args!("wellspring: {failure}"));
            failure.exit.code()
        }
    }
}

/// Prints the help, or what is wrong with the command line. The message repeats arguments, which may hold any character.
fn explain(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        error.render().to_string().trim_end().lines().for_each(say);
    } else if let Err(error) = error.print().and_then(|()| std::io::stdout().flush()) {
        let failure = Failure::output(error);
        say(format_args!("wellspring: {failure}"));
        return failure.exit.code();
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Exit::Usage.status()))
}

fn carry_out(config: &Path, command: Command) -> Result<(), Failure> {
    logging::start()?;
    descriptors::check()?;
    interrupt::watch()?;
    // The default TLS provider of this process is ring. An error means that a default is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let profile = |name: &str| {
        let all = Configuration::load(config)?;
        let profile = all.profile(name)?.clone();
        former::tell(&all, &profile);
        Ok::<_, Failure>(profile)
    };
    match command {
        Command::Demo => show(&mut stdout()),
        Command::Token(args) => {
            let profile = profile(&args.profile)?;
            let (name, transport) = (args.profile.clone(), args.transport);
            if args.behind {
                return timed(profile, move |profile, _| behind::renew(profile, transport));
            }
            let mut out = needed_stdout()?;
            if timed(profile, move |profile, _| token::run(profile, &args, &mut out))? {
                behind::start(config, &name, transport);
            }
            Ok(())
        }
        Command::Call(args) => {
            let profile = profile(&args.profile)?;
            let (name, transport) = (args.profile.clone(), args.transport);
            let mut out = stdout();
            if timed(profile, move |profile, limit| call::run(profile, &args, &mut out, limit))? {
                behind::start(config, &name, transport);
            }
            Ok(())
        }
        Command::Login(args) => {
            let profile = profile(&args.profile)?;
            if args.no_browser {
                return login::run(&profile, &args, &mut needed_stdout()?);
            }
            // Only the URL for another browser goes to standard output.
            login::run(&profile, &args, &mut sink())
        }
        Command::Apps(Apps::Create(args)) => {
            let profile = profile(&args.profile)?;
            apps::create(&profile, &args, &mut needed_stdout()?)
        }
        Command::Logout(args) => {
            let profile = profile(&args.profile)?;
            logout::run(&profile, &args)
        }
        Command::KeepAlive(args) => {
            let renew = |profile, settings, transport| {
                timed(profile, move |profile, _| keep_alive::renew(profile, settings, transport))
            };
            keep_alive::run(&Configuration::load(config)?, &args, &mut stdout(), renew)
        }
        Command::Status(args) => status::run(&Configuration::load(config)?, &args, &mut stdout()),
        Command::Doctor(args) => {
            doctor::run(&Configuration::load(config)?, args.profile.as_deref(), &mut stdout())
        }
        Command::Presets(args) => presets::run(&args, &mut stdout()),
        Command::Keygen(args) => keygen::run(&args),
        Command::Store(StoreCommand::Init) => {
            store::init(Configuration::load(config)?.store(), &mut stdout())
        }
        Command::Rekey => rekey::run(Configuration::load(config)?.store(), &mut stdout()),
        Command::Simulate(args) => simulate::run(&args, &mut stdout()),
    }
}

/// Runs the demo, in colour only on a terminal.
fn show(out: &mut Stdout) -> Result<(), Failure> {
    let colour = out.is_terminal() && !logging::colour_is_off();
    let options = demo::Options { colour, ..demo::Options::default() };
    let failed = demo::run(&options, out).map_err(Failure::output)?;
    match failed.first() {
        None => Ok(()),
        Some(line) => Err(Failure::new(Exit::DemoFailed, format!("a check of the demo failed: {line}"))),
    }
}

/// Runs a command that must end within the profile's deadline, unless it lifts that limit.
fn timed<T: Send + 'static>(
    profile: Profile,
    work: impl FnOnce(&Profile, &Limit<T>) -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let time = time::Time::of(&profile)?;
    time::within(time, move |limit| work(&profile, limit))
}
