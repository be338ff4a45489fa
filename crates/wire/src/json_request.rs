//! JSON request bodies: one object of strings, for token endpoints that accept JSON.

use alloc::string::String;

use crate::json_string::push_string;

/// A JSON object of these members. It contains the secrets of the members.
#[must_use]
pub fn json_body(members: &[(&str, &str)]) -> String {
    // Enough for the worst case: a buffer that grows leaves copies of secrets in memory.
    let capacity = members.iter().map(|(name, value)| 6 * (name.len() + value.len()) + 6).sum::<usize>();
    let mut out = String::with_capacity(capacity + 2);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Object;
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
    fn a_json_parser_reads_back_every_character() {
        for c in (0..0x300).filter_map(char::from_u32).chain(['\u{2028}', '€', '\u{1F600}']) {
            let text = format!("a{c}b");
            let body = json_body(&[("k", &text)]);
            assert_eq!(Object::parse(body.as_bytes()).unwrap().text("k"), Some(&*text));
        }
    }
}
