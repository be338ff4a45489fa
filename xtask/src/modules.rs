//! The modules of a crate: the file of each, and which modules only tests compile.

use std::collections::BTreeMap;

use crate::rust::{code, without_tests};
use crate::tree::Tree;

/// A module's file: its path and its text.
pub(crate) type File<'a> = (&'a str, &'a str);

/// The files below this `src` folder that are compiled outside tests, by module: `""` is the crate's root, and `a::b`
/// is in `a/b.rs` or `a/b/mod.rs`.
pub(crate) fn shipped<'a>(tree: &'a Tree, sources: &str) -> BTreeMap<String, File<'a>> {
    let root = if tree.has(&format!("{sources}/lib.rs")) { "lib" } else { "main" };
    let module = |path: &str| {
        let inside = path[sources.len() + 1..].trim_end_matches(".rs").trim_end_matches("/mod");
        if inside == root { String::new() } else { inside.replace('/', "::") }
    };
    let all: BTreeMap<_, _> = tree.ending(sources, ".rs").map(|file| (module(file.0), file)).collect();
    all.iter()
        .filter(|(module, _)| !only_in_tests(module, &all))
        .map(|(module, file)| (module.clone(), *file))
        .collect()
}

/// The module around this one; the root is its own.
pub(crate) fn parent(module: &str) -> &str {
    module.rsplit_once("::").map_or("", |(parent, _)| parent)
}

/// The module of this name in that module.
pub(crate) fn child(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_owned() } else { format!("{module}::{name}") }
}

fn only_in_tests(module: &str, all: &BTreeMap<String, File<'_>>) -> bool {
    if module.is_empty() {
        return false;
    }
    let outer = parent(module);
    let name = &module[outer.len()..].trim_start_matches("::");
    let declared = all.get(outer).is_some_and(|(_, text)| {
        let (all, declaration) = (code(text), format!("mod {name};"));
        all.contains(&declaration) && !without_tests(&all).contains(&declaration)
    });
    declared || only_in_tests(outer, all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_that_only_tests_compile_are_left_out_with_all_below_them() {
        let tree = Tree::from([
            ("a/src/lib.rs", "mod b;\n#[cfg(test)]\nmod tests;\n"),
            ("a/src/main.rs", ""),
            ("a/src/b/mod.rs", "pub mod c;\n"),
            ("a/src/b/c.rs", ""),
            ("a/src/tests.rs", "mod toy;\n"),
            ("a/src/tests/toy.rs", ""),
        ]);
        let modules = shipped(&tree, "a/src");
        assert_eq!(modules.keys().collect::<Vec<_>>(), ["", "b", "b::c", "main"]);
        assert_eq!(modules["b"].0, "a/src/b/mod.rs");
        assert_eq!(
            (parent("b::c"), child("", "b"), child("b", "c")),
            ("b", "b".to_owned(), "b::c".to_owned())
        );
    }
}
