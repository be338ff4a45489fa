//! Whose session a profile has, and which profile takes over a record of an earlier version.
//!
//! A profile that a person signs in to is an identity of its own, whatever its settings have in common with others. Two
//! profiles share a session if both name the same `user`. Earlier versions stored one record for all profiles with the same
//! client and scopes. Only one profile may have it: of those that would find it, the one that stands first in the file.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use oauth2_app::{AppBuilder, FormerRecord};
use wellspring_core::Scope;

use crate::error::Error;
use crate::settings::Oauth2App;
use crate::value::{Source, Value};

/// The profiles of one file, for the question which of them takes over a record. Answered once, when it is asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claims(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    candidates: OnceLock<Vec<Candidate>>,
    /// The session of the profile that stands first, for each former record.
    first: OnceLock<HashMap<Vec<String>, Session>>,
}

/// A profile that a person may sign in to.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) settings: Arc<Oauth2App>,
}

/// Whose session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Session {
    User(String),
    Profile(String),
}

impl Claims {
    /// The claims of these profiles, which are all of their file. Each profile has a clone of `self`.
    pub(crate) fn are_of(&self, mut candidates: Vec<Candidate>) {
        candidates.sort_by_key(|candidate| candidate.line);
        // A file is read once.
        let _ = self.0.candidates.set(candidates);
    }

    /// The profiles that would find the record that an earlier version has stored for these settings, if they are of several
    /// sessions. The first one takes it over.
    pub(crate) fn rivals(&self, settings: &Oauth2App) -> Vec<&str> {
        let record = former_record(settings);
        let candidates = self.0.candidates.get().into_iter().flatten();
        let rivals: Vec<_> = candidates
            .filter(|candidate| former_record(&candidate.settings) == record)
            .filter_map(|Candidate { name, settings, .. }| {
                Some((name.as_str(), Session::of(name, settings).ok()?))
            })
            .collect();
        let differs = |first: &Session| rivals.iter().any(|(_, session)| session != first);
        if !rivals.first().is_some_and(|(_, first)| differs(first)) {
            return Vec::new();
        }
        rivals.into_iter().map(|(name, _)| name).collect()
    }

    /// Whether this profile takes over the record that an earlier version has stored for these settings.
    fn belong_to(&self, session: &Session, settings: &Oauth2App) -> bool {
        let first = self.0.first.get_or_init(|| {
            let mut first = HashMap::new();
            for Candidate { name, settings, .. } in self.0.candidates.get().into_iter().flatten() {
                // Without its user a profile finds no record.
                let Ok(session) = Session::of(name, settings) else { continue };
                first.entry(former_record(settings)).or_insert(session);
            }
            first
        });
        first.get(&former_record(settings)).is_none_or(|first| first == session)
    }
}

impl Session {
    pub(crate) fn of(profile: &str, settings: &Oauth2App) -> Result<Self, Error> {
        Ok(match &settings.user {
            Some(user) => Self::User(user.text()?.to_string()),
            None => Self::Profile(profile.to_owned()),
        })
    }
}

/// Puts the identity of a profile that a person signs in to into its app.
pub(crate) fn identify(
    app: AppBuilder,
    profile: &str,
    settings: &Oauth2App,
    claims: &Claims,
) -> Result<AppBuilder, Error> {
    let session = Session::of(profile, settings)?;
    let first = claims.belong_to(&session, settings);
    let app = app.former_record(if first { FormerRecord::NoUser } else { FormerRecord::Nothing });
    Ok(match session {
        Session::User(user) => app.user(user),
        Session::Profile(name) => app.profile(name),
    })
}

/// The settings that were in the key of an earlier version.
fn former_record(settings: &Oauth2App) -> Vec<String> {
    let Oauth2App { preset, base_url, issuer, token_url, client_id, .. } = settings;
    let single = [preset, base_url, issuer, token_url, client_id];
    let mut parts: Vec<String> = single.into_iter().map(|value| shown(value.as_ref())).collect();
    for (name, value) in &settings.token_parameters {
        parts.extend([name.clone(), shown(Some(value))]);
    }
    let scopes = settings.scopes.iter().flatten().map(|scope| shown(Some(scope))).collect::<Vec<_>>();
    parts.push(Scope::parse(&scopes.join(" ")).to_string());
    parts
}

/// The text of a value, or where it would come from if it cannot be read now.
fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else { return String::new() };
    value.text().map_or_else(
        |_| match &value.source {
            Source::Written(_) | Source::Template(..) => String::new(),
            Source::Environment(name) => format!("env {name}"),
            Source::File(path) => format!("file {}", path.display()),
        },
        |text| text.to_string(),
    )
}
