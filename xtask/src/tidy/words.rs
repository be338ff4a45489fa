//! Nothing is left for later, switched off, or left over from looking for a fault.

use crate::rust::code;
use crate::workspace::Workspace;

/// Anywhere, comments and pages included. In two parts, because this file is looked at too.
const ANYWHERE: [&str; 4] =
    [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:"), concat!("HA", "CK:")];

/// In code.
const IN_CODE: [&str; 5] = ["todo!", "unimplemented!", "dbg!", "#[ignore", "#[allow(dead_code"];

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    let looked_at = [".rs", ".md", ".toml", ".yml", ".ci/run"];
    for (path, text) in workspace.tree.below("") {
        if !looked_at.iter().any(|end| path.ends_with(end)) {
            continue;
        }
        look(path, text, &ANYWHERE, &mut found);
        if path.ends_with(".rs") {
            look(path, &code(text), &IN_CODE, &mut found);
        }
    }
    found
}

fn look(path: &str, text: &str, words: &[&str], found: &mut Vec<String>) {
    for (n, line) in text.lines().enumerate() {
        let word = words.iter().find(|word| line.contains(**word));
        found.extend(word.map(|word| format!("{path}:{} has `{word}`.", n + 1)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_over_is_found() {
        let later = concat!("// TO", "DO: later\n");
        let code = "#[ignore]\nfn f() { dbg!(1); }\n// a dbg! in a comment\nlet s = \"todo!\";\n";
        let workspace = Workspace::of([("a.rs", later), ("b.rs", code), ("c.txt", later)]);
        let found = findings(&workspace);
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(found[1], "b.rs:1 has `#[ignore`.");
    }
}
