//! From a file to a source of tokens, and the kinds of errors on the way.
#![expect(clippy::unwrap_used, reason = "a failed test shows its line")]

use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use wellspring_core::{AuthorizationGrant, Provider, UnixTime};
use wellspring_profiles::{AnyProvider, Configuration, Error, Profile, SecretSource, SignsIn};
use wellspring_simulator::{Endpoint, Simulator};
use wellspring_transport_blocking::Builder;

/// A folder with a `wellspring.toml` that is removed at the end of the test.
struct Folder(PathBuf);

impl Folder {
    fn with(configuration: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("profiles-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = Self(std::env::temp_dir().join(name));
        fs::create_dir_all(&folder.0).unwrap();
        fs::write(folder.file(), configuration).unwrap();
        folder
    }

    fn file(&self) -> PathBuf {
        self.0.join("wellspring.toml")
    }

    fn profile(&self, name: &str) -> Profile {
        Configuration::load(self.file()).unwrap().profile(name).unwrap().clone()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_profile_has_everything_that_a_source_needs() {
    let simulator = Simulator::start().unwrap();
    let url = simulator.url();
    let folder = Folder::with(&format!(
        "[store]\nurl = \"file:tokens\"\n[profile.shop]\nprovider = \"pix-bacen\"\nbase_url = \"{url}\"\n\
         client_id = \"your-client-id\"\nclient_secret = {{ file = \"secret\" }}\n\
         api_urls = \"https://api.example\"\n[profile.shop.policy]\nmargin = \"7s\"\n"
    ));
    fs::write(folder.0.join("secret"), "your-client-secret\n").unwrap();
    let profile = folder.profile("shop");
    assert_eq!(profile.policy().unwrap().margin, Duration::from_secs(7));
    assert_eq!(profile.api_urls().unwrap(), ["https://api.example"]);
    let store = profile.store().open().unwrap().unwrap();
    let source = Builder::new(profile.provider().unwrap().into()).store(store).tls(profile.tls().unwrap());
    source.build().unwrap().token().unwrap();
    assert_eq!(simulator.asked(Endpoint::PixToken), 1);
}

#[test]
fn only_a_call_that_needs_an_issuers_endpoints_requests_its_metadata() {
    let simulator = Simulator::start().unwrap();
    let profile = |issuer: &str| {
        let text =
            "provider = \"oauth2-app\"\nclient_id = \"id\"\nredirect_uri = \"https://app.example/back\"";
        Folder::with(&format!("[profile.app]\n{text}\nissuer = \"{issuer}\"\n")).profile("app")
    };
    let app = profile(&simulator.url());
    assert!(matches!(app.signs_in(), Ok(SignsIn::ByBrowser { .. })));
    assert_eq!(simulator.asked(Endpoint::Metadata), 0);
    assert!(matches!(app.provider(), Ok(AnyProvider::Oauth2App(_))));
    assert_ne!(simulator.asked(Endpoint::Metadata), 0);
    let elsewhere = app.app(Some("http://127.0.0.1:8080/cb")).unwrap();
    assert_eq!(elsewhere.redirect_uri().unwrap().as_str(), "http://127.0.0.1:8080/cb");

    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let down = profile(&format!("http://{unused}")).provider().unwrap_err();
    assert!(matches!(&down, Error::Issuer(error) if error.is_transient()), "{down:?}");
    let wrong = profile("http://10.0.0.1").provider().unwrap_err().to_string();
    assert!(wrong.contains("wellspring.toml:5: `issuer` is invalid"), "{wrong}");
}

#[test]
fn the_way_to_the_first_token_is_known_without_a_request() {
    let app = "provider = \"oauth2-app\"\nclient_id = \"id\"\ntoken_url = \"https://a.example/t\"\n";
    let said =
        |lines: &str| Folder::with(&format!("[profile.app]\n{lines}")).profile("app").signs_in().unwrap();
    assert!(matches!(said(app), SignsIn::Unspecified));
    assert!(matches!(said(&format!("{app}device_authorization_url = \"https://x\"")), SignsIn::OnDevice));
    assert!(matches!(said(&format!("{app}grant_type = \"client_credentials\"")), SignsIn::NotNeeded));
    let chain = "provider = \"hive-auth\"\nenvironment = \"live\"\nid = \"x\"\nsecret_key = \"y\"";
    assert!(matches!(said(chain), SignsIn::NotNeeded));
    let SignsIn::ByBrowser { redirect_uri, place } = said(&format!("{app}redirect_uri = \"http://x\""))
    else {
        panic!("a browser")
    };
    assert_eq!((redirect_uri.as_str(), place.key()), ("http://x", "`redirect_uri`"));
    assert!(place.to_string().ends_with("wellspring.toml:5: `redirect_uri`"), "{place}");

    let chain = Folder::with(&format!("[profile.app]\n{chain}")).profile("app");
    let refused = chain.app(None).unwrap_err().to_string();
    assert!(
        refused.ends_with(":1: [profile.app] is not an application; set provider = \"oauth2-app\" for one")
    );
}

#[test]
fn a_missing_file_a_broken_store_and_a_wrong_setting_are_different_errors() {
    let folder = Folder::with("[store]\nurl = \"sqlite:tokens.db\"\n");
    let missing = Configuration::load(folder.0.join("other.toml")).unwrap_err();
    assert!(
        matches!(&missing, Error::File { source, .. } if source.kind() == ErrorKind::NotFound),
        "{missing:?}"
    );
    assert!(missing.to_string().ends_with("other.toml cannot be read"), "{missing}");

    fs::write(folder.0.join("tokens.db"), "no database, and nothing that SQLite would take for one").unwrap();
    let error = Configuration::load(folder.file()).unwrap().store().open().unwrap_err();
    assert!(matches!(error, Error::Store { .. }), "{error:?}");
    assert!(error.to_string().ends_with("wellspring.toml:2: `url` cannot be opened"), "{error}");
    assert!(core::error::Error::source(&error).is_some());

    fs::write(folder.file(), "[store]\nurl = \"file:no/such\"\n").unwrap();
    let error = Configuration::load(folder.file()).unwrap().store().open().unwrap_err();
    assert!(matches!(error, Error::Settings(_)), "{error:?}");
}

#[test]
fn the_place_and_the_source_of_each_secret_are_known_and_no_secret_is_shown() {
    let folder = Folder::with(
        "[profile.app]\nprovider = \"oauth2-app\"\nclient_id = \"id\"\nclient_secret = \"canary\"\n\
         refresh_token = { file = \"refresh\" }\ndeveloper_token = { env = \"TOKEN\" }\n\
         [profile.app.tls]\nclient_key = \"key.pem\"\n",
    );
    let app = folder.profile("app");
    let places: Vec<_> = app.secrets().map(|(place, source)| (place.key().to_owned(), source)).collect();
    let file = |name| SecretSource::File(folder.0.join(name));
    assert_eq!(
        places,
        [
            ("`client_secret`".to_owned(), SecretSource::Written),
            ("`refresh_token`".to_owned(), file("refresh")),
            ("`developer_token`".to_owned(), SecretSource::Environment),
            ("`client_key`".to_owned(), file("key.pem")),
        ]
    );
    assert!(!format!("{app:?}").contains("canary"));
}

#[test]
fn a_secret_whose_file_holds_only_white_space_is_empty() {
    const PIX: &str = "provider = \"pix-bacen\"\ngateway = \"goforge\"\nclient_id = \"id\"";
    const HIVE: &str = "provider = \"hive-auth\"\nenvironment = \"sandbox\"\nid = \"operator\"";
    const APP: &str = "provider = \"oauth2-app\"\nclient_id = \"id\"\npreset = \"aihubmix\"\n\
                       base_url = \"http://127.0.0.1:1\"\nredirect_uri = \"http://127.0.0.1/cb\"";
    type Read = fn(&Profile) -> Result<(), Error>;
    let secrets: [(&str, &str, Read); 6] = [
        ("client_secret", PIX, |profile| profile.provider().map(drop)),
        ("secret_key", HIVE, |profile| profile.provider().map(drop)),
        ("client_secret", APP, |profile| profile.provider().map(drop)),
        ("refresh_token", APP, |profile| profile.refresh_token().map(drop)),
        ("developer_token", APP, |profile| profile.developer().map(drop)),
        ("client_key", &format!("{APP}\n[profile.own.tls]\nclient_certificate = \"c.pem\""), |profile| {
            profile.tls().map(drop)
        }),
    ];
    for (key, lines, read) in secrets {
        let folder = Folder::with(&format!("[profile.own]\n{lines}\n{key} = {{ file = \"the.secret\" }}\n"));
        fs::write(folder.0.join("c.pem"), "").unwrap();
        for nothing in ["", "\n", &" ".repeat(4096), " \t\r\n\n"] {
            fs::write(folder.0.join("the.secret"), nothing).unwrap();
            let said = read(&folder.profile("own")).unwrap_err().to_string();
            assert!(said.ends_with(&format!("`{key}` is empty; fill the.secret")), "{nothing:?}: {said}");
        }
    }
}

#[test]
fn account_credentials_need_no_person_and_send_the_token_parameters() {
    let folder = Folder::with(
        "[profile.own]\nprovider = \"oauth2-app\"\ntoken_url = \"https://as.example/token\"\nclient_id = \"id\"\n\
         client_secret = \"secret\"\ngrant_type = \"account_credentials\"\n\
         token_parameters = { account_id = \"42\" }\n",
    );
    let profile = folder.profile("own");
    assert!(matches!(profile.signs_in().unwrap(), SignsIn::NotNeeded));
    let provider: Arc<dyn Provider> = profile.provider().unwrap().into();
    let request = provider.request(&AuthorizationGrant::ClientCredentials, UnixTime::EPOCH).unwrap();
    assert_eq!(request.expose_body(), b"grant_type=account_credentials&account_id=42");
}
