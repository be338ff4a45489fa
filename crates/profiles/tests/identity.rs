//! Whose session a profile has: its key, its former key, and with whom it may share.
#![expect(clippy::unwrap_used, reason = "a failed test shows its line")]

use core::sync::atomic::{AtomicU32, Ordering};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use wellspring_core::{Provider, TokenKey};
use wellspring_profiles::Configuration;

const USER: &str = "provider = \"oauth2-app\"\nauthorize_url = \"https://auth.example/authorize\"\n\
                    token_url = \"https://auth.example/token\"\nclient_id = \"client_abc\"\n\
                    redirect_uri = \"http://127.0.0.1:8765/\"\nscopes = [\"profile\", \"balance\"]\n";

const ITSELF: &str = "provider = \"oauth2-app\"\ntoken_url = \"https://auth.example/token\"\n\
                      grant_type = \"client_credentials\"\nclient_id = \"client_abc\"\n\
                      client_secret = \"correct horse\"\n";

/// The profiles of a file, in the order of their definitions.
struct Profiles(Configuration, PathBuf);

impl Profiles {
    fn of(sections: &[(&str, &str, &str)]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("identity-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("client"), "client_abc\n").unwrap();
        let sections = sections.iter().map(|(name, base, more)| format!("[profile.{name}]\n{base}{more}\n"));
        let file = folder.join("wellspring.toml");
        fs::write(&file, sections.collect::<String>()).unwrap();
        Self(Configuration::load(&file).unwrap(), folder)
    }

    fn key(&self, name: &str) -> TokenKey {
        let provider: Arc<dyn Provider> = self.0.profile(name).unwrap().provider().unwrap().into();
        provider.spec().key.clone()
    }

    /// Whether this profile takes over the record of an earlier version.
    fn claims(&self, name: &str) -> bool {
        self.key(name).former().is_some()
    }

    fn may_share(&self, one: &str, other: &str) -> bool {
        self.0.profile(one).unwrap().may_share_with(self.0.profile(other).unwrap())
    }
}

impl Drop for Profiles {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.1);
    }
}

#[test]
fn a_profile_is_an_identity_of_its_own_unless_it_names_a_user() {
    let all = Profiles::of(&[
        ("work", USER, ""),
        ("home", USER, ""),
        ("ann", USER, ""),
        ("mail", USER, "user = \"ann\""),
        ("calendar", USER, "user = \"ann\""),
        ("other", USER, "user = \"ben\""),
    ]);
    assert_ne!(all.key("work"), all.key("home"));
    assert_eq!(all.key("mail"), all.key("calendar"));
    assert_ne!(all.key("mail"), all.key("other"));
    assert_ne!(all.key("mail"), all.key("ann"), "a user is not the profile of that name");
    assert!(all.may_share("mail", "calendar"));
    for (one, other) in [("work", "home"), ("mail", "other"), ("mail", "ann")] {
        assert!(!all.may_share(one, other), "{one} {other}");
    }
}

#[test]
fn a_profile_with_other_scopes_has_the_same_session() {
    let wide = USER.replace("\"balance\"", "\"balance\", \"email\"");
    let (before, after) = (Profiles::of(&[("work", USER, "")]), Profiles::of(&[("work", &wide, "")]));
    assert_eq!(before.key("work"), after.key("work"));
    assert_ne!(before.key("work").former(), after.key("work").former());
}

#[test]
fn profiles_without_a_sign_in_share_a_token_if_client_and_scopes_are_the_same() {
    let all =
        Profiles::of(&[("one", ITSELF, ""), ("two", ITSELF, ""), ("wide", ITSELF, "scopes = [\"profile\"]")]);
    assert_eq!(all.key("one"), all.key("two"));
    assert_ne!(all.key("one"), all.key("wide"));
    assert!(all.may_share("one", "two"));
    let all = Profiles::of(&[("one", ITSELF, "user = \"ann\"")]);
    let error = all.0.profile("one").unwrap().provider().unwrap_err().to_string();
    assert!(error.contains("`user` is for a profile that a person signs in to"), "{error}");
}

#[test]
fn of_several_profiles_with_one_former_record_the_first_in_the_file_takes_it() {
    let all = Profiles::of(&[
        ("work", USER, ""),
        ("home", USER, ""),
        ("narrow", &USER.replace(", \"balance\"", ""), ""),
    ]);
    assert_eq!(["work", "home", "narrow"].map(|name| all.claims(name)), [true, false, true]);
    let turned = Profiles::of(&[("home", USER, ""), ("work", USER, "")]);
    assert_eq!(["work", "home"].map(|name| turned.claims(name)), [false, true]);
}

#[test]
fn profiles_of_one_user_take_a_former_record_together() {
    let all = Profiles::of(&[
        ("mail", USER, "user = \"ann\""),
        ("work", USER, ""),
        ("calendar", USER, "user = \"ann\""),
    ]);
    assert_eq!(["mail", "work", "calendar"].map(|name| all.claims(name)), [true, false, true]);
}

#[test]
fn a_former_record_is_the_same_however_the_settings_are_written() {
    let from_file = USER
        .replace("\"client_abc\"", "{ file = \"client\" }")
        .replace("[\"profile\", \"balance\"]", "[\"balance profile\"]")
        + "grant_type = \"authorization_code\"\n";
    let all = Profiles::of(&[("work", USER, ""), ("home", &from_file, "")]);
    assert_eq!(["work", "home"].map(|name| all.claims(name)), [true, false]);
}
