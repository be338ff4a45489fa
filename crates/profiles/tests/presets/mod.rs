//! Each preset against a stand-in of its documented dialect, over TLS and on the preset's own URLs.
//!
//! Both transports run these tests; see `presets_async.rs` and `presets_blocking.rs`.

mod certificates;
mod facts;
mod request;
mod stand_in;

use core::time::Duration;
use std::fs;
use std::sync::Arc;

use oauth2_app::{App, Authorization, Callback, Entropy};
use tempfile::TempDir;
use wellspring_core::{
    AccessToken, AuthorizationGrant, ExistingTokens, HttpRequest, HttpResponse, Provider, Reading,
    RefreshToken, ResponseHead, Revocation, TokenError, TokenResponse, UnixTime,
};
use wellspring_profiles::{Configuration, Error, Preset, Profile};

use crate::driver::{self, TokenSource, twin};
use facts::{Facts, Place};
use request::{difference, pairs};
use stand_in::StandIn;

/// One preset in one of its environments, its stand-in, and a folder with a profile.
struct Scene {
    name: String,
    facts: Arc<Facts>,
    environment: &'static str,
    place: Place,
    stand_in: StandIn,
    folder: TempDir,
}

impl Scene {
    fn all() -> Vec<Self> {
        let mut scenes = Vec::new();
        for (name, facts) in Facts::all() {
            let facts = Arc::new(facts);
            for (environment, place) in facts.places() {
                let (stand_in, folder) = (StandIn::start(&facts, place), tempfile::tempdir().unwrap());
                let (name, place, facts) = (name.clone(), place.clone(), Arc::clone(&facts));
                scenes.push(Self { name, facts, environment, place, stand_in, folder });
            }
        }
        scenes
    }

    /// The profile with these keys, and these further lines.
    fn profile_of(&self, keys: &[&str], more: &str) -> Result<Profile, Error> {
        let Self { name, environment, folder, stand_in, .. } = self;
        let mut text =
            format!("[profile.own]\npreset = \"{name}\"\n{environment}{}\n{more}", keys.join("\n"));
        text += "[profile.own.tls]\nca_certificate = \"ca.pem\"\n";
        if self.place.needs_certificate() {
            text += "client_certificate = \"client.pem\"\nclient_key = \"key.pem\"\n";
        }
        let at = |file| folder.path().join(file);
        fs::write(at("ca.pem"), &stand_in.certificates.authority).unwrap();
        fs::write(at("client.pem"), &stand_in.certificates.client).unwrap();
        fs::write(at("key.pem"), &stand_in.certificates.client_key).unwrap();
        fs::write(at("wellspring.toml"), text).unwrap();
        let profile = Configuration::load(at("wellspring.toml"))?.profile("own")?.clone();
        profile.provider()?;
        Ok(profile)
    }

    fn profile(&self) -> Profile {
        self.profile_of(&self.facts.keys(), "").unwrap_or_else(|error| panic!("{self}: {error}"))
    }

    fn source(&self, profile: &Profile) -> (TokenSource, driver::ManualClock) {
        let clock = driver::Clock::manual(1_796_000_000);
        let builder = driver::builder(profile).proxy(self.stand_in.url.clone()).clock(&clock);
        (builder.build().unwrap(), clock)
    }

    /// The value, or what the stand-in complained of.
    fn value<T>(&self, result: Result<T, TokenError>) -> T {
        result.unwrap_or_else(|error| panic!("{self}: {error:?}\n{}", self.stand_in.complaints()))
    }
}

impl core::fmt::Display for Scene {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} {}", self.name, self.environment.trim_end())
    }
}

/// The grant of a sign-in whose user agrees.
fn sign_in(app: &App, scene: &Scene) -> AuthorizationGrant {
    let Authorization { url, login, .. } = app.authorize(&Entropy::new([7; 64])).unwrap();
    let (at, query) = url.split_once('?').unwrap();
    let documented = scene.facts.authorize.as_ref().unwrap();
    assert_eq!(at, documented.url(scene.environment), "{scene}");
    let sent = pairs(query);
    assert_eq!(difference(&sent, &documented.query), None, "{scene}");
    let (_, state) = sent.into_iter().find(|(name, _)| name == "state").unwrap();
    app.finish(login, &Callback::read(&format!("code=code-1&state={state}"))).unwrap()
}

#[twin::test]
async fn each_preset_gets_its_token_and_calls_its_api_as_the_vendor_documents() {
    for scene in Scene::all() {
        let profile = scene.profile();
        let (source, clock) = scene.source(&profile);
        let grants = &scene.facts.grant;
        let token = match &scene.facts.authorize {
            Some(_) => scene.value(source.sign_in(sign_in(&profile.app(None).unwrap(), &scene)).await),
            None => scene.value(source.token().await),
        };
        let lifetime = grants.first().and_then(|grant| grant.lifetime).map(Duration::from_secs);
        assert_eq!(token.lifetime(), lifetime, "{scene}");

        let call = http::Request::get(&scene.place.call).body(()).unwrap();
        let answer = scene.value(source.send(call).await);
        assert_eq!(answer.status(), 200, "{scene}: {}", scene.stand_in.complaints());

        let mut expected: Vec<_> = grants.iter().take(1).map(|grant| grant.name.as_str()).collect();
        expected.push("call");
        if let Some(refresh) = grants.get(1) {
            clock.advance(lifetime.unwrap_or(Duration::from_secs(3_600)));
            if lifetime.is_none() {
                let _ = source.reject(token.generation());
            }
            let renewed = scene.value(source.token().await);
            assert_eq!(renewed.expose(), "second-token", "{scene}");
            assert_eq!(renewed.lifetime(), refresh.lifetime.map(Duration::from_secs), "{scene}");
            expected.push(&refresh.name);
        }
        assert_eq!(scene.stand_in.served(), expected, "{scene}");
        assert_eq!(scene.stand_in.complaints(), "", "{scene}");
    }
}

#[twin::test]
async fn each_documented_refusal_is_an_error_of_the_right_kind_and_repeats_no_secret() {
    for scene in Scene::all() {
        let Some(refused) = &scene.facts.refused else { continue };
        // What may pass is tried until the deadline; the clock stands still for all others.
        let passing = ["unavailable", "protocol"].contains(&refused.means.as_str());
        let deadline = if passing { "[profile.own.policy]\ndeadline = \"2s\"\n" } else { "" };
        let profile = scene.profile_of(&scene.facts.keys(), deadline).unwrap();
        let source = match passing {
            true => driver::builder(&profile).proxy(scene.stand_in.url.clone()).build().unwrap(),
            false => scene.source(&profile).0,
        };
        scene.stand_in.refuse();
        if scene.facts.authorize.is_some() {
            let refresh = scene.refresh_token();
            assert!(scene.value(source.import(ExistingTokens::new(refresh.as_str())).await), "{scene}");
        }
        let error = source.token().await.unwrap_err();
        assert_eq!(scene.stand_in.complaints(), "", "{scene}");
        assert!(refused.is(&error.kind()), "{scene}: {error:?}");
        for secret in ["s+cret", "refresh-one"] {
            assert!(!format!("{error} {error:?}").contains(secret), "{scene}: {error:?}");
        }
    }
}

#[twin::test]
async fn a_sign_out_revokes_the_refresh_token_where_the_vendor_documents_it() {
    let scenes: Vec<_> = Scene::all().into_iter().filter(|scene| scene.place.revocation.is_some()).collect();
    assert!(scenes.len() >= 9);
    for scene in scenes {
        let profile = scene.profile();
        let (source, _) = scene.source(&profile);
        let refresh = scene.refresh_token();
        assert!(scene.value(source.import(ExistingTokens::new(refresh.as_str())).await), "{scene}");
        let revocation = scene.value(source.sign_out().await);
        let complaints = scene.stand_in.complaints();
        assert!(matches!(revocation, Revocation::Done), "{scene}: {revocation:?} {complaints}");
        assert_eq!(scene.stand_in.served(), [format!("revoke {refresh}")], "{scene}: {complaints}");
    }
}

impl Scene {
    /// The refresh token of the documented refresh.
    fn refresh_token(&self) -> String {
        let grant = &self.facts.grant[1];
        let json = || serde_json::from_str(grant.json.as_deref().unwrap()).unwrap();
        let members = grant.form.clone().unwrap_or_else(json);
        members["refresh_token"].clone()
    }
}

#[twin::test]
async fn a_bank_that_demands_a_certificate_is_not_reached_without_one() {
    let scene = Scene::all().into_iter().find(|scene| scene.name == "efi").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "[profile.own]\nprovider = \"custom\"\ntoken_url = \"{}\"\n{}\n[profile.own.request]\nencoding = \"json\"\n\
         client_authentication = \"basic_verbatim\"\nparameters = {{ grant_type = \"client_credentials\" }}\n\
         [profile.own.policy]\ndeadline = \"2s\"\n[profile.own.tls]\nca_certificate = \"ca.pem\"\n",
        scene.place.token_url.as_ref().unwrap(),
        scene.facts.keys().join("\n")
    );
    fs::write(folder.path().join("ca.pem"), &scene.stand_in.certificates.authority).unwrap();
    fs::write(folder.path().join("wellspring.toml"), text).unwrap();
    let configuration = Configuration::load(folder.path().join("wellspring.toml")).unwrap();
    let profile = configuration.profile("own").unwrap();
    let source = driver::builder(profile).proxy(scene.stand_in.url.clone()).build().unwrap();
    let error = source.token().await.unwrap_err();
    assert!(error.to_string().contains("client certificate"), "{error}");
    assert_eq!(scene.stand_in.served(), [""; 0]);
}

#[twin::test]
async fn a_call_that_cannot_be_sent_repeats_neither_the_token_nor_a_key_of_the_profile() {
    for scene in Scene::all().into_iter().filter(|scene| ["banco-do-brasil", "asaas"].contains(&&*scene.name))
    {
        let profile = scene.profile();
        let builder = driver::builder(&profile).clock(driver::Clock::manual(1_796_000_000));
        // No proxy listens there.
        let source = builder.proxy("http://127.0.0.1:1").build().unwrap();
        if scene.name != "asaas" {
            source.adopt(TokenResponse::new("first-token")).unwrap();
        }
        let call = http::Request::get(&scene.place.call).body(()).unwrap();
        let error = source.send(call).await.unwrap_err();
        let said =
            format!("{error} {error:?} {:?} {profile:?} {source:?}", core::error::Error::source(&error));
        for secret in ["first-token", "d27b67790cffab50136be17db0050c56b9d1a5b1"] {
            assert!(!said.contains(secret), "{scene}: {said}");
        }
    }
}

#[test]
fn each_preset_has_facts_and_what_it_says_without_a_request_is_documented() {
    // One preset has code, and its own tests.
    let presets: Vec<_> =
        Preset::all().iter().map(|preset| preset.name.to_owned()).filter(|name| name != "aihubmix").collect();
    assert_eq!(presets, Facts::all().into_keys().collect::<Vec<_>>());

    for scene in Scene::all() {
        let profile = scene.profile();
        assert!(profile.api_urls().unwrap().iter().any(|url| scene.place.call.starts_with(url)), "{scene}");
        let Some(_) = &scene.facts.authorize else { continue };
        let app = profile.app(None).unwrap();
        let url = |request: Option<HttpRequest>| request.map(|request| request.url().to_owned());
        let device = url(app.device_authorization().ok());
        assert_eq!(device, scene.place.device_authorization, "{scene}");
        assert_eq!(url(app.access_revocation(&AccessToken::new("a"))), scene.place.revocation, "{scene}");
        assert_eq!(url(app.userinfo_request().ok()), scene.place.userinfo, "{scene}");
        let refresh = AuthorizationGrant::RefreshToken(RefreshToken::new("r"));
        assert_eq!(url(app.request(&refresh, UnixTime::EPOCH).ok()), scene.place.token_url, "{scene}");

        let grant = &scene.facts.grant[1];
        let answer = HttpResponse::new(ResponseHead::new(200), grant.answer.as_str());
        let Reading::Granted(read) = app.read(&refresh, &answer, UnixTime::EPOCH) else { panic!("{scene}") };
        assert_eq!(read.refresh_lifetime, grant.refresh_lifetime.map(Duration::from_secs), "{scene}");
    }
}

#[test]
fn a_key_that_a_preset_requires_and_a_profile_lacks_is_an_error_that_names_it_and_its_line() {
    for scene in Scene::all() {
        let keys = scene.facts.keys();
        let missing = |key: &&str| !key.starts_with("redirect_uri") && !key.starts_with("scopes");
        for (number, key) in keys.iter().enumerate().filter(|(_, key)| missing(key)) {
            let mut others = keys.clone();
            others.remove(number);
            let name = key.split(' ').next().unwrap();
            match scene.profile_of(&others, "") {
                // A variable with a default.
                Ok(_) => assert!(["instance", "region", "client_secret"].contains(&name), "{scene}: {name}"),
                Err(error) => {
                    let said = error.to_string();
                    assert!(
                        said.contains("wellspring.toml:1: ") && said.contains(&format!("`{name}`")),
                        "{scene}: {said}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_client_without_a_secret_is_public_and_the_profiles_own_method_replaces_the_presets() {
    let scene = Scene::all().into_iter().find(|scene| scene.name == "github").unwrap();
    let request = |secret: &'static str| {
        let keys = scene.facts.keys().into_iter();
        let keys: Vec<_> =
            keys.map(|key| if key.starts_with("client_secret") { secret } else { key }).collect();
        let provider: Arc<dyn Provider> = scene.profile_of(&keys, "").unwrap().provider().unwrap().into();
        let refresh = AuthorizationGrant::RefreshToken(RefreshToken::new("r"));
        let request = provider.request(&refresh, UnixTime::EPOCH).unwrap();
        let basic =
            request.headers().iter().any(|header| header.name().eq_ignore_ascii_case("authorization"));
        (pairs(core::str::from_utf8(request.expose_body()).unwrap()), basic)
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let refresh = vec![pair("grant_type", "refresh_token"), pair("refresh_token", "r")];

    let public = [refresh.as_slice(), &[pair("client_id", "client-1")]].concat();
    assert_eq!(request(""), (public, false));
    let own = "client_secret = \"s\"\ntoken_endpoint_auth_method = \"client_secret_basic\"";
    assert_eq!(request(own), (refresh, true));
}

#[test]
fn an_app_of_a_directory_acts_for_itself_with_the_same_preset() {
    let scene = Scene::all().into_iter().find(|scene| scene.name == "microsoft-entra").unwrap();
    let scope = "https://graph.microsoft.com/.default";
    let (grant, scopes) = ("grant_type = \"client_credentials\"", format!("scopes = \"{scope}\""));
    let keys = ["client_id = \"client-1\"", "client_secret = \"s\"", "tenant = \"contoso\"", grant, &scopes];
    let provider: Arc<dyn Provider> = scene.profile_of(&keys, "").unwrap().provider().unwrap().into();
    let request = provider.request(&AuthorizationGrant::ClientCredentials, UnixTime::EPOCH).unwrap();
    assert_eq!(request.url(), "https://login.microsoftonline.com/contoso/oauth2/v2.0/token");
    let mut sent = pairs(core::str::from_utf8(request.expose_body()).unwrap());
    sent.sort();
    // https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow
    let documented = [
        ("client_id", "client-1"),
        ("client_secret", "s"),
        ("grant_type", "client_credentials"),
        ("scope", scope),
    ];
    assert_eq!(sent, documented.map(|(name, value)| (name.to_owned(), value.to_owned())));
}
