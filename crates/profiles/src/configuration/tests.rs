//! Tests of reading a configuration, and of its errors.

use super::*;
use crate::network_settings::Engine;
use crate::settings::ProviderSettings;
use crate::store_settings::Url;

const GOOD: &str = r#"
[store]
url = "memory:"
[profile.shop]
provider = "pix-bacen"
gateway = "goforge"
client_id = "account-93"
client_secret = { env = "PIX_CLIENT_SECRET" }
[profile.shop.policy]
deadline = "30s"
[profile.shop.tls]
client_certificate = "client.pem"
[profile.app]
provider = "oauth2-app"
preset = "aihubmix"
grant_type = "authorization_code"
client_id = "client_abc"
client_secret = { env = "APP_CLIENT_SECRET" }
token_endpoint_auth_method = "client_secret_post"
redirect_uri = "http://127.0.0.1:8765/oauth/callback"
scopes = ["profile", "balance"]
authorize_parameters = { prompt = "consent" }
[profile.chain]
provider = "hive-auth"
environment = "sandbox"
id = "operator"
secret_key = { file = "hive.secret" }
"#;

fn parse(text: &str, name: &str) -> Result<Profile, String> {
    let read = Configuration::read(Path::new("wellspring.toml"), text);
    read.and_then(|all| all.profile(name).cloned()).map_err(|error| error.to_string())
}

fn refusal(text: &str) -> String {
    parse(text, "shop").expect_err("this configuration is wrong")
}

#[test]
fn a_profile_is_found_by_name_and_has_the_keys_of_its_provider() {
    let ProviderSettings::PixBacen(shop) = parse(GOOD, "shop").unwrap().provider else {
        panic!("a PIX gateway")
    };
    assert_eq!(&**shop.client_id.text().unwrap(), "account-93");
    let ProviderSettings::Oauth2App(app) = parse(GOOD, "app").unwrap().provider else {
        panic!("an application")
    };
    assert_eq!(app.scopes.as_ref().unwrap().len(), 2);
    assert_eq!(app.authorize_parameters[0].0, "prompt");
    assert!(matches!(parse(GOOD, "chain").unwrap().provider, ProviderSettings::HiveAuth(_)));
}

#[test]
fn an_unknown_profile_is_named_with_the_existing_ones() {
    assert_eq!(
        parse(GOOD, "shpo").unwrap_err(),
        "wellspring.toml: there is no [profile.shpo]; profiles there: app, chain, shop"
    );
    assert_eq!(
        parse("", "shop").unwrap_err(),
        "wellspring.toml: there is no [profile.shop]; profiles there: none"
    );
}

#[test]
fn an_unknown_key_in_any_section_is_an_error_with_its_line() {
    for (good, bad, message) in [
        (
            "client_id = \"account",
            "clientid = \"account",
            "wellspring.toml:7: `clientid` is not a key of [profile.shop]",
        ),
        ("deadline = ", "timeout = ", "wellspring.toml:10: `timeout` is not a key of [profile.shop.policy]"),
        ("client_certificate", "cert", "wellspring.toml:12: `cert` is not a key of [profile.shop.tls]"),
        ("preset", "base", "wellspring.toml:15: `base` is not a key of [profile.app]"),
        ("environment", "client_id", "wellspring.toml:25: `client_id` is not a key of [profile.chain]"),
        ("url", "uri", "wellspring.toml:3: `uri` is not a key of [store]"),
        ("[store]", "[stores]", "wellspring.toml:2: `stores` is not a key of the configuration"),
    ] {
        let full = refusal(&GOOD.replacen(good, bad, 1));
        assert!(full.starts_with(message), "{full}");
        assert!(full.contains(", which has: "), "{full}");
    }
}

#[test]
fn a_missing_key_is_named_with_its_section() {
    for (line, message) in [
        ("client_id = \"account-93\"\n", "wellspring.toml:4: [profile.shop] lacks `client_id`; add it"),
        (
            "provider = \"pix-bacen\"\n",
            "wellspring.toml:4: [profile.shop] lacks `provider`; add it, such as provider = \"pix-bacen\"",
        ),
        ("id = \"operator\"\n", "wellspring.toml:23: [profile.chain] lacks `id`; add it"),
    ] {
        assert_eq!(refusal(&GOOD.replacen(line, "", 1)), message);
    }
}

#[test]
fn a_value_of_another_form_is_refused_and_never_repeated() {
    const FORM: &str = "must be a string, { env = \"NAME\" } or { file = \"PATH\" }";
    for bad in [
        "1.5",
        "{ environment = \"X\" }",
        "{ env = 3 }",
        "{ env = \"X\", file = \"y\" }",
        "{}",
        "[\"canary\"]",
        "1979-05-27",
    ] {
        let message = refusal(&GOOD.replacen("{ env = \"PIX_CLIENT_SECRET\" }", bad, 1));
        assert_eq!(message, format!("wellspring.toml:8: `client_secret` {FORM}"));
    }
}

#[test]
fn invalid_toml_is_reported_with_its_line_and_without_its_text() {
    for bad in ["\"canary", "canary", "'canary' 'canary'", "\"can\\qary\""] {
        let message = refusal(&GOOD.replacen("{ env = \"PIX_CLIENT_SECRET\" }", bad, 1));
        assert!(message.starts_with("wellspring.toml:8: not valid TOML: "), "{message}");
        assert!(!message.contains("ary"), "{message}");
    }
    let twice = refusal(&GOOD.replacen("gateway =", "client_id = \"canary\"\ngateway =", 1));
    assert!(twice.contains("not valid TOML") && !twice.contains("canary"), "{twice}");
}

#[test]
fn a_store_is_named_by_its_url_and_paths_start_at_the_configurations_folder() {
    let store = |settings: &str| {
        let text = format!("[store]\n{settings}\n");
        Configuration::read(Path::new("etc/wellspring.toml"), &text).unwrap().store
    };
    assert_eq!(store("").url, Url::Memory);
    assert_eq!(store("url = \"memory:\"").url, Url::Memory);
    assert_eq!(store("url = \"file:tokens\"").url, Url::File("etc/tokens".into()));
    assert_eq!(store("url = \"file:/var/tokens\"").url, Url::File("/var/tokens".into()));
    assert_eq!(store("url = \"file:///var/tokens\"").url, Url::File("/var/tokens".into()));
    assert_eq!(store("url = \"sqlite:../w.db\"").url, Url::Sqlite("etc/../w.db".into()));
    let spilling = store("url = \"sqlite:w.db\"\nspill = \"spills\"");
    assert_eq!(spilling.spill, Some("etc/spills".into()));
    assert_eq!(spilling.place.line, 2);
    assert_eq!(spilling.sealing_key_file(), None);
    let sealed = store("url = \"sqlite:w.db\"\nsealing_key_file = \"key\"");
    assert_eq!(sealed.sealing_key_file(), Some(Path::new("etc/key")));
    let none = Configuration::read(Path::new("wellspring.toml"), "").unwrap().store;
    assert_eq!((none.url, none.spill), (Url::Memory, None));
}

#[test]
fn a_url_that_names_no_store_is_refused_with_its_line() {
    let with = |url: &str| refusal(&GOOD.replacen("\"memory:\"", url, 1));
    for (url, message) in [
        (
            "\"memory\"",
            "names no store; write \"file:DIR\", \"sqlite:PATH\", \"postgres://HOST/DATABASE\", \"redis://HOST\" or \"memory:\"",
        ),
        ("\"redis:localhost\"", "names no store; write "),
        ("\"tokens\"", "names no store; write "),
        ("\"mysql://localhost\"", "names no store; write "),
        ("\"file:\"", "names no path; write \"file:DIR\""),
        ("\"sqlite:\"", "names no path; write \"sqlite:PATH\""),
        ("\"file://server/tokens\"", "names a host; write \"file:DIR\" for a path on this machine"),
        ("\"\"", "is empty; give it a value or leave it out"),
    ] {
        let full = with(url);
        assert!(full.starts_with(&format!("wellspring.toml:3: `url` {message}")), "{full}");
    }
    for key in ["key = { env = \"K\" }", "sealing = \"off\""] {
        let message = refusal(&GOOD.replacen("url =", &format!("{key}\nurl ="), 1));
        assert!(
            message.ends_with("is no setting; a sealed store has `sealing_key_file = \"FILE\"`"),
            "{message}"
        );
        assert!(message.starts_with("wellspring.toml:3: `"), "{message}");
    }
    let message = refusal(&GOOD.replacen("url =", "spill = \"d\"\nurl =", 1));
    assert_eq!(message, "wellspring.toml:3: `spill` is for persistent stores; add `url`, or remove it");
    let message = refusal(&GOOD.replacen("url =", "sealing_key_file = \"k\"\nurl =", 1));
    let says = "wellspring.toml:3: `sealing_key_file` is for persistent stores; add `url`, or remove it";
    assert_eq!(message, says);
}

#[test]
fn a_missing_variable_or_file_is_named() {
    let ProviderSettings::PixBacen(shop) = parse(GOOD, "shop").unwrap().provider else {
        panic!("a PIX gateway")
    };
    assert_eq!(
        shop.client_secret.text().unwrap_err().to_string(),
        "wellspring.toml:8: `client_secret` needs the environment variable PIX_CLIENT_SECRET; set it"
    );
    let ProviderSettings::HiveAuth(chain) = parse(GOOD, "chain").unwrap().provider else { panic!("Hive") };
    let message = chain.secret_key.text().unwrap_err().to_string();
    assert!(
        message.starts_with("wellspring.toml:27: `secret_key` cannot be read from hive.secret: "),
        "{message}"
    );
}

#[test]
fn an_unknown_value_is_reported_with_the_allowed_ones() {
    assert_eq!(
        refusal(&GOOD.replacen("\"pix-bacen\"", "\"pix\"", 1)),
        "wellspring.toml:5: `provider` must be one of: pix-bacen, oauth2-app, hive-auth, custom, static"
    );
}

/// The processor time of this thread, in nanoseconds: other threads and processes do not add to it.
#[cfg(target_os = "linux")]
fn processor_time() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

/// The least processor time of three for reading this number of profiles.
#[cfg(target_os = "linux")]
fn time_to_read(profiles: usize) -> u64 {
    let one = |number| {
        format!(
            "[profile.p{number}]\nprovider = \"hive-auth\"\nenvironment = \"sandbox\"\nid = \"operator\"\n\
             secret_key = \"x\"\napi_urls = [\"https://api.example\"]\n"
        )
    };
    let text: String = (0..profiles).map(one).collect();
    let once = |_| {
        let started = processor_time();
        assert_eq!(
            Configuration::read(Path::new("wellspring.toml"), &text).unwrap().profiles().len(),
            profiles
        );
        processor_time() - started
    };
    (0..3).map(once).min().unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn the_time_to_read_a_file_grows_with_its_length_and_not_with_the_square() {
    let (few, many) = (time_to_read(500), time_to_read(500 * 16));
    // Sixteen times the profiles; the square would be 256 times the time.
    assert!(many < few * 80, "{few} {many}");
}

#[test]
fn a_store_on_a_network_is_named_by_its_url_and_nothing_shows_it() {
    let store = |settings: &str| {
        let text = format!("[store]\n{settings}\n");
        Configuration::read(Path::new("etc/wellspring.toml"), &text).map(|read| read.store)
    };
    let named = store("url = \"postgres://u:canary@db/tokens\"\ntable = \"a.b\"\nsealing = \"off\"").unwrap();
    assert!(named.outlives_the_process() && named.folder().is_none() && named.unsealed);
    assert!(!format!("{named:?}").contains("canary"), "{named:?}");
    let beside = named.beside(&wellspring_core::TokenKey::new("p", "e"), "login").unwrap();
    assert!(beside.to_string_lossy().starts_with("etc/wellspring.toml.login-"), "{}", beside.display());
    for (settings, says) in [
        ("url = \"postgres://db/t\"\nsealing = \"on\"", "`sealing` is \"off\" or left out"),
        (
            "url = \"postgres://db/t\"\nsealing_key_file = \"k\"\nsealing = \"off\"",
            "contradicts the sealing key",
        ),
        ("url = \"sqlite:w.db\"\ntable = \"t\"", "`table` is for stores in a database on a network"),
        ("url = \"sqlite:w.db\"\nprefix = \"t\"", "`prefix` is for stores in Redis; remove it"),
        ("url = \"postgres://db/t\"\nprefix = \"t\"", "a store in Postgres has `table`"),
        ("url = \"postgres://db/t\"\nclient_key = \"t\"", "`client_key` is for stores in Redis; the URL of"),
        ("url = \"redis://db\"\ntable = \"t\"", "a store in Redis has `prefix`"),
        ("url = \"redis://db\"\nclient_key = \"t\"", "`client_key` needs `client_certificate`; add it"),
        (
            "url = \"redis://db\"\nclient_certificate = \"t\"",
            "`client_certificate` needs `client_key`; add it",
        ),
        ("url = \"redis://db\"\npassword = \"canary\"", "`password` is not a key of [store]"),
    ] {
        let error = store(settings).unwrap_err().to_string();
        assert!(error.contains(says) && error.starts_with("etc/wellspring.toml:"), "{error}");
        assert!(!error.contains("canary"), "{error}");
    }
}

#[test]
fn the_kind_of_server_is_in_the_scheme_and_a_password_in_the_url_is_a_secret_of_the_file() {
    let store = |url: &str| {
        let text = format!("[store]\nurl = \"{url}\"\n");
        Configuration::read(Path::new("wellspring.toml"), &text).unwrap().store
    };
    for (urls, engine) in [
        (&["postgres://u:p@h/d", "postgresql://h/d?user=u&password=p"][..], Engine::Postgres),
        (
            &[
                "redis://:p@h",
                "rediss://u:p@h/1",
                "valkey://u:p@h",
                "redis+sentinel://u:p@h/main",
                "sentinel://u:p@h/m",
            ],
            Engine::Redis,
        ),
    ] {
        for url in urls {
            let settings = store(url);
            let Url::Network(named) = &settings.url else { panic!("{url} is on this machine") };
            assert_eq!(named.engine(), engine, "{url}");
            let sources: Vec<_> = settings.secrets().map(|(_, source)| source).collect();
            assert_eq!(sources, [crate::value::SecretSource::Written], "{url}");
        }
    }
    for url in ["postgres://u@h/d", "redis://h:1/2", "rediss+cluster://a:1,b:2", "file:tokens"] {
        assert_eq!(store(url).secrets().count(), 0, "{url}");
    }
}
