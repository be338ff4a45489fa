//! What is in the key of a record, and what is in a credential: part by part.

use core::hash::Hasher as _;
use std::hash::DefaultHasher;

use oauth2_app::FormerRecord;
use wellspring_core::TokenKey;

use super::*;

fn key(builder: AppBuilder) -> TokenKey {
    builder.build().unwrap().spec().key.clone()
}

fn credential(builder: AppBuilder) -> u64 {
    let mut hasher = DefaultHasher::new();
    builder.build().unwrap().credential(&mut hasher);
    hasher.finish()
}

fn itself() -> AppBuilder {
    confidential().grant_type(GrantType::ClientCredentials)
}

fn pem(base64: &str) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n")
}

type Change = fn(AppBuilder) -> AppBuilder;

/// Each change must make another key, different from every other.
fn all_differ(base: fn() -> AppBuilder, changes: &[Change]) {
    let mut keys = vec![key(base())];
    for (number, change) in changes.iter().enumerate() {
        let key = key(change(base()));
        assert!(!keys.contains(&key), "the key lacks the part {number}");
        keys.push(key);
    }
}

const PARTS: [Change; 5] = [
    |app| app.token_url("https://other.example.com/token"),
    |app| app.client_id("other"),
    |app| app.user("alice"),
    |app| app.profile("alice"),
    |app| app.token_parameter("audience", "https://api.example"),
];

#[test]
fn endpoint_client_user_profile_grant_and_resource_are_in_the_key_of_a_users_session() {
    all_differ(confidential, &PARTS);
    all_differ(
        confidential,
        &[
            |app| app.grant_type(GrantType::ClientCredentials),
            |app| app.authorize_parameter("resource", "https://api.example"),
            |app| app.authorize_parameter("audience", "https://api.example"),
        ],
    );
}

#[test]
fn scopes_certificate_secret_and_other_parameters_are_not_in_the_key_of_a_users_session() {
    let same: [Change; 5] = [
        |app| app.scopes(["profile", "balance"]),
        |app| app.client_certificate(pem("AAAA")),
        |app| app.client_secret("corrected"),
        |app| app.authorize_parameter("prompt", "consent"),
        |app| app.redirect_uri("https://client.example.com/other"),
    ];
    for (number, change) in same.into_iter().enumerate() {
        assert_eq!(key(change(confidential())), key(confidential()), "{number}");
    }
    let asked = confidential().scopes(["b a"]).build().unwrap();
    assert_eq!(asked.spec().requested_scope, Scope::parse("a b"));
}

#[test]
fn scopes_and_certificate_are_in_the_key_of_client_credentials() {
    all_differ(itself, &PARTS);
    all_differ(
        itself,
        &[
            |app| app.scopes(["profile"]),
            |app| app.client_certificate(pem("AAAA")),
            |app| app.client_certificate(pem("BBBB")),
        ],
    );
    assert_eq!(key(itself().scopes(["a", "b"])), key(itself().scopes(["b a"])));
    assert_eq!(key(itself().client_secret("corrected")), key(itself()));
    assert!(itself().scopes(["a"]).build().unwrap().spec().requested_scope.is_empty());
}

#[test]
fn each_part_that_authenticates_the_client_is_in_the_credential() {
    let changes: [Change; 5] = [
        |app| app.client_id("other"),
        |app| app.client_secret("corrected"),
        |app| app.token_endpoint_auth_method(AuthMethod::ClientSecretPost),
        |app| app.client_certificate(pem("AAAA")),
        |app| app.client_certificate(pem("BBBB")),
    ];
    for base in [confidential, itself] {
        let mut all = vec![credential(base())];
        for (number, change) in changes.iter().enumerate() {
            let changed = credential(change(base()));
            assert!(!all.contains(&changed), "the credential lacks the part {number}");
            all.push(changed);
        }
        assert_eq!(credential(base().scopes(["a"])), credential(base()));
    }
}

#[test]
fn the_former_key_is_the_one_with_the_scopes_and_without_a_profile() {
    // p, e, c, g and, for each word, s: a tag, the length in eight bytes, the bytes.
    let plain = b"p\0\0\0\0\0\0\0\x0aoauth2-app\
                  e\0\0\0\0\0\0\0\x1chttps://as.example.com/token\
                  c\0\0\0\0\0\0\0\x0as6BhdRkqt3\
                  g\0\0\0\0\0\0\0\x12authorization_code";
    let plain = String::from_utf8_lossy(plain);
    let scopes = "s\0\0\0\0\0\0\0\x07balances\0\0\0\0\0\0\0\x07profile";
    let alice = "u\0\0\0\0\0\0\0\x05alice";
    let former = |app: AppBuilder| {
        let key = key(app.scopes(["profile", "balance"]));
        key.former().map(|former| String::from_utf8_lossy(former.as_bytes()).into_owned())
    };
    assert_eq!(former(confidential()), Some(format!("{plain}{scopes}")));
    assert_eq!(former(confidential().profile("work")), Some(format!("{plain}{scopes}")));
    assert_eq!(former(confidential().user("alice")), Some(format!("{plain}{alice}{scopes}")));
    let renamed = confidential().user("alice").former_record(FormerRecord::NoUser);
    assert_eq!(former(renamed), Some(format!("{plain}{scopes}")));
    assert_eq!(former(confidential().profile("home").former_record(FormerRecord::Nothing)), None);
    assert_eq!(former(itself()), None, "a token of client credentials is requested again");
    assert_eq!(key(confidential()).former(), None, "without scopes and profile the key is as it was");
    let app = confidential().profile("work").scopes(["profile"]).build().unwrap();
    let user = app.for_user("alice").spec().key.clone();
    assert_eq!(user, key(confidential().user("alice")), "a user's name replaces that of the profile");
    assert!(user.former().is_some());
}
