//! The tables of a profile: what is refused and with which sentence, presets, and that no secret is shown.
#![expect(clippy::unwrap_used, reason = "a failed test shows its line")]

use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::fs;
use std::sync::Arc;

use wellspring_core::{AuthorizationGrant, Provider, UnixTime};
use wellspring_profiles::{Configuration, Error, Preset, Profile};

const CUSTOM: &str = "[profile.own]\nprovider = 'custom'\ntoken_url = 'https://as.example/token'\nclient_id = 'id'\n\
                      client_secret = 'watchman'\n";

fn load(text: &str) -> Result<Profile, Error> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("tables-{}-{}.toml", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let file = std::env::temp_dir().join(name);
    fs::write(&file, text).unwrap();
    let all = Configuration::load(&file);
    fs::remove_file(&file).unwrap();
    all?.profile("own").cloned()
}

fn provider(text: &str) -> Arc<dyn Provider> {
    load(text).unwrap().provider().unwrap().into()
}

/// What the first use of the profile says, without the file's name.
fn refusal(text: &str) -> String {
    let used = load(text).and_then(|profile| profile.policy().and_then(|_| profile.provider()));
    let error = used.expect_err("this profile is wrong").to_string();
    error.split_once(".toml:").map_or(error.clone(), |(_, rest)| rest.to_owned())
}

#[test]
fn what_a_table_refuses_is_named_with_its_line_and_what_is_accepted() {
    for (lines, said) in [
        (
            "[profile.own.request]\nmetod = 'GET'",
            "7: `metod` is not a key of [profile.own.request], which has: certificate_header, ",
        ),
        ("[profile.own.request]\nmethod = 'PUT'", "7: `method` must be one of: POST, GET"),
        (
            "[profile.own.request]\nmethod = 'GET'\nencoding = 'json'",
            "6: [profile.own.request] cannot be sent: a GET has no body",
        ),
        (
            "[profile.own.request]\nencoding = 'query'",
            "6: [profile.own.request] cannot be sent: a client secret must not be in the URL's query",
        ),
        (
            "[profile.own.request]\nparameters = { a = '1' }\nquery = 'x'",
            "8: `query` must be a table, such as { name = \"value\" }",
        ),
        (
            "[profile.own.request]\nclient_authentication = 'digest'",
            "7: `client_authentication` must be one of: body, basic, basic_verbatim, none, ",
        ),
        ("[profile.own.request]\nclient_authentication = 'none'", "5: `client_secret` is not sent: "),
        (
            "[profile.own.response]\nsuccess = [200, 302]",
            "7: `success` must be statuses from 200 to 299, such as [200, 201]",
        ),
        (
            "[profile.own.response]\naccess_token = []",
            "7: `access_token` is an empty list; write a name such as \"token\", a path such as \"data.token\", or a list of \
             them, or leave it out",
        ),
        (
            "[profile.own.response]\nrefresh_token = []",
            "7: `refresh_token` is an empty list; write a name such as ",
        ),
        (
            "[profile.own.response]\nsuccess = []",
            "7: `success` is an empty list; write a status such as 200, ",
        ),
        (
            "[profile.own.response]\ntoken_types = []",
            "7: `token_types` is an empty list; write a token type ",
        ),
        (
            "[profile.own.response]\naccess_token = 'data..token'",
            "7: `access_token` must be a name such as \"token\", a path such as ",
        ),
        (
            "[profile.own.response]\nlifetime_unit = 'hours'",
            "7: `lifetime_unit` must be one of: seconds, milliseconds, minutes",
        ),
        ("[profile.own.response]\ndefault_lifetime = '0s'", "7: `default_lifetime` must not be zero"),
        (
            "[profile.own.response]\nassumed_lifetime = 'long'",
            "7: `assumed_lifetime` is not a duration; write a whole number and ms, s, m or h",
        ),
        (
            "[profile.own.response]\ncodes = { x = 'fatal' }",
            "7: `x` must be one of: login_required, misconfigured, try_again, ",
        ),
        ("[profile.own.calls]\nheaders = { 'a b' = 'x' }", "7: `a b` must be the name of a header, such as "),
        (
            "[profile.own.calls]\nheaders = { X-Key = \"watchman\\n\" }",
            "7: `X-Key` has a character that no header can carry; ",
        ),
        (
            "[profile.own.calls]\ntoken_header = ''",
            "7: `token_header` is empty; give it a value or leave it out",
        ),
        (
            "[profile.own.calls]\nuser_agent = 'é'",
            "7: `user_agent` has a character that no header can carry; ",
        ),
        ("[profile.own.policy]\nfirst_pause = '0s'", "7: `first_pause` must not be zero"),
        (
            "[profile.own.request]\nheaders = { 'a b' = 'x' }",
            "7: `a b` must be the name of a header, such as ",
        ),
        (
            "[profile.own.request]\nheaders = { X-Key = \"watchman\\n\" }",
            "7: `X-Key` has a character that no header can carry; ",
        ),
        (
            "[profile.own.request]\ncertificate_header = 'a b'",
            "7: `certificate_header` must be the name of a header, such as ",
        ),
        (
            "[profile.own.request]\nheaders = { Authorization = 'watchman' }",
            "6: [profile.own.request] cannot be sent: the header authorization is set by the token request itself; ",
        ),
        (
            "[profile.own.request]\nheaders = { X-Key = 'a', x-key = 'b' }",
            "6: [profile.own.request] cannot be sent: the header x-key of the token request is set twice",
        ),
        (
            "[profile.own.request]\nparameters = { client_secret = 'watchman' }",
            "6: [profile.own.request] cannot be sent: the parameter client_secret of the token request is set twice",
        ),
        (
            "[profile.own.request]\nnames = { refresh = 'r' }",
            "7: `refresh` is no parameter of token requests; on the left stands the standard's name",
        ),
        (
            "[profile.own.request]\nparameters = { tenant = 'a' }\nnames = { tenant = 'org' }",
            "8: `tenant` is a parameter of the profile's own: write it there under the vendor's name",
        ),
    ] {
        let error = refusal(&format!("{CUSTOM}{lines}\n"));
        assert!(error.starts_with(said), "{lines}\n{error}");
        assert!(!error.contains("watchman"), "{error}");
    }
    let without_secret = CUSTOM
        .replace("client_secret = 'watchman'\n", "[profile.own.request]\nclient_authentication = 'basic'\n");
    let error = refusal(&without_secret);
    assert!(
        error.contains("lacks `client_secret`; add it, or set client_authentication = \"none\""),
        "{error}"
    );
}

#[test]
fn a_table_for_a_provider_of_one_form_is_refused() {
    let pix = "[profile.own]\nprovider = 'pix-bacen'\ngateway = 'goforge'\nclient_id = 'id'\nclient_secret = 'watchman'\n";
    let error = refusal(&format!("{pix}[profile.own.request]\nmethod = 'GET'\n"));
    assert!(
        error.starts_with(
            "6: [profile.own.request] is for provider = \"custom\" and provider = \"oauth2-app\"; "
        ),
        "{error}"
    );
    let key = "[profile.own]\nprovider = 'static'\ntoken = 'watchman'\n";
    let error = refusal(&format!("{key}[profile.own.response]\naccess_token = 't'\n"));
    assert!(error.starts_with("4: [profile.own.response] is for profiles with a token endpoint"), "{error}");
    let error = refusal(&format!("{key}expires_at = '2027-01-31'\n"));
    assert!(error.starts_with("4: `expires_at` must be a time such as \"2027-01-31T12:00:00Z\""), "{error}");
    let error = refusal("[profile.own]\nprovider = 'static'\ntoken = 'two words'\n");
    assert!(
        error.starts_with("3: `token` is invalid: the static token is empty, or has a character"),
        "{error}"
    );
    let spec = provider(&format!("{pix}[profile.own.calls]\nheaders = {{ X-Key = 'k' }}\n")).spec().clone();
    assert_eq!(spec.calls.headers()[0].name(), "X-Key");
}

#[test]
fn an_app_says_its_authentication_once_and_takes_localhost() {
    let app = "[profile.own]\nprovider = 'oauth2-app'\nauthorize_url = 'https://as.example/a'\ntoken_url = 'https://as.example/t'\n\
               client_id = 'id'\nclient_secret = 'watchman'\nredirect_uri = 'http://localhost:8765/cb'\n";
    let request = |lines: &str, grant: &AuthorizationGrant| {
        let request = provider(&format!("{app}{lines}")).request(grant, UnixTime::EPOCH).unwrap();
        String::from_utf8(request.expose_body().to_vec()).unwrap()
    };
    let refresh = AuthorizationGrant::refresh_token("r");
    assert_eq!(
        request("", &refresh),
        "grant_type=refresh_token&refresh_token=r",
        "basic authentication by default"
    );
    let names = "[profile.own.request]\nencoding = 'json'\nclient_authentication = 'body'\nclient_id_name = 'clientId'\n\
                 client_secret_name = 'clientSecret'\nnames = { refresh_token = 'refreshToken', grant_type = 'grantType' }\n";
    let body =
        r#"{"grantType":"refresh_token","refreshToken":"r","clientId":"id","clientSecret":"watchman"}"#;
    assert_eq!(request(names, &refresh), body);
    let both = "token_endpoint_auth_method = 'none'\n[profile.own.request]\nclient_authentication = 'body'\n";
    let error = refusal(&format!("{app}{both}"));
    assert!(
        error.starts_with("10: `client_authentication` says what `token_endpoint_auth_method` says too"),
        "{error}"
    );
    let own = "[profile.own.request]\nparameters = { client_id = 'other' }\n";
    let error = refusal(&format!("{app}{own}"));
    assert!(error.starts_with("8: [profile.own.request] must not set client_id"), "{error}");
    let error =
        refusal(&format!("{app}[profile.own.request]\nrefresh_parameters = {{ refresh_token = 'x' }}\n"));
    assert!(error.contains("refresh_parameter must not set refresh_token"), "{error}");
    let error = refusal(&format!("{app}rotation = 'never'\n"));
    assert!(error.starts_with("8: `rotation` must be one of: single_use, reusable"), "{error}");
}

#[test]
fn every_key_of_the_policy_is_read() {
    let keys = [
        "deadline",
        "store_deadline",
        "call_idle_timeout",
        "margin",
        "jitter",
        "min_age",
        "first_pause",
        "longest_pause",
        "longest_retry_after",
        "dead_pause",
        "refusal_window",
        "assumed_lifetime",
    ];
    let lines: String = keys.iter().zip(1..).map(|(key, nth)| format!("{key} = '{nth}s'\n")).collect();
    let policy = load(&format!("{CUSTOM}[profile.own.policy]\n{lines}")).unwrap().policy().unwrap();
    let read = [
        policy.deadline,
        policy.store_deadline,
        policy.call_idle_timeout,
        policy.margin,
        policy.jitter,
        policy.min_age,
        policy.first_pause,
        policy.longest_pause,
        policy.longest_retry_after,
        policy.dead_pause,
        policy.refusal_window,
        policy.assumed_lifetime.unwrap(),
    ];
    assert_eq!(read.map(|time| time.as_secs()), core::array::from_fn(|nth| nth as u64 + 1));
    let of_the_response = "[profile.own.response]\nassumed_lifetime = '2h'\n";
    let policy = load(&format!("{CUSTOM}{of_the_response}")).unwrap().policy().unwrap();
    assert_eq!(policy.assumed_lifetime, Some(Duration::from_secs(7_200)));
}

#[test]
fn a_profile_replaces_what_its_preset_says() {
    let certificate = "[profile.own.tls]\nclient_certificate = 'own.pem'\n";
    let efi = "[profile.own]\npreset = 'efi'\nenvironment = 'sandbox'\nclient_id = 'id'\nclient_secret = 'watchman'\n";
    let profile = load(&format!("{efi}{certificate}")).unwrap();
    assert_eq!(profile.api_urls().unwrap(), ["https://pix-h.api.efipay.com.br"]);
    for (lines, said) in [
        (
            efi.to_owned(),
            "1: [profile.own] lacks `client_certificate`, which the preset efi needs, in its section `tls`; add it",
        ),
        (
            efi.replace("environment = 'sandbox'\n", "") + certificate,
            "1: [profile.own] lacks `environment`, which the preset efi needs; add environment = \"live\" or environment = \"sandbox\"",
        ),
        (efi.replace("sandbox", "test") + certificate, "3: `environment` must be one of: live, sandbox"),
        (
            efi.replace("client_id = 'id'\n", "") + certificate,
            "1: [profile.own] lacks `client_id`, which the preset efi needs; add it",
        ),
        (efi.replace("'efi'", "'efy'") + certificate, "2: `preset` must be one of: "),
        (
            efi.to_owned() + "provider = 'oauth2-app'\n" + certificate,
            "6: `provider` must be \"custom\" with the preset efi, or be left out",
        ),
        (
            efi.to_owned() + "token_ur = 'x'\n" + certificate,
            "6: `token_ur` is not a key of [profile.own], which has: ",
        ),
    ] {
        let error = refusal(&lines);
        assert!(error.starts_with(said), "{lines}\n{error}");
    }
    let printed = Preset::named("efi").unwrap().profile();
    for line in [
        "preset = \"efi\"",
        "environment = \"live\" # one of: live, sandbox",
        "client_secret = { env = \"EFI_CLIENT_SECRET\" }",
        "client_certificate = \"efi.pem\"",
    ] {
        assert!(printed.contains(line), "{printed}");
    }
}

#[test]
fn no_debug_shows_a_secret_of_a_table() {
    let tables = "[profile.own.request]\nheaders = { X-Key = 'watchman-1' }\nsecret_parameters = { password = 'watchman-2' }\n\
                  [profile.own.calls]\nheaders = { X-Key = 'watchman-3' }\nquery = { key = 'watchman-4' }\n";
    let profile = load(&format!("{CUSTOM}{tables}")).unwrap();
    let provider: Arc<dyn Provider> = profile.provider().unwrap().into();
    let request = provider.request(&AuthorizationGrant::ClientCredentials, UnixTime::EPOCH).unwrap();
    let shown = format!("{profile:?} {provider:?} {request:?} {:?}", provider.spec());
    assert!(!shown.contains("watchman"), "{shown}");
    let places: Vec<_> = profile.secrets().map(|(place, _)| place.key().to_owned()).collect();
    assert_eq!(places, ["`client_secret`", "`password`", "`X-Key`", "`X-Key`", "`key`"]);
    let key = load("[profile.own]\nprovider = 'static'\ntoken = 'watchman'\n").unwrap();
    assert!(!format!("{key:?} {:?}", key.provider().unwrap()).contains("watchman"));
    let get = load(&format!("{CUSTOM}[profile.own.request]\nmethod = 'GET'\n")).unwrap();
    let provider: Arc<dyn Provider> = get.provider().unwrap().into();
    let request = provider.request(&AuthorizationGrant::ClientCredentials, UnixTime::EPOCH).unwrap();
    assert!(request.url().ends_with("client_secret=watchman"), "the vendor demands it");
    assert!(!format!("{request:?}").contains("watchman"));
}
