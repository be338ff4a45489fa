//! Tests of presets: each file is read whole, and a profile over one.

use wellspring_core::Provider;

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

fn configuration(preset: &str, rest: &str) -> Result<Configuration, Error> {
    let text = format!("[profile.p]\npreset = \"{preset}\"\n{rest}");
    Configuration::read(Path::new("w.toml"), &text)
}

#[test]
fn the_printed_profile_names_the_certificate_in_the_form_in_which_the_bank_hands_it_out() {
    let lines = |name| Preset::named(name).unwrap().profile();
    let efi = lines("efi");
    let expected = "[profile.efi.tls]\nclient_certificate = \"efi.p12\"\n\
        client_certificate_password = { env = \"EFI_P12_PASSWORD\" }\n# or:\n\
        # client_certificate = \"efi.pem\" # the certificate and its chain\n# client_key = \"efi.key\"\n";
    assert!(efi.ends_with(expected), "{efi}");
    assert!(lines("santander").contains("\nclient_certificate = \"santander.pfx\"\n"));
    for (name, ending) in [("sicredi", "cer"), ("itau", "crt"), ("cora", "pem")] {
        let printed = lines(name);
        assert!(printed.contains(&format!("\nclient_certificate = \"{name}.{ending}\" #")), "{printed}");
        assert!(printed.contains(&format!("\n# client_certificate = \"{name}.p12\"\n")), "{printed}");
    }
}

#[test]
fn an_environment_that_a_preset_does_not_have_is_refused_with_the_way_to_it() {
    for (preset, environment, says) in [
        (
            "sicoob",
            "sandbox",
            "must be one of: live. The sandbox has a fixed token: preset = \"sicoob-sandbox\"",
        ),
        ("sicoob-sandbox", "live", "must be one of: sandbox. For live use preset = \"sicoob\""),
        ("salesforce", "sandbox", "remove it. For a sandbox set instance to \"test.salesforce.com\""),
        ("efi", "sandbx", "must be one of: live, sandbox"),
    ] {
        let error =
            configuration(preset, &format!("environment = \"{environment}\"\nsandbox_client_id = \"c\"\n"))
                .unwrap_err();
        let error = error.to_string();
        assert!(error.starts_with("w.toml:3:") && error.ends_with(says), "{preset}: {error}");
    }
}

#[test]
fn each_data_centre_of_zoho_has_its_two_domains() {
    let own = "client_id = \"c\"\nclient_secret = \"s\"\nredirect_uri = \"http://127.0.0.1:1/cb\"\n";
    for (domains, accounts) in [
        ("", "https://accounts.zoho.com/oauth/v2/token"),
        ("region = \"com.au\"\n", "https://accounts.zoho.com.au/oauth/v2/token"),
        ("region = \"ca\"\naccounts = \"zohocloud.ca\"\n", "https://accounts.zohocloud.ca/oauth/v2/token"),
    ] {
        let zoho = configuration("zoho", &[own, domains].concat()).unwrap();
        let provider: Arc<dyn Provider> = zoho.profile("p").unwrap().provider().unwrap().into();
        let key = String::from_utf8_lossy(provider.spec().key.as_bytes()).into_owned();
        assert!(key.contains(accounts), "{domains}: {key}");
    }
}
