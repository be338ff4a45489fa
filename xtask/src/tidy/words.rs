//! Nothing is left for later, switched off or left over from debugging, and no retired word or name is used.
//!
//! The check looks for retired words in sources and pages, in prose and in names, and for retired names in code and
//! comments.

use crate::paths::{imports, paths};
use crate::rust::{code, comments, has_word};
use crate::workspace::Workspace;

/// Anywhere, comments and pages included. In two parts, because the check reads this file too.
const ANYWHERE: [&str; 4] =
    [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:"), concat!("HA", "CK:")];

/// In code.
const IN_CODE: [&str; 5] = ["todo!", "unimplemented!", "dbg!", "#[ignore", "#[allow(dead_code"];

/// Retired words, each with what to write instead. An underscore counts as a space, and a line break too.
const WORDS: [(&str, &str); 11] = [
    ("whoever", "name the subject: the caller, the lease holder, the process"),
    ("whomever", "name the subject: the caller, the lease holder, the process"),
    ("nobody", "no caller, no process, no user"),
    ("somebody", "another caller, another process, a user"),
    ("what came of", "the result of"),
    ("what comes of", "the result of"),
    ("what became of", "the state of"),
    ("what becomes of", "the state of"),
    ("sign of life", "liveness lock"),
    ("signs of life", "liveness locks"),
    ("laid aside", "set aside"),
];

/// Where the check looks for retired words: folders and pages. `CHANGELOG.md` is not among them: it names what there was.
const WORDS_IN: [&str; 10] = [
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "DESIGN.md",
    "README.md",
    "SECURITY.md",
    "benches",
    "crates",
    "docs",
    "examples",
    "xtask",
];

/// Retired names, each with its new name and the folder in which it is retired; `""` is everywhere.
const NAMES: [(&str, &str, &str); 28] = [
    ("Asked", "Action", ""),
    ("Bell", "Notify", ""),
    ("Claim", "Lease", ""),
    ("Claiming", "AcquireLease", ""),
    ("Course", "ActiveRenewal", ""),
    ("Dialect", "ProviderRef", ""),
    ("Errand", "RenewalJob", ""),
    ("Ledger", "StoreView", "crates/core"),
    ("Leftover", "PendingSave", ""),
    ("Leniency", "Deviation", ""),
    ("Promise", "StoreGuarantees", ""),
    ("Reach", "AllowedOrigins", ""),
    ("Rejected::Stands", "Rejected::KeepResponse", ""),
    ("Remainder", "PendingSave", ""),
    ("Seat", "Listener", ""),
    ("Sighting", "WatchOutcome", ""),
    ("SignOfLife", "LivenessLock", ""),
    ("Spend", "AuthorizationGrant", ""),
    ("Terms", "SharedSettings", ""),
    ("TokenError::foreign", "TokenError::from_intermediary", ""),
    ("Underway", "RenewalGuard", ""),
    ("Unsaved", "PendingSave", ""),
    ("Verdict::Fine", "Verdict::Accepted", ""),
    ("Visitor", "BrowserSession", "crates/oauth2-app-axum"),
    ("Whose", "SourceSelector", ""),
    ("Wish", "Args", "crates/cli"),
    ("sign_of_life", "liveness_lock", ""),
    ("take_off", "start", ""),
];

/// Names that `wellspring_transport` had; what took their place is in core.
const OF_TRANSPORT: [&str; 4] = ["Next", "Operation", "Said", "Work"];

const THIS_FILE: &str = "xtask/src/tidy/words.rs";

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
        if path != THIS_FILE {
            retired(path, text, &mut found);
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

fn retired(path: &str, text: &str, found: &mut Vec<String>) {
    let with_words = [".rs", ".md", ".toml"].iter().any(|end| path.ends_with(end));
    if with_words && WORDS_IN.iter().any(|place| is_in(place, path)) {
        retired_words(path, text, found);
    }
    if path.ends_with(".rs") {
        retired_names(path, text, found);
    }
}

/// Whether this is the path of that page or is below that folder.
fn is_in(place: &str, path: &str) -> bool {
    place.is_empty() || path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn retired_words(path: &str, text: &str, found: &mut Vec<String>) {
    let words_of = |line: &str| {
        let words = line.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.map(str::to_lowercase).collect::<Vec<_>>()
    };
    let words: Vec<(usize, String)> = text
        .lines()
        .enumerate()
        .flat_map(|(n, line)| words_of(line).into_iter().map(move |word| (n + 1, word)))
        .collect();
    for (phrase, instead) in WORDS {
        let phrase_words: Vec<&str> = phrase.split(' ').collect();
        for at in
            words.windows(phrase_words.len()).filter(|at| at.iter().map(|(_, word)| word).eq(&phrase_words))
        {
            found.push(format!("{path}:{} has \"{phrase}\": write \"{instead}\".", at[0].0));
        }
    }
}

fn retired_names(path: &str, text: &str, found: &mut Vec<String>) {
    let (code, comments) = (code(text), comments(text));
    let names = NAMES.iter().filter(|(_, _, folder)| is_in(folder, path));
    for (name, instead, _) in names {
        for (n, (code, comment)) in code.lines().zip(comments.lines()).enumerate() {
            if has_word(code, name) || named(comment, name) {
                found.push(format!("{path}:{} has the retired name `{name}`: it is `{instead}` now.", n + 1));
            }
        }
    }
    let (imports, rest) = imports(&code);
    let imported = imports.into_iter().map(|import| (import.at, import.path)).chain(paths(&rest));
    for (at, of_transport) in imported.filter(|(_, path)| path[0] == "wellspring_transport") {
        if let Some(name) =
            OF_TRANSPORT.iter().find(|name| of_transport[1..].iter().any(|part| part == *name))
        {
            let line = code[..at].matches('\n').count() + 1;
            found.push(format!(
                "{path}:{line} has `{name}` of wellspring_transport: core has `Step` and `StoreOp`."
            ));
        }
    }
}

/// Whether a comment has this name, and not a word of English that begins a sentence.
fn named(comment: &str, name: &str) -> bool {
    let in_identifier = |c: char| c.is_alphanumeric() || c == '_';
    comment.match_indices(name).any(|(at, _)| {
        let (before, after) = (&comment[..at], &comment[at + name.len()..]);
        let sentence = before.trim_end();
        let begins = sentence.is_empty() || sentence.ends_with(['/', '!', '.', ':', '?', '*', '-']);
        !begins && !before.ends_with(in_identifier) && !after.starts_with(in_identifier)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str, text: &str) -> Vec<String> {
        findings(&Workspace::of([(path, text)]))
    }

    #[test]
    fn leftovers_are_found() {
        let later = concat!("// TO", "DO: later\n");
        let code = "#[ignore]\nfn f() { dbg!(1); }\n// a dbg! in a comment\nlet s = \"todo!\";\n";
        let workspace = Workspace::of([("a.rs", later), ("b.rs", code), ("c.txt", later)]);
        let found = findings(&workspace);
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(found[1], "b.rs:1 has `#[ignore`.");
    }

    #[test]
    fn a_retired_word_is_found_in_prose_and_in_names() {
        let source = "//! What came\n//! of it.\nfn nobody_s_token() {}\nconst TEXT: &str = \"Whoever\";\n";
        let found = of("crates/core/src/a.rs", source);
        assert_eq!(
            found,
            [
                "crates/core/src/a.rs:4 has \"whoever\": write \"name the subject: the caller, the lease holder, the process\".",
                "crates/core/src/a.rs:3 has \"nobody\": write \"no caller, no process, no user\".",
                "crates/core/src/a.rs:1 has \"what came of\": write \"the result of\"."
            ]
        );
        assert_eq!(of("crates/core/README.md", "Nobody's.\n").len(), 1);
        assert!(of("CHANGELOG.md", "Nobody's.\n").is_empty());
        assert!(of("crates-io.md", "Nobody's.\n").is_empty());
        assert!(of("crates/core/src/a.rs", "// nobodyknows what came\n").is_empty());
    }

    #[test]
    fn a_retired_name_is_found_in_code_and_comments() {
        let found =
            of("a.rs", "use b::Errand;\n/// Ends with an `Errand`.\nlet errand = \"Errand\";\nErrands;\n");
        assert_eq!(
            found,
            [
                "a.rs:1 has the retired name `Errand`: it is `RenewalJob` now.",
                "a.rs:2 has the retired name `Errand`: it is `RenewalJob` now."
            ]
        );
        assert_eq!(of("a.rs", "TokenError::foreign(text)\n").len(), 1);
        assert!(of("a.md", "`Errand`\n").is_empty());
    }

    #[test]
    fn a_name_may_stay_where_it_means_something_else() {
        assert!(of("crates/wire/src/json.rs", "impl Visitor<'de> for JsonVisitor {}\n").is_empty());
        assert!(of("crates/simulator/src/ledger.rs", "struct Ledger;\n").is_empty());
        assert_eq!(of("crates/core/src/ledger.rs", "struct Ledger;\n").len(), 1);
        assert!(of("a.rs", "/// Reach the store. Terms of the\n/// user.\n").is_empty());
        assert_eq!(of("a.rs", "/// The (Terms) of “Reach”, ReachOut.\n").len(), 2);
    }

    #[test]
    fn a_retired_name_of_the_transports_is_found_where_it_is_imported() {
        assert_eq!(
            of("a.rs", "use b::c;\nuse wellspring_transport::{Source, storage::Work};\n"),
            ["a.rs:2 has `Work` of wellspring_transport: core has `Step` and `StoreOp`."]
        );
        assert_eq!(of("a.rs", "fn f(a: wellspring_transport::Next) {}\n").len(), 1);
        assert!(of("a.rs", "use tower::Work;\nenum Next {}\n").is_empty());
    }
}
