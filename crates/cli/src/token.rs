//! `wellspring token`: prints a token in the requested format.

use core::fmt::Write as _;
use core::time::Duration;
use std::io::Write;

use serde_json::Value;
use wellspring_core::{CallFormat, Member, Members, Need, Token};
use wellspring_profiles::Profile;
use zeroize::Zeroizing;

use crate::arguments::{Format, Token as Args};
use crate::exit::{Failure, say};
use crate::source::Source;

/// Prints a token of the profile. Returns whether it is due.
pub(crate) fn run(profile: &Profile, args: &Args, out: &mut dyn Write) -> Result<bool, Failure> {
    let source = Source::new(profile, args.transport)?;
    let token = source.token(args.valid_for.map_or(Need::Fresh, Need::ValidFor))?;
    let left = source.remaining(&token);
    if let (Some(wanted), Some(left)) = (args.valid_for, left) {
        if left < wanted {
            say(format_args!(
                "wellspring: this endpoint's tokens do not live as long as requested: {} s are left",
                left.as_secs()
            ));
        }
    }
    source.warn_of_lost_refresh_token();
    let text = render(&token, left, args.format, source.calls());
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::output)?;
    Ok(source.is_due(&token))
}

fn render(token: &Token, left: Option<Duration>, format: Format, calls: &CallFormat) -> Zeroizing<String> {
    let secret = token.expose();
    let expires_at = token.expires().map(|expires| expires.unix.as_secs());
    Zeroizing::new(match format {
        Format::Token => format!("{secret}\n"),
        Format::Header => {
            let scheme = match calls.scheme() {
                "" => String::new(),
                scheme => format!("{scheme} "),
            };
            format!("{}: {scheme}{secret}\n", calls.header_name())
        }
        Format::Env => {
            let mut text = format!("ACCESS_TOKEN={}\n", quoted(secret));
            if let Some(at) = expires_at {
                // Writing to a String does not fail.
                let _ = writeln!(text, "ACCESS_TOKEN_EXPIRES_AT={at}");
            }
            text
        }
        Format::Json => {
            let own = serde_json::json!({
                "access_token": secret,
                "token_type": "Bearer",
                "expires_in": left.map(|left| left.as_secs()),
                "expires_at": expires_at,
                "scope": token.scope().map(ToString::to_string),
            });
            format!("{}\n", crate::output::json(&with_members(own, token.members())))
        }
    })
}

/// The object with the other members of the token response beside its own, which take precedence.
fn with_members(mut own: Value, members: &Members) -> Value {
    if let Value::Object(object) = &mut own {
        for (name, member) in members.iter() {
            object.entry(name).or_insert_with(|| value_of(member));
        }
    }
    own
}

fn value_of(member: &Member) -> Value {
    let text = member.expose();
    let json = if member.is_text() { None } else { serde_json::from_str(text).ok() };
    json.unwrap_or_else(|| text.into())
}

/// Quotes a text for shells and environment files, if it needs quotes.
fn quoted(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    if text.bytes().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_the_members_of_the_response_beside_the_commands_own() {
        let mut members = Members::default();
        assert!(
            members.insert_text("instance_url", "https://eu.example")
                && members.insert_text("scope", "theirs")
        );
        assert!(
            members.insert_json("team", r#"{"ids":[1,"a"],"admin":true}"#) && members.insert_text("n", "1")
        );
        let printed = with_members(serde_json::json!({ "scope": "ours" }), &members);
        let expected = serde_json::json!({
            "scope": "ours",
            "instance_url": "https://eu.example",
            "team": { "ids": [1, "a"], "admin": true },
            "n": "1",
        });
        assert_eq!(printed, expected);
    }

    #[test]
    fn only_a_token_with_characters_special_to_a_shell_is_quoted() {
        assert_eq!(quoted("eyJ.abc-_~+/="), "eyJ.abc-_~+/=");
        assert_eq!(quoted("a b'c$(d)"), "'a b'\\''c$(d)'");
    }
}
