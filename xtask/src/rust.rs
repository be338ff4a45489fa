//! As much of Rust as the checks need: what is code and what a comment, which items are tests, what is public.
//!
//! A reader of text, not a parser. It relies on formatted source (one attribute or item a line), which the first gate
//! checks.

use std::collections::BTreeSet;

/// The kinds of text in a source file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Code,
    Comment,
    Literal,
}

/// The source with every comment, string and character literal blanked out; lines keep their numbers.
pub(crate) fn code(source: &str) -> String {
    keep(source, |part| part == Part::Code)
}

/// The source with everything but its comments blanked out; lines keep their numbers.
pub(crate) fn comments(source: &str) -> String {
    keep(source, |part| part == Part::Comment)
}

/// The source with every comment blanked out; lines keep their numbers.
pub(crate) fn without_comments(source: &str) -> String {
    keep(source, |part| part != Part::Comment)
}

fn keep(source: &str, kept: impl Fn(Part) -> bool) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    let mut before = None;
    while let Some(first) = rest.chars().next() {
        let (length, part) = literal_or_comment(rest, before).unwrap_or((first.len_utf8(), Part::Code));
        let text = &rest[..length];
        if kept(part) {
            out.push_str(text);
        } else {
            out.extend(text.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        }
        before = (part == Part::Code).then_some(first);
        rest = &rest[length..];
    }
    out
}

/// How many bytes at the start of `rest` are a comment or a literal.
fn literal_or_comment(rest: &str, before: Option<char>) -> Option<(usize, Part)> {
    if rest.starts_with("//") {
        return Some((rest.find('\n').unwrap_or(rest.len()), Part::Comment));
    }
    if rest.starts_with("/*") {
        return Some((rest.find("*/").map_or(rest.len(), |end| end + 2), Part::Comment));
    }
    let in_a_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let raw = if in_a_word { None } else { raw_string(rest) };
    let length = raw.or_else(|| quoted(rest))?;
    Some((length, Part::Literal))
}

fn quoted(rest: &str) -> Option<usize> {
    if rest.starts_with('"') {
        return Some(until_quote(rest, '"'));
    }
    // The quote before a lifetime has no closing quote two characters later.
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

/// The source without the items under `#[cfg(test)]` or `#[cfg(all(test, ..))]`; lines keep their numbers.
pub(crate) fn without_tests(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut skipped = None;
    for line in source.lines() {
        let text = line.trim();
        let indentation = line.len() - line.trim_start().len();
        if text.starts_with("#[cfg(test)]") || text.starts_with("#[cfg(all(test,") {
            skipped = skipped.or(Some(indentation));
        } else if skipped.is_none() {
            out.push_str(line);
        } else if skipped == Some(indentation) && text.ends_with([';', '}', ',']) {
            skipped = None;
        }
        out.push('\n');
    }
    out
}

/// Whether `word` is in `text` as a whole identifier.
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
    fn comments_can_be_kept_or_blanked_out() {
        let source = "let a = \"// b\"; // c\n/// d\nlet e = 1;";
        assert_eq!(comments(source).split_whitespace().collect::<Vec<_>>(), ["//", "c", "///", "d"]);
        let rest = without_comments(source);
        assert_eq!(rest.lines().map(str::trim).collect::<Vec<_>>(), ["let a = \"// b\";", "", "let e = 1;"]);
    }

    #[test]
    fn items_that_only_tests_compile_are_taken_out() {
        let source = "\
fn a() {}
#[cfg(test)]
mod tests;
#[cfg(all(test, wellspring_shuttle))]
mod interleavings;
mod b;
#[cfg(test)]
impl C {
    fn d(
        e: u8,
    ) {
    }
}
struct F {
    #[cfg(test)]
    g: u8,
    h: u8,
}
#[cfg(test)]
#[expect(dead_code)]
fn i() {}
fn j() {}
";
        let kept = without_tests(source);
        let words: Vec<_> = kept.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        assert_eq!(words, ["fn a() {}", "mod b;", "struct F {", "h: u8,", "}", "fn j() {}"]);
        assert_eq!(kept.lines().count(), source.lines().count());
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
