//! The files of a crate form layers: no files import each other in a circle.
//!
//! A file imports from another when its code, outside of tests, has a path that begins with `crate`, `super`, `self` or
//! one of its child modules and leads there. A path to a name that the file there has imported or re-exported leads on to
//! the file that declares the name, or to the last one before another crate does; a glob leads no further. A declaration
//! `mod child;` is no import, and neither is a re-export of a name that the file itself does not use.

use std::collections::{BTreeMap, BTreeSet};

use crate::modules::{File, child, parent, shipped};
use crate::paths::{Import, imports, paths};
use crate::rust::{code, has_word, without_tests};
use crate::workspace::Workspace;

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    for package in &workspace.packages {
        let sources = format!("{}/src", package.folder);
        let files = Files::of(&shipped(&workspace.tree, &sources));
        let path = |module: &&str| files.0[*module].path[sources.len() + 1..].to_owned();
        let edges = files.edges();
        for circle in circles(&edges) {
            let names = |modules: &mut dyn Iterator<Item = &&str>| modules.map(path).collect::<Vec<_>>();
            let (all, way) = (names(&mut circle.iter()), names(&mut shortest(&edges, &circle).iter()));
            found.push(format!(
                "{sources}: {} import each other in a circle; the shortest way around: {}.",
                all.join(", "),
                way.join(" -> ")
            ));
        }
    }
    found
}

/// A crate's files by module.
struct Files(BTreeMap<String, Imports>);

/// What a file imports.
struct Imports {
    path: String,
    imports: Vec<Import>,
    /// All paths that count, each with the number of inline modules around it.
    used: Vec<(usize, Vec<String>)>,
}

impl Files {
    fn of(modules: &BTreeMap<String, File<'_>>) -> Self {
        let read = |(path, text): File<'_>| {
            let code = without_tests(&code(text));
            let (imports, rest) = imports(&code);
            let counts = |import: &&Import| !import.public || has_word(&rest, &import.name);
            let mut used: Vec<_> =
                imports.iter().filter(counts).map(|import| (import.at, import.path.clone())).collect();
            used.extend(paths(&rest));
            for (at, _) in &mut used {
                *at = inline_modules(&code, *at);
            }
            Imports { path: path.to_owned(), imports, used }
        };
        Self(modules.iter().map(|(module, file)| (module.clone(), read(*file))).collect())
    }

    fn edges(&self) -> Edges<'_> {
        let edges = |(module, file): (&'_ String, &'_ Imports)| {
            let to = file.used.iter().filter_map(|(inline, path)| self.owner(module, *inline, path, 0));
            to.filter(|to| *to != module).collect()
        };
        self.0.iter().map(|entry| (entry.0.as_str(), edges(entry))).collect()
    }

    /// The module to which this path of that module leads; nothing when it begins in another crate.
    fn owner(&self, module: &str, mut inline: usize, path: &[String], followed: usize) -> Option<&str> {
        let mut at = module.to_owned();
        let mut names = path.iter().map(String::as_str).peekable();
        match *names.peek()? {
            "crate" => at.clear(),
            "self" | "super" => {}
            name if self.0.contains_key(&child(module, name)) => {}
            _ => return None,
        }
        names.next_if(|name| matches!(*name, "crate" | "self"));
        while names.next_if_eq(&"super").is_some() {
            if inline == 0 { at = parent(&at).to_owned() } else { inline -= 1 }
        }
        while let Some(name) = names.next_if(|name| self.0.contains_key(&child(&at, name))) {
            at = child(&at, name);
        }
        let (owner, file) = self.0.get_key_value(&at)?;
        let imported = names.next().and_then(|name| file.imports.iter().find(|import| import.name == name));
        match imported.filter(|_| followed < 8) {
            None => Some(owner),
            Some(import) => {
                let path: Vec<String> = import.path.iter().cloned().chain(names.map(str::to_owned)).collect();
                self.owner(&at, 0, &path, followed + 1).or(Some(owner))
            }
        }
    }
}

/// How many `mod name { .. }` of a file are around this place.
fn inline_modules(code: &str, place: usize) -> usize {
    let mut open = Vec::new();
    for line in code[..place].lines() {
        let (text, indentation) = (line.trim(), line.len() - line.trim_start().len());
        if text.ends_with('{') && text.split(' ').rev().nth(2).is_some_and(|word| word == "mod") {
            open.push(indentation);
        } else if text == "}" && open.last() == Some(&indentation) {
            open.pop();
        }
    }
    open.len()
}

type Edges<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// The groups of modules in which each reaches every other.
fn circles<'a>(edges: &Edges<'a>) -> BTreeSet<BTreeSet<&'a str>> {
    let reach: Edges<'a> = edges
        .keys()
        .map(|from| (*from, ways(edges, from).into_iter().map(|way| way[way.len() - 1]).collect()))
        .collect();
    let circle = |from: &'a str| reach[from].iter().copied().filter(|to| reach[to].contains(from)).collect();
    edges.keys().copied().filter(|from| reach[from].contains(from)).map(circle).collect()
}

/// The shortest way around that a circle has.
fn shortest<'a>(edges: &Edges<'a>, circle: &BTreeSet<&'a str>) -> Vec<&'a str> {
    let around = |from: &&'a str| ways(edges, from).into_iter().find(|way| way.last() == Some(from));
    circle.iter().filter_map(around).min_by_key(Vec::len).unwrap_or_default()
}

/// A shortest way to each module that this one reaches, itself included where a way leads back.
fn ways<'a>(edges: &Edges<'a>, from: &'a str) -> Vec<Vec<&'a str>> {
    let (mut ways, mut seen) = (vec![vec![from]], BTreeSet::new());
    let mut n = 0;
    while let Some(way) = ways.get(n).cloned() {
        for to in edges.get(way[way.len() - 1]).into_iter().flatten().filter(|to| seen.insert(**to)) {
            ways.push([&way[..], &[to]].concat());
        }
        n += 1;
    }
    ways.split_off(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<const N: usize>(files: [(&str, &str); N]) -> Vec<String> {
        findings(&Workspace::of(files).library("a", "a"))
    }

    #[test]
    fn files_that_import_each_other_are_found() {
        assert_eq!(
            of([
                ("a/src/lib.rs", "mod b;\nmod c;\nmod d;\nmod e;\n"),
                ("a/src/b.rs", "use crate::c::C;\n"),
                ("a/src/c.rs", "fn f(d: super::d::D) {}\n"),
                ("a/src/d.rs", "use crate::{b::B, e};\n"),
                ("a/src/e.rs", "use crate::d::D;\n"),
            ]),
            [
                "a/src: b.rs, c.rs, d.rs, e.rs import each other in a circle; the shortest way around: d.rs -> e.rs -> d.rs."
            ]
        );
    }

    #[test]
    fn a_parent_and_its_child_that_use_each_other_are_a_circle() {
        let child = ("a/src/b/c.rs", "use super::B;\n");
        let of = |parent| of([("a/src/lib.rs", "mod b;\n"), ("a/src/b.rs", parent), child]);
        assert!(of("mod c;\npub use c::C;\nstruct B;\n").is_empty());
        assert_eq!(of("mod c;\npub use c::C;\nstruct B(C);\n").len(), 1);
        assert_eq!(of("mod c;\nstruct B;\nfn f() { c::g(B) }\n").len(), 1);
    }

    #[test]
    fn a_name_is_followed_to_the_file_that_declares_it() {
        let files = [
            ("a/src/lib.rs", "mod b;\nmod c;\npub use b::{B as D, serde};\npub use ::http;\n"),
            ("a/src/b.rs", "pub use ::serde;\nuse crate::c::C;\nstruct B;\n"),
        ];
        let of = |c| of([files[0], files[1], ("a/src/c.rs", c)]);
        assert_eq!(of("use crate::D;\n").len(), 1);
        assert_eq!(of("use crate::serde;\n").len(), 1);
        assert!(of("use crate::http;\nuse b::B;\n").is_empty());
    }

    #[test]
    fn tests_comments_and_modules_inside_a_file_make_no_circle() {
        assert!(
            of([
                ("a/src/lib.rs", "mod b;\n#[cfg(test)]\nmod toy;\nuse b::B;\nstruct A;\n"),
                ("a/src/b.rs", "// crate::A\nmod inner {\n    use super::B;\n}\n#[cfg(test)]\nmod tests {\n    use crate::A;\n}\n"),
                ("a/src/toy.rs", "use crate::A;\n"),
            ])
            .is_empty()
        );
    }
}
