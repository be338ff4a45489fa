//! `wellspring.toml`: reading it, and each part of its profiles that needs no network.
#![no_main]

use std::fs;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use oauth2_app::{Discovery, Metadata};
use tempfile::NamedTempFile;
use wellspring_fuzz::check_error;
use wellspring_profiles::{Configuration, Error, Profile, parse_duration};

static FILE: LazyLock<NamedTempFile> =
    LazyLock::new(|| NamedTempFile::new().expect("there is a temporary folder"));

static METADATA: LazyLock<Metadata> = LazyLock::new(|| {
    let document = r#"{"issuer":"https://as.example","token_endpoint":"https://as.example/token"}"#;
    let discovery = Discovery::new("https://as.example").expect("the issuer is allowed");
    discovery.read_document(document).expect("the document is metadata")
});

fuzz_target!(|text: &[u8]| {
    if let Ok(text) = core::str::from_utf8(text) {
        let _ = parse_duration(text);
    }
    fs::write(FILE.path(), text).expect("the file is ours");
    match Configuration::load(FILE.path()) {
        Err(error) => check(&error),
        Ok(configuration) => {
            for profile in configuration.profiles() {
                assert!(configuration.profile(profile.name()).is_ok(), "a profile is not found by its name");
                read(profile);
            }
        }
    }
});

/// Reads what a profile says. The metadata of an issuer is not requested.
fn read(profile: &Profile) {
    let results = [
        profile.policy().err(),
        profile.tls().err(),
        profile.api_urls().err(),
        profile.refresh_token().err(),
        profile.issuer().err(),
        profile.signs_in().err(),
        profile.provider_with(&METADATA).err(),
    ];
    results.iter().flatten().for_each(check);
    let _ = (profile.secrets().count(), profile.store().outlives_the_process(), profile.place().key().len());
}

/// The path in the message is ours.
fn check(error: &Error) {
    check_error(error);
}
