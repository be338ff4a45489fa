//! As much of Rust as the checks need: which bytes are code, which functions are tests, what is public.
//!
//! A reader of text, not a parser: it knows formatted source (one attribute or item a line), which is what the
//! first gate leaves in the tree.

use std::collections::BTreeSet;

/// The source with every comment, string and character literal blanked out; lines keep their numbers.
pub(crate) fn code(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let length = literal_or_comment(rest, out.chars().next_back()).unwrap_or_default();
        if length == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            out.extend(rest[..length].chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
            rest = &rest[length..];
        }
    }
    out
}

/// How many bytes at the start of `rest` are a comment or a literal.
fn literal_or_comment(rest: &str, before: Option<char>) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(rest.find("*/").map_or(rest.len(), |end| end + 2));
    }
    let in_a_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if !in_a_word && let Some(length) = raw_string(rest) {
        return Some(length);
    }
    if rest.starts_with('"') {
        return Some(until_quote(rest, '"'));
    }
    // A quote that a lifetime begins with is not closed two characters later.
    let mut chars = rest.strip_prefix('\'')?.chars();
    match (chars.next()?, chars.next()?) {
        ('\\', _) => Some(until_quote(rest, '\'')),
        (c, '\'') => Some(2 + c.len_utf8()),
        _ => None,
    }
}

fn raw_string(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = body.len() - body.trim_start_matches('#').len();
    let text = body[hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let end = text.find(&close).map_or(text.len(), |at| at + close.len());
    Some(rest.len() - text.len() + end)
}

fn until_quote(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    rest.len()
}

/// Whether `word` stands in `text` with nothing of an identifier on either side.
pub(crate) fn has_word(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(part) && !text[at + word.len()..].starts_with(part))
}

/// The identifier that a text starts with.
pub(crate) fn identifier(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// The names of the test functions.
pub(crate) fn tests(source: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut attributed = false;
    for line in code(source).lines().map(str::trim) {
        if is_test_attribute(line) {
            attributed = true;
        } else if let Some(name) = function(line).filter(|_| attributed) {
            names.insert(name.to_owned());
            attributed = false;
        }
    }
    names
}

/// Whether this line makes a test of the function below it; a twin is a test of both transports.
pub(crate) fn is_test_attribute(line: &str) -> bool {
    ["#[test", "#[tokio::test", "#[twin::test"].iter().any(|start| line.starts_with(start))
}

/// The name of the function that a line declares.
pub(crate) fn function(line: &str) -> Option<&str> {
    let rest = line.trim_start();
    let rest = rest.strip_prefix("pub ").unwrap_or(rest);
    let rest = rest.strip_prefix("async ").unwrap_or(rest);
    rest.strip_prefix("fn ").map(identifier)
}

/// The variants of this enum, in order.
pub(crate) fn variants(source: &str, name: &str) -> Vec<String> {
    let code = code(source);
    let head = format!("enum {name} {{");
    let Some(start) = code.find(&head) else { return Vec::new() };
    let mut depth = 0_usize;
    let mut found = Vec::new();
    for line in code[start + head.len()..].lines() {
        let word = identifier(line.trim());
        if depth == 0 && word.starts_with(char::is_uppercase) {
            found.push(word.to_owned());
        }
        for c in line.chars() {
            match c {
                '{' | '(' => depth += 1,
                '}' | ')' if depth == 0 => return found,
                '}' | ')' => depth -= 1,
                _ => {}
            }
        }
    }
    found
}

/// The structs and enums declared `pub` at the outer level of a file, macro calls that make them included.
pub(crate) fn public_types(source: &str) -> Vec<String> {
    let code = code(source);
    let mut found: Vec<String> = code
        .lines()
        .filter_map(|line| line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum ")))
        .map(|rest| identifier(rest).to_owned())
        .collect();
    found.extend(secrets(source));
    found
}

/// The types that a `secrets! { Name; .. }` call makes.
pub(crate) fn secrets(source: &str) -> Vec<String> {
    let code = code(source);
    let Some((_, call)) = code.split_once("\nsecrets! {") else { return Vec::new() };
    let call = call.split('}').next().unwrap_or_default();
    call.split(';').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_strings_and_characters_are_not_code() {
        let source = "let a = \"x // \\\" y\"; // tail\nlet b: &'static str = r#\"z \" w\"#; let c = '\"'; d /* e\n*/ f";
        let code = code(source);
        for gone in ["x", "y", "tail", "z", "w", "e\n"] {
            assert!(!code.split(' ').any(|word| word == gone), "{gone}: {code}");
        }
        assert!(code.contains("'static str") && code.contains("let c =") && code.ends_with("f"));
        assert_eq!(code.lines().count(), source.lines().count());
    }

    #[test]
    fn a_test_is_a_function_under_a_test_attribute() {
        let source = "#[test]\nfn one() {}\nfn not() {}\n    #[tokio::test(start_paused = true)]\n    async fn two() {}\n// #[test]\nfn nor() {}\n#[twin::test]\nasync fn both() {}\n";
        assert_eq!(tests(source).into_iter().collect::<Vec<_>>(), ["both", "one", "two"]);
    }

    #[test]
    fn variants_are_read_with_and_without_fields() {
        let source = "pub enum Kind {\n    /// Doc, with Words.\n    One {\n        /// Inner.\n        Reason: u8,\n    },\n    Two(u8),\n    Three,\n}\nenum Other {\n    Four,\n}\n";
        assert_eq!(variants(source, "Kind"), ["One", "Two", "Three"]);
    }

    #[test]
    fn public_types_are_those_declared_pub_and_those_a_macro_makes() {
        let source = "pub struct A;\npub(crate) struct B;\nstruct C;\npub enum D {\n}\nsecrets! {\n    /// Doc.\n    E;\n    F;\n}\n";
        assert_eq!(public_types(source), ["A", "D", "E", "F"]);
    }
}
