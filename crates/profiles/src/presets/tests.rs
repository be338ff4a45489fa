//! Tests of presets: each file is read whole, and a profile over one.

use super::*;
use crate::configuration::Configuration;

#[test]
fn every_file_of_the_folder_is_a_preset_and_says_what_it_must() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/presets");
    let files =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<_> = files.filter_map(|file| file.strip_suffix(".toml").map(str::to_owned)).collect();
    files.sort();
    let names: Vec<_> = PRESETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names, files, "the list in presets.rs names every file, sorted");
    for (name, text) in PRESETS {
        let preset = Layers::read(name, text).and_then(|layers| layers.describe(name)).unwrap();
        assert!(!preset.source.trim().is_empty(), "{name}");
        assert!(["custom", "oauth2-app", "static"].contains(&preset.provider.as_str()), "{name}");
    }
    assert_eq!(Preset::all().len(), PRESETS.len() + 1);
}

#[test]
fn the_profile_that_is_printed_for_a_preset_can_be_read_in_each_environment() {
    for preset in Preset::all() {
        let text = preset.profile();
        let line = |line: &&str| line.starts_with("environment");
        for environment in preset.environments.iter().map(String::as_str).chain(["live"]) {
            let text = match text.lines().find(line) {
                Some(old) => text.replace(old, &format!("environment = \"{environment}\"")),
                None => text.clone(),
            };
            if let Err(error) = Configuration::read(Path::new("w.toml"), &text) {
                let no_such_environment = !preset.environments.is_empty()
                    && !preset.environments.iter().any(|known| known == environment);
                assert!(no_such_environment, "{}: {error}\n{text}", preset.name);
            }
        }
    }
}

#[test]
fn the_profile_that_is_printed_for_a_vendor_with_users_signs_in_by_browser() {
    let google =
        Configuration::read(Path::new("w.toml"), &Preset::named("google").unwrap().profile()).unwrap();
    let signs_in = google.profile("google").unwrap().signs_in().unwrap();
    assert!(matches!(signs_in, crate::SignsIn::ByBrowser { .. }), "{signs_in:?}");

    let github = Preset::named("github").unwrap().profile();
    assert!(github.contains("# client_secret = { env = \"GITHUB_CLIENT_SECRET\" }\n"), "{github}");
}
