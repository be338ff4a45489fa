//! The types of a configuration, with secrets in it and secrets in files and variables that it names.

use std::fs;
use std::path::Path;

use wellspring_profiles::{
    AnyProvider, Configuration, Developer, Error, KeptMetadata, LocalStore, Place, Preset, Profile,
    SecretSource, SignsIn, StoreSettings,
};
use wellspring_store::contract::Folder;

use super::{ACCESS, REFRESH, SECRET, Shown, show};

fn text() -> String {
    format!(
        r#"
[store]
url = "file:tokens"
[profile.app]
provider = "oauth2-app"
preset = "aihubmix"
base_url = "https://api.example"
client_id = "id"
client_secret = "{SECRET}"
redirect_uri = "https://app.example/callback"
refresh_token = {{ file = "refresh" }}
developer_token = "{ACCESS}"
[profile.app.tls]
client_key = "{SECRET}"
client_key_password = "{SECRET}"
client_certificate_password = {{ file = "refresh" }}
[profile.own]
provider = "custom"
token_url = "https://api.example/token"
client_id = "id"
client_secret = "{SECRET}"
request = {{ headers = {{ X-Api-Key = "{SECRET}" }}, secret_parameters = {{ password = "{SECRET}" }} }}
calls = {{ headers = {{ X-Api-Key = "{SECRET}" }}, query = {{ key = "{ACCESS}" }} }}
[profile.key]
provider = "static"
token = "{ACCESS}"
[profile.chain]
provider = "hive-auth"
environment = "sandbox"
id = "operator"
secret_key = "{SECRET}"
[profile.shop]
provider = "pix-bacen"
gateway = "goforge"
client_id = "account-93"
client_secret = "{SECRET}"
"#
    )
}

pub(crate) fn show_all(shown: &mut Shown) {
    let folder = Folder::new();
    let file = folder.path().join("wellspring.toml");
    fs::write(&file, text()).unwrap();
    fs::write(folder.path().join("refresh"), REFRESH).unwrap();
    let all = Configuration::load(&file).unwrap();
    let app: &Profile = all.profile("app").unwrap();
    let kept = all.store().open().unwrap().unwrap();
    let described: &dyn LocalStore = &*kept;
    assert!(described.guarantees().durable);
    show!(shown:
        AnyProvider = all.profile("shop").unwrap().provider().unwrap();
        AnyProvider = all.profile("chain").unwrap().provider().unwrap();
        Configuration = all.clone();
        Developer = app.developer().unwrap();
        Place = app.place().clone();
        Preset = Preset::named("efi").unwrap();
        Profile = all.profile("own").unwrap().clone();
        AnyProvider = all.profile("own").unwrap().provider().unwrap();
        AnyProvider = all.profile("key").unwrap().provider().unwrap();
        Profile = app.clone();
        SignsIn = app.signs_in().unwrap();
        StoreSettings = all.store().clone();
    );
    // The URL of a server may hold a password, and the store that it opens knows it.
    for url in ["redis://app:{}@127.0.0.1:1", "postgres://app:{}@127.0.0.1:1/app"] {
        let url = url.replace("{}", SECRET);
        let text = text().replace("\"file:tokens\"", &format!("\"{url}\"\nsealing = \"off\""));
        fs::write(&file, text).unwrap();
        let all = Configuration::load(&file).unwrap();
        shown.add::<StoreSettings>(&all.store().clone());
        shown.add(&all.store().open().unwrap().unwrap());
        for problem in all.store().open().unwrap().unwrap().problems() {
            shown.add_error(&problem);
        }
    }
    fs::write(
        &file,
        text().replace("\"file:tokens\"", &format!("\"redis://{SECRET}@h\"\nsealing = \"off\"")),
    )
    .unwrap();
    shown.add_error::<Error>(&Configuration::load(&file).unwrap().store().open().unwrap_err());
    let sources: Vec<SecretSource> = app.secrets().map(|(_, source)| source).collect();
    assert_eq!(sources[0], SecretSource::Written);
    shown.add(&app.refresh_token().unwrap());
    shown.add::<Option<KeptMetadata>>(&app.kept_metadata().unwrap());
    for (_, source) in app.secrets().take(3) {
        shown.add(&source);
    }
    // An error names the key and does not show the value.
    shown.add_error::<Error>(&app.tls().unwrap_err());
    for (good, bad) in [
        ("client_id = \"id\"", "client_id = [1]"),
        ("redirect_uri", "redirecturi"),
        ("[store]", "[stor"),
        ("refresh_token = {", "refresh_token = \"x\" {"),
    ] {
        fs::write(&file, text().replacen(good, bad, 1)).unwrap();
        shown.add_error::<Error>(&Configuration::load(&file).unwrap_err());
    }
    shown.add_error::<Error>(&Configuration::load(Path::new("/nowhere/wellspring.toml")).unwrap_err());
}
