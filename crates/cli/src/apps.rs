//! `wellspring apps create`: registers an app with the vendor, and keeps its secret off the terminal.
//!
//! The secret is told once, by the vendor's answer: so the file for it is there before anything is asked, no signal
//! comes between the request and the last word about it, and nothing is printed before the secret lies on the disk.

mod secret_file;

use core::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};

use oauth2_app::blocking::register_app;
use oauth2_app::{RedirectUri, RegisteredApp, Registration};
use wellspring_core::{Fate, TokenError};
use wellspring_profiles::{Developer, Profile};
use wellspring_transport_blocking::UreqTransport;

use crate::apps::secret_file::SecretFile;
use crate::arguments::CreateApp;
use crate::exit::{Exit, Failure, say, with_causes};
use crate::interrupt;

/// Registers an app.
pub(crate) fn create(profile: &Profile, wish: &CreateApp, out: &mut dyn Write) -> Result<(), Failure> {
    let Developer { base_url, token, .. } = profile.developer()?;
    if wish.name.trim().is_empty() {
        return Err(Failure::usage("--name is empty; give the app a name that its users will know"));
    }
    let redirect_uri = RedirectUri::new(wish.redirect_uri.as_str())
        .map_err(|error| Failure::usage(format!("--redirect-uri: {error}")))?;
    let registration = Registration::new(&*wish.name, &*wish.description, redirect_uri);
    // Whatever makes the request impossible is found before the file is made.
    let request = registration.request(&base_url, &token);
    request.map_err(|error| Failure::at(profile.place(), format_args!("cannot be used: {error}")))?;
    let policy = profile.policy()?;
    let transport = UreqTransport::new(profile.tls()?)?;

    let file = SecretFile::create(&wish.secret_file)?;
    let hold = interrupt::hold();
    let app = match register_app(&transport, &base_url, &token, &registration, policy.deadline) {
        Ok(app) => app,
        Err(error) => {
            file.discard();
            return Err(refused(&error));
        }
    };
    file.keep(&app)?;
    let lines = lines(profile, &app, wish);
    let told = out.write_all(lines.as_bytes()).and_then(|()| out.flush()).map_err(Failure::output);
    let (name, path) = (profile.name(), wish.secret_file.display());
    say(format_args!(
        "wellspring: the app is registered and its secret is in {path}; what was printed belongs into [profile.{name}]"
    ));
    if let Some(registered) = app.redirect_uri.as_deref().filter(|uri| *uri != wish.redirect_uri) {
        say(format_args!(
            "wellspring: the vendor registered another redirect URI, and no other will work: {}",
            quoted(registered)
        ));
    }
    drop(hold);
    told
}

/// What goes into the profile, as it stands there.
fn lines(profile: &Profile, app: &RegisteredApp, wish: &CreateApp) -> String {
    let file = beside(profile.place().file(), &wish.secret_file);
    let redirect_uri = app.redirect_uri.as_deref().unwrap_or(&wish.redirect_uri);
    format!(
        "client_id = {}\nclient_secret = {{ file = {} }}\nredirect_uri = {}\n",
        quoted(&app.client_id),
        quoted(&file.to_string_lossy()),
        quoted(redirect_uri),
    )
}

/// The path as the configuration has to name it, which looks for files beside itself.
fn beside(configuration: &Path, file: &Path) -> PathBuf {
    let here = configuration.parent().is_none_or(|folder| folder.as_os_str().is_empty());
    if here || file.is_absolute() {
        return file.to_owned();
    }
    std::path::absolute(file).unwrap_or_else(|_| file.to_owned())
}

/// A TOML text that shows nothing but visible ASCII: it goes to a terminal.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        let _ = match letter {
            '"' | '\\' => write!(quoted, "\\{letter}"),
            ' '..='~' => write!(quoted, "{letter}"),
            _ => write!(quoted, "\\U{:08X}", u32::from(letter)),
        };
    }
    quoted + "\""
}

/// Why there is no app, or none that is known.
fn refused(error: &TokenError) -> Failure {
    let exit = Failure::from(error.clone()).exit;
    let answered = error.status().is_some_and(|status| (200..300).contains(&status));
    let advice = match exit {
        // Asked once: a second app would be another one.
        _ if error.fate() == Fate::Unknown => {
            "whether the app is registered is not known: look at the vendor's console before you run it again"
        }
        Exit::TurnedAway if answered => "look at the vendor's console, and check name and redirect URI",
        Exit::TurnedAway => "check the profile's `developer_token` and `base_url`",
        Exit::Usage => "correct the profile",
        _ => "try again later",
    };
    Failure::new(exit, format!("{}; {advice}", with_causes(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_toml_and_harmless_to_a_terminal() {
        for text in ["client_abc", "a\"b\\c", "\u{1b}[2J\n", "é\u{202e}\u{7f}", ""] {
            let line = format!("x = {}", quoted(text));
            assert!(line.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '), "{line}");
            let table: toml::Table = line.parse().unwrap();
            assert_eq!(table["x"].as_str(), Some(text));
        }
    }

    #[test]
    fn a_file_is_named_as_the_configuration_will_look_for_it() {
        let beside = |configuration: &str, file: &str| beside(Path::new(configuration), Path::new(file));
        assert_eq!(beside("wellspring.toml", "app.secret"), Path::new("app.secret"));
        assert_eq!(beside("wellspring.toml", "/run/app.secret"), Path::new("/run/app.secret"));
        assert!(beside("etc/wellspring.toml", "app.secret").is_absolute());
    }
}
