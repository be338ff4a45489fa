//! No source file is too long to read in one go.

use crate::workspace::Workspace;

const MOST_LINES: usize = 450;

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    workspace
        .tree
        .ending("", ".rs")
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(path, lines)| format!("{path} has {lines} lines, more than {MOST_LINES}: split it by idea."))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_found() {
        let (fine, long) = ("x\n".repeat(450), "x\n".repeat(451));
        let workspace = Workspace::of([("a.rs", &fine), ("b.rs", &long)]);
        assert_eq!(findings(&workspace), ["b.rs has 451 lines, more than 450: split it by idea."]);
    }
}
