//! The paths in code: those of `use` items, with their trees expanded, and all others.

use crate::rust::identifier;

/// A `use` item, or one branch of its tree.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Import {
    /// Its place in the code, in bytes.
    pub(crate) at: usize,
    /// Whether it is a re-export.
    pub(crate) public: bool,
    /// A glob ends with `*`.
    pub(crate) path: Vec<String>,
    /// The name in this code.
    pub(crate) name: String,
}

/// The imports of this code, and the code with them blanked out.
pub(crate) fn imports(code: &str) -> (Vec<Import>, String) {
    let (mut found, mut rest) = (Vec::new(), code.to_owned());
    let mut at = 0;
    for line in code.split_inclusive('\n') {
        if let Some((public, tree)) = import(line) {
            let from = at + line.len() - tree.len();
            let until = code[from..].find(';').map_or(code.len(), |end| from + end);
            branches(&code[from..until], &[], &mut |path, name| {
                found.push(Import { at, public, path, name });
            });
            rest.replace_range(at..until, &" ".repeat(until - at));
        }
        at += line.len();
    }
    (found, rest)
}

/// Whether the import that this line begins is a re-export, and what follows `use`.
fn import(line: &str) -> Option<(bool, &str)> {
    let (visibility, tree) = line.trim_start().split_once("use ")?;
    let public = visibility == "pub " || visibility.starts_with("pub(") && visibility.ends_with(") ");
    (public || visibility.is_empty()).then_some((public, tree))
}

fn branches(tree: &str, above: &[String], each: &mut impl FnMut(Vec<String>, String)) {
    let (path, below) = tree.split_once('{').map_or((tree, None), |(path, below)| (path, Some(below)));
    let (path, renamed) = path.split_once(" as ").map_or((path, None), |(path, name)| (path, Some(name)));
    let mut full = above.to_vec();
    // `a::{self}` is `a`, but `self::a` begins here.
    let parts = path.split("::").map(str::trim).filter(|part| !part.is_empty());
    full.extend(parts.filter(|part| *part != "self" || above.is_empty()).map(str::to_owned));
    if let Some(below) = below {
        let inside = below.rsplit_once('}').map_or(below, |(inside, _)| inside);
        split(inside).into_iter().for_each(|branch| branches(branch, &full, each));
    } else if let Some(last) = full.last() {
        let name = renamed.unwrap_or(last).trim().to_owned();
        each(full, name);
    }
}

/// Splits at the commas outside of braces.
fn split(inside: &str) -> Vec<&str> {
    let mut depth = 0;
    let comma = |c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    };
    inside.split(comma).filter(|branch| !branch.trim().is_empty()).collect()
}

/// The paths of two or more segments, each with its place. Those of macros that other crates call are left out: they
/// begin with `$crate`.
pub(crate) fn paths(code: &str) -> Vec<(usize, Vec<String>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = code[at..].find(|c: char| c.is_alphabetic() || c == '_').map(|start| at + start) {
        let mut path = vec![identifier(&code[start..])];
        at = start + path[0].len();
        while let Some(next) = code[at..].strip_prefix("::").map(identifier).filter(|next| !next.is_empty()) {
            path.push(next);
            at += 2 + next.len();
        }
        // The path of `pub(in path)` is a visibility.
        let before = &code[..start];
        if path.len() > 1 && !before.ends_with(['$', ':', '.']) && !before.ends_with("(in ") {
            found.push((start, path.into_iter().map(str::to_owned).collect()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trees_of_imports_are_expanded() {
        let code = "use crate::a::{self, b::{C, D as E},\n    f::*};\npub(crate) use g::H;\nreuse i;\nfn f() { use_it() }\n";
        let (imports, rest) = imports(code);
        let found: Vec<_> =
            imports.iter().map(|it| (it.public, it.path.join("::"), it.name.as_str())).collect();
        let of = |public, path: &str, name| (public, path.to_owned(), name);
        assert_eq!(
            found,
            [
                of(false, "crate::a", "a"),
                of(false, "crate::a::b::C", "C"),
                of(false, "crate::a::b::D", "E"),
                of(false, "crate::a::f::*", "*"),
                of(true, "g::H", "H"),
            ]
        );
        assert_eq!(rest.len(), code.len());
        assert!(!rest.contains('H') && rest.contains("reuse i;"), "{rest}");
    }

    #[test]
    fn paths_outside_of_imports_are_found() {
        let found = paths(
            "pub(in crate::x) fn f(a: crate::a::B) -> ::c::D { super::e(g::H::new(), $crate::i::J, k) }",
        );
        let found: Vec<String> = found.into_iter().map(|(_, path)| path.join("::")).collect();
        assert_eq!(found, ["crate::a::B", "super::e", "g::H::new"]);
    }
}
