//! A refresh token that stands beside an access token, in a text of any shape.
//!
//! A server that sends both has granted them, whatever the status and the frame around them say: a list, an envelope, a
//! prefix against script inclusion, a JSON document in a string, UTF-16, or a form.

use alloc::string::String;

use serde_core::de::Deserialize;
use wellspring_core::RefreshToken;
use zeroize::Zeroizing;

use crate::form::form_decode;
use crate::token_body::is_visible;

/// The last refresh token of this text, if the text has an access token too. `is_cut`: the text may break off in a value.
pub(crate) fn granted_in(
    text: &str,
    access_token: &str,
    refresh_token: &str,
    is_cut: bool,
) -> Option<RefreshToken> {
    // Only the next parameter shows that the one before it is complete. In JSON the quotation mark does.
    let form = if is_cut { text.rfind('&').map_or("", |end| &text[..end]) } else { text };
    let pair = |text: &str, value: fn(&str, &str) -> Option<Zeroizing<String>>| {
        value(text, access_token).and_then(|_| value(text, refresh_token))
    };
    let found = pair(text, member)
        // A document in a string: its quotes are escaped.
        .or_else(|| pair(&Zeroizing::new(text.replace("\\\"", "\"").replace("\\\\", "\\")), member))
        // UTF-16: every character of a token has a zero byte beside it.
        .or_else(|| pair(&Zeroizing::new(text.replace('\0', "")), member))
        .or_else(|| pair(form, parameter))?;
    Some(RefreshToken::new(found.as_str()))
}

/// The last string with this name, if it can be sent.
fn member(text: &str, name: &str) -> Option<Zeroizing<String>> {
    let name = alloc::format!("\"{name}\"");
    let values = text.match_indices(&name).filter_map(|(at, _)| {
        let value = text[at + name.len()..].trim_start().strip_prefix(':')?;
        let value = String::deserialize(&mut serde_json::Deserializer::from_str(value)).ok()?;
        sendable(value)
    });
    values.last()
}

/// The last parameter with this name in a form, if it can be sent.
fn parameter(text: &str, name: &str) -> Option<Zeroizing<String>> {
    let values = form_decode(text.trim_ascii()).into_iter().filter(|(parameter, _)| parameter == name);
    values.rev().find_map(|(_, value)| sendable(value))
}

fn sendable(value: String) -> Option<Zeroizing<String>> {
    let value = Zeroizing::new(value);
    (!value.is_empty() && is_visible(&value)).then_some(value)
}
