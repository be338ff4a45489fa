//! Faults in one member of the provider's answer.

use crate::fault::catalogue::entry::{Listed, listed};
use crate::fault::effect::{Change, Effect, string};
use crate::jwt;

fn map(path: &'static str, map: fn(&str) -> String) -> Vec<Effect> {
    vec![Effect::Member { path: path.into(), change: Change::Map(map) }]
}

fn without(path: &'static str) -> Vec<Effect> {
    vec![Effect::Member { path: path.into(), change: Change::Remove }]
}

fn add(path: &'static str, json: &str) -> Vec<Effect> {
    vec![Effect::Member { path: path.into(), change: Change::Set(json.into()) }]
}

fn repeat(path: &'static str, map: fn(&str) -> String) -> Vec<Effect> {
    vec![Effect::Member { path: path.into(), change: Change::Repeat(map) }]
}

/// The value of a JSON string.
fn unquoted(json: &str) -> String {
    serde_json::from_str(json).unwrap_or_default()
}

/// Changes the claims of both tokens of an envelope.
fn claims(edit: fn(&str) -> String) -> Vec<Effect> {
    let mut effects = map("data.accessToken", edit);
    effects.extend(map("data.refreshToken", edit));
    effects
}

pub(super) static LIST: &[Listed] = &[
    listed("expires-in-string", "expires_in is a string of digits", || {
        map("expires_in", |v| format!("\"{v}\""))
    }),
    listed("expires-in-padded-string", "expires_in is a string with blanks around the digits", || {
        map("expires_in", |v| format!("\" {v} \""))
    }),
    listed("expires-in-fraction-string", "expires_in is a string with a fraction", || {
        map("expires_in", |v| format!("\"{v}.9\""))
    }),
    listed("expires-in-float", "expires_in ends in .0", || map("expires_in", |v| format!("{v}.0"))),
    listed("expires-in-fraction", "expires_in ends in .9", || map("expires_in", |v| format!("{v}.9"))),
    listed("expires-in-exponent", "expires_in is 1e3", || map("expires_in", |_| "1e3".into())),
    listed("expires-in-huge", "expires_in is 2^64 - 1", || map("expires_in", |_| u64::MAX.to_string())),
    listed("expires-in-thirty-digits", "expires_in has thirty digits", || {
        map("expires_in", |_| "9".repeat(30))
    }),
    listed("expires-in-overflowing", "expires_in is 1e400", || map("expires_in", |_| "1e400".into())),
    listed("expires-in-negative", "expires_in is -1", || map("expires_in", |_| "-1".into())),
    listed("expires-in-zero", "expires_in is 0", || map("expires_in", |_| "0".into())),
    listed("expires-in-bool", "expires_in is true", || map("expires_in", |_| "true".into())),
    listed("expires-in-object", "expires_in is an object", || {
        map("expires_in", |v| format!("{{\"seconds\":{v}}}"))
    }),
    listed("expires-in-array", "expires_in is an array", || map("expires_in", |v| format!("[{v}]"))),
    listed("expires-in-text", "expires_in is \"abc\"", || map("expires_in", |_| "\"abc\"".into())),
    listed("expires-in-null", "expires_in is null", || map("expires_in", |_| "null".into())),
    listed("expires-in-missing", "no expires_in", || without("expires_in")),
    listed("token-type-missing", "no token_type", || without("token_type")),
    listed("token-type-null", "token_type is null", || map("token_type", |_| "null".into())),
    listed("token-type-lowercase", "token_type is bearer", || map("token_type", |_| string("bearer"))),
    listed("token-type-mac", "token_type is mac", || map("token_type", |_| string("mac"))),
    listed("token-type-dpop", "token_type is DPoP", || map("token_type", |_| string("DPoP"))),
    listed("token-type-not-applicable", "token_type is N_A", || map("token_type", |_| string("N_A"))),
    listed("access-token-missing", "no access token", || without("access_token")),
    listed("access-token-empty", "the access token is empty", || map("access_token", |_| "\"\"".into())),
    listed("access-token-null", "the access token is null", || map("access_token", |_| "null".into())),
    listed("access-token-number", "the access token is a number", || map("access_token", |_| "12345".into())),
    listed("access-token-crlf", "the access token smuggles a header field", || {
        map("access_token", |v| string(&format!("{}\r\nX-Smuggled: yes", unquoted(v))))
    }),
    listed("access-token-space", "the access token holds a space", || {
        map("access_token", |v| string(&format!("{} x", unquoted(v))))
    }),
    listed("access-token-not-ascii", "the access token holds an é", || {
        map("access_token", |v| string(&format!("{}é", unquoted(v))))
    }),
    listed("access-token-opaque", "the access token is no JWT", || {
        map("access_token", |v| string(&unquoted(v).replace('.', "")))
    }),
    listed("scope-missing", "no scope", || without("scope")),
    listed("scope-null", "scope is null", || map("scope", |_| "null".into())),
    listed("scope-empty", "scope is empty", || map("scope", |_| "\"\"".into())),
    listed("scope-array", "scope is an array of strings", || {
        map("scope", |v| {
            let words: Vec<_> = unquoted(v).split_whitespace().map(string).collect();
            format!("[{}]", words.join(","))
        })
    }),
    listed("scope-commas", "scope is separated by commas", || map("scope", |v| v.replace(' ', ","))),
    listed("scope-tabs", "scope is separated by tabs and repeated blanks", || {
        map("scope", |v| string(&unquoted(v).replace(' ', " \t  ")))
    }),
    listed("scope-narrowed", "scope names the first one only", || {
        map("scope", |v| string(unquoted(v).split(' ').next().unwrap_or_default()))
    }),
    listed("scope-wider", "scope names one more", || {
        map("scope", |v| string(&format!("{} admin", unquoted(v))))
    }),
    listed("refresh-token-missing", "no refresh token", || without("refresh_token")),
    listed("refresh-token-null", "the refresh token is null", || map("refresh_token", |_| "null".into())),
    listed("refresh-token-empty", "the refresh token is empty", || map("refresh_token", |_| "\"\"".into())),
    listed("refresh-token-number", "the refresh token is a number", || {
        map("refresh_token", |_| "12345".into())
    }),
    listed("duplicate-access-token", "the access token twice, and not the same", || {
        repeat("access_token", |_| string("another"))
    }),
    listed("duplicate-expires-in", "expires_in twice, and not the same", || {
        repeat("expires_in", |_| "1".into())
    }),
    listed("duplicate-refresh-token", "the refresh token twice, and not the same", || {
        repeat("refresh_token", |_| string("another"))
    }),
    listed("duplicate-unknown", "an unknown member twice", || {
        let mut effects = add("x_unknown", "1");
        effects.extend(repeat("x_unknown", |_| "2".into()));
        effects
    }),
    listed("unknown-members", "unknown members beside the known ones", || {
        let mut effects = add("refresh_expires_in", "1800");
        effects.extend(add("not-before-policy", "0"));
        effects.extend(add("x_object", r#"{"deep":[1,{"deeper":null}]}"#));
        effects
    }),
    listed("refresh-token-unasked", "a refresh token where none belongs", || {
        add("refresh_token", "\"refresh_unasked\"")
    }),
    listed("error-and-token", "a token and an error in one answer", || add("error", "\"invalid_grant\"")),
    listed("oversized-body", "the answer, and more than 1 MiB of padding in it", || {
        add("padding", &string(&"x".repeat(1024 * 1024 + 1)))
    }),
    listed("deep-nesting", "the answer, and an unknown member nested a thousand deep", || {
        add("deep", &format!("{}{}", "[".repeat(1_000), "]".repeat(1_000)))
    }),
    listed("hive-code-zero-string", "the code is \"0\"", || map("code", |_| "\"0\"".into())),
    listed("hive-code-0", "the code is 0", || map("code", |_| "0".into())),
    listed("hive-code-1000", "the code is 1000", || map("code", |_| "1000".into())),
    listed("hive-code-1000-other-message", "the code is 1000, the message is not success", || {
        let mut effects = map("code", |_| "1000".into());
        effects.extend(map("message", |_| string("maintenance")));
        effects
    }),
    listed("hive-code-1000-without-tokens", "the code is 1000, there are no tokens", || {
        let mut effects = map("code", |_| "1000".into());
        effects.extend(map("data", |_| "{}".into()));
        effects
    }),
    listed("hive-code-unknown", "the code is 4711, tokens or not", || map("code", |_| "4711".into())),
    listed("hive-code-missing", "no code", || without("code")),
    listed("hive-code-null", "the code is null", || map("code", |_| "null".into())),
    listed("hive-tokens-missing", "a success without tokens", || map("data", |_| "{}".into())),
    listed("hive-data-missing", "a success without data", || without("data")),
    listed("hive-data-null", "a success whose data is null", || map("data", |_| "null".into())),
    listed("hive-jwt-without-iat", "the tokens do not say when they were issued", || {
        claims(|v| string(&jwt::with_claims(&unquoted(v), |claims| drop(claims.remove("iat")))))
    }),
    listed("hive-jwt-without-exp", "the tokens do not say when they expire", || {
        claims(|v| string(&jwt::with_claims(&unquoted(v), |claims| drop(claims.remove("exp")))))
    }),
    listed("hive-jwt-dead-on-arrival", "the tokens expire before they were issued", || {
        claims(|v| {
            string(&jwt::with_claims(&unquoted(v), |claims| {
                let issued = claims.get("iat").and_then(serde_json::Value::as_u64).unwrap_or_default();
                claims.insert("exp".into(), issued.saturating_sub(1).into());
            }))
        })
    }),
    listed("hive-jwt-undecodable", "the tokens are no JWTs", || {
        claims(|v| string(&format!("opaque-{}", unquoted(v).replace('.', "-"))))
    }),
];
