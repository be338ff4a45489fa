//! `wellspring apps create`: registers an app with the vendor and keeps its secret off the terminal.
//!
//! The vendor sends the secret once. Therefore the command creates the file before it sends the request, defers signals
//! until it has reported the result, and prints nothing before the secret is on the disk.

mod quoted;
mod secret_file;

use std::io::Write;
use std::path::{Path, PathBuf};

use oauth2_app::RedirectUri;
use oauth2_app::aihubmix::blocking::register_app;
use oauth2_app::aihubmix::{RegisteredApp, Registration};
use wellspring_core::{Fate, TokenError};
use wellspring_profiles::{Developer, Profile};

use crate::apps::quoted::quoted;
use crate::apps::secret_file::SecretFile;
use crate::arguments::CreateApp;
use crate::exit::{Exit, Failure, say, with_causes};
use crate::interrupt;

/// Registers an app.
pub(crate) fn create(profile: &Profile, args: &CreateApp, out: &mut dyn Write) -> Result<(), Failure> {
    let Developer { base_url, token, .. } = profile.developer()?;
    if args.name.trim().is_empty() {
        return Err(Failure::usage("--name is empty; give the app a name that its users will know"));
    }
    let redirect_uri = RedirectUri::new(args.redirect_uri.as_str())
        .map_err(|error| Failure::usage(format!("--redirect-uri: {error}")))?;
    let registration = Registration::new(&*args.name, &*args.description, redirect_uri);
    // A request that cannot be built must fail before the file exists.
    let request = registration.request(&base_url, &token);
    request.map_err(|error| Failure::at(profile.place(), format_args!("cannot be used: {error}")))?;
    let policy = profile.policy()?;
    let transport = profile.transport()?;

    let file = SecretFile::create(&args.secret_file)?;
    let signals = interrupt::defer_signals();
    let app = match register_app(&transport, &base_url, &token, &registration, policy.deadline) {
        Ok(app) => app,
        Err(error) => {
            file.discard();
            return Err(refused(&error));
        }
    };
    file.keep(&app)?;
    let lines = lines(profile, &app, args);
    let printed = out.write_all(lines.as_bytes()).and_then(|()| out.flush()).map_err(Failure::output);
    let (name, path) = (profile.name(), args.secret_file.display());
    say(format_args!(
        "wellspring: the app is registered and its secret is in {path}; add the printed lines to [profile.{name}]"
    ));
    if let Some(registered) = app.redirect_uri.as_deref().filter(|uri| *uri != args.redirect_uri) {
        say(format_args!(
            "wellspring: the vendor registered another redirect URI, and only that one works: {}",
            quoted(registered)
        ));
    }
    drop(signals);
    printed
}

/// The lines for the profile, in TOML.
fn lines(profile: &Profile, app: &RegisteredApp, args: &CreateApp) -> String {
    let file = beside(profile.place().file(), &args.secret_file);
    let redirect_uri = app.redirect_uri.as_deref().unwrap_or(&args.redirect_uri);
    format!(
        "client_id = {}\nclient_secret = {{ file = {} }}\nredirect_uri = {}\n",
        quoted(&app.client_id),
        quoted(&file.to_string_lossy()),
        quoted(redirect_uri),
    )
}

/// The path as the configuration must name it: relative paths there start at the folder of the configuration.
fn beside(configuration: &Path, file: &Path) -> PathBuf {
    let here = configuration.parent().is_none_or(|folder| folder.as_os_str().is_empty());
    if here || file.is_absolute() {
        return file.to_owned();
    }
    std::path::absolute(file).unwrap_or_else(|_| file.to_owned())
}

/// The failure of a registration.
fn refused(error: &TokenError) -> Failure {
    let exit = Failure::from(error.clone()).exit;
    let answered = error.status().is_some_and(|status| (200..300).contains(&status));
    let advice = match exit {
        // A retry could register a second app.
        _ if matches!(error.fate(), Fate::Unknown | Fate::Answered) => {
            "the app may or may not be registered: look at the vendor's console before you run this again"
        }
        Exit::Refused if answered => "look at the vendor's console, and check the name and the redirect URI",
        Exit::Refused => "check the profile's `developer_token` and `base_url`",
        Exit::Usage => "correct the profile",
        _ => "try again later",
    };
    Failure::new(exit, format!("{}; {advice}", with_causes(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_relative_to_the_configuration() {
        let beside = |configuration: &str, file: &str| beside(Path::new(configuration), Path::new(file));
        assert_eq!(beside("wellspring.toml", "app.secret"), Path::new("app.secret"));
        assert_eq!(beside("wellspring.toml", "/run/app.secret"), Path::new("/run/app.secret"));
        assert!(beside("etc/wellspring.toml", "app.secret").is_absolute());
    }
}
