//! TOML strings that are safe to print on a terminal.

use core::fmt::Write as _;

/// A TOML string of visible ASCII characters and spaces; every other character is escaped.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        // Writing to a String does not fail.
        let _ = match letter {
            '"' | '\\' => write!(quoted, "\\{letter}"),
            ' '..='~' => write!(quoted, "{letter}"),
            _ => write!(quoted, "\\U{:08X}", u32::from(letter)),
        };
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_text_is_toml_and_harmless_to_a_terminal() {
        for text in ["client_abc", "a\"b\\c", "\u{1b}[2J\n", "é\u{202e}\u{7f}", ""] {
            let line = format!("x = {}", quoted(text));
            assert!(line.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '), "{line}");
            let table: toml::Table = line.parse().unwrap();
            assert_eq!(table["x"].as_str(), Some(text));
        }
    }
}
