//! As much of Markdown as the checks need: table rows, fenced code, code spans, headings and links.

/// The cells of every table row, header rows and rulers included.
pub(crate) fn rows(text: &str) -> Vec<Vec<&str>> {
    let row = |line: &'_ str| line.trim().strip_prefix('|').is_some();
    text.lines().filter(|line| row(line)).map(cells).collect()
}

fn cells(line: &str) -> Vec<&str> {
    line.trim().trim_matches('|').split('|').map(str::trim).collect()
}

/// The contents of the code spans of a line.
pub(crate) fn spans(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The first fenced block of this language, without its fences.
pub(crate) fn first_fence<'a>(text: &'a str, language: &str) -> Option<&'a str> {
    let mut start = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let next = at + line.len();
        match (start, line.trim_end().strip_prefix("```")) {
            (None, Some(info)) if info.split(',').next() == Some(language) => start = Some((next, true)),
            (None, Some(_)) => start = Some((next, false)),
            (Some((from, true)), Some(_)) => return Some(&text[from..at]),
            (Some((_, false)), Some(_)) => start = None,
            _ => {}
        }
        at = next;
    }
    None
}

/// The text with fenced blocks and code spans blanked out.
pub(crate) fn prose(text: &str) -> String {
    let mut fenced = false;
    let mut out = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            for (n, part) in line.split('`').enumerate() {
                out.push_str(if n % 2 == 0 { part } else { "code" });
            }
        }
        out.push('\n');
    }
    out
}

/// The anchors of the headings, as the usual renderers make them.
pub(crate) fn anchors(text: &str) -> Vec<String> {
    let mut fenced = false;
    let mut found: Vec<String> = Vec::new();
    for line in text.lines() {
        fenced ^= line.trim_start().starts_with("```");
        let title = line.trim_start_matches('#');
        if fenced || title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let slug: String = title
            .trim()
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() })
            .collect();
        let repeats = found.iter().filter(|anchor| **anchor == slug).count();
        found.push(if repeats == 0 { slug } else { format!("{slug}-{repeats}") });
    }
    found
}

/// The targets of links and images, inline ones and reference definitions.
pub(crate) fn links(text: &str) -> Vec<String> {
    let prose = prose(text);
    let inline = prose.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    let definitions = prose
        .lines()
        .filter(|line| line.starts_with('['))
        .filter_map(|line| line.split_once("]: "))
        .filter_map(|(_, target)| target.split_whitespace().next());
    inline.chain(definitions).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_fence_of_a_language_is_found_past_others() {
        let text = "a\n```toml\nx\n```\n```rust,no_run\nlet y;\n```\n```rust\nz\n```\n";
        assert_eq!(first_fence(text, "rust"), Some("let y;\n"));
        assert_eq!(first_fence(text, "sh"), None);
    }

    #[test]
    fn links_inside_code_do_not_count() {
        let text = "[a](b.md#c) `[d](e)` ![f](g.png \"t\")\n```\n[h](i)\n```\n[j]: k.md\n";
        assert_eq!(links(text), ["b.md#c", "g.png", "k.md"]);
    }

    #[test]
    fn anchors_are_lower_case_with_hyphens_and_numbered_when_repeated() {
        assert_eq!(
            anchors("# The `Store`, in brief\n## B\n```\n# c\n```\n## B\n"),
            ["the-store-in-brief", "b", "b-1"]
        );
    }

    #[test]
    fn rows_are_split_into_cells() {
        assert_eq!(rows("x\n| a | `b` |\n|---|---|\n"), [vec!["a", "`b`"], vec!["---", "---"]]);
        assert_eq!(spans("a `b` c `d`"), ["b", "d"]);
    }
}
