//! JSON request bodies: one object of strings, as token endpoints that speak JSON want it.

use alloc::string::String;

/// A JSON object of these members. It holds whatever secrets they hold.
#[must_use]
pub fn json_body(members: &[(&str, &str)]) -> String {
    // Enough for the worst case, so that no half-written copy of a secret is left behind by growing.
    let room = members.iter().map(|(name, value)| 6 * (name.len() + value.len()) + 6).sum::<usize>();
    let mut out = String::with_capacity(room + 2);
    out.push('{');
    for (n, (name, value)) in members.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        push_string(&mut out, name);
        out.push(':');
        push_string(&mut out, value);
    }
    out.push('}');
    out
}

/// A JSON string ([RFC 8259 §7](https://www.rfc-editor.org/rfc/rfc8259#section-7)).
pub(crate) fn push_string(out: &mut String, text: &str) {
    out.push('"');
    push_escaped(out, text);
    out.push('"');
}

pub(crate) fn push_escaped(out: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1F}' => {
                out.push_str("\\u00");
                out.push(char::from(HEX[c as usize >> 4]));
                out.push(char::from(HEX[c as usize & 15]));
            }
            _ => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Object;
    use std::format;

    #[test]
    fn members_come_in_order_and_without_spaces() {
        assert_eq!(
            json_body(&[("id", "test"), ("secretKey", "1234")]),
            r#"{"id":"test","secretKey":"1234"}"#
        );
        assert_eq!(json_body(&[]), "{}");
    }

    #[test]
    fn every_character_survives_a_json_parser() {
        for c in (0..0x300).filter_map(char::from_u32).chain(['\u{2028}', '€', '\u{1F600}']) {
            let text = format!("a{c}b");
            let body = json_body(&[("k", &text)]);
            assert_eq!(Object::parse(body.as_bytes()).unwrap().text("k"), Some(&*text));
        }
    }
}
