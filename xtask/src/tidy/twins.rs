//! Both transports have the same source files, test files and tests.

use std::collections::BTreeSet;

use crate::rust;
use crate::tree::Tree;
use crate::workspace::Workspace;

const ASYNC: Transport =
    Transport { folder: "crates/transport-async", client: "hyper", of_client: &["/hyper/", "/reqwest/"] };
const BLOCKING: Transport =
    Transport { folder: "crates/transport-blocking", client: "ureq", of_client: &["/ureq/"] };

/// The tests that both transports include.
const TWINS: &str = "crates/transport/tests/twins";

/// Source and test files that only async code has: no blocking client is a tower service, reqwest is none of ours, and only async
/// code awaits a store.
const ASYNC_ONLY_FILES: [&str; 7] = [
    "async_store/driver.rs",
    "async_store/futures.rs",
    "async_store/main.rs",
    "off_thread.rs",
    "reqwest.rs",
    "tower.rs",
    "tower_bodies.rs",
];

/// Tests that only the async transport has: its renewals are tasks, and a runtime may shut down below them.
const ASYNC_ONLY: [&str; 6] = [
    "a_callers_cancellation_does_not_cut_the_renewal",
    "a_runtime_that_shuts_down_ends_the_wait_of_callers_on_another_and_leaves_the_fate_unknown",
    "a_second_runtime_goes_on_after_the_shutdown_of_the_first",
    "on_a_foreign_executor_deadlines_hold_and_a_runtime_that_is_gone_is_an_error",
    "a_caller_that_waits_for_a_pause_gets_an_error_when_the_runtime_of_its_timer_is_gone",
    "without_a_runtime_there_is_an_error_and_with_a_given_one_there_is_a_token",
];

/// Tests that only the blocking transport has: its renewals run in their callers or on threads, which a program may
/// forbid, and shuttle runs whole sources on its threads.
const BLOCKING_ONLY: [&str; 6] = [
    "a_caller_whose_deadline_has_passed_does_not_cut_the_renewal",
    "an_early_renewal_runs_on_a_thread_that_has_a_name_and_the_caller_goes_on",
    "threads_that_need_a_token_at_once_cost_one_exchange_and_are_all_served",
    "threads_that_read_a_token_that_is_due_start_one_renewal_and_none_is_kept_waiting",
    "where_threads_are_forbidden_no_exchange_starts_that_its_caller_would_cut_short",
    "where_threads_are_forbidden_the_caller_that_needs_a_token_renews_it",
];

/// Takes the place of the client's name, the only difference.
const ADAPTER: &str = "{client}";

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let mut found = files(&workspace.tree);
    found.extend(tests_without_twin(&workspace.tree));
    found
}

fn files(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for part in ["src", "tests"] {
        let (of_async, of_blocking) = (ASYNC.files(tree, part), BLOCKING.files(tree, part));
        found.extend(ASYNC.missing(part, &of_async, &of_blocking));
        found.extend(BLOCKING.missing(part, &of_blocking, &of_async));
    }
    found.extend(ASYNC.not_included(tree));
    found.extend(BLOCKING.not_included(tree));
    found
}

fn tests_without_twin(tree: &Tree) -> Vec<String> {
    let (of_async, of_blocking) = (ASYNC.tests(tree), BLOCKING.tests(tree));
    let mut found = ASYNC.without_twin(&of_async, &of_blocking, &ASYNC_ONLY);
    found.extend(BLOCKING.without_twin(&of_blocking, &of_async, &BLOCKING_ONLY));
    found
}

struct Transport {
    folder: &'static str,
    client: &'static str,
    /// The folders of what a client needs besides its adapter, which has no twin.
    of_client: &'static [&'static str],
}

impl Transport {
    /// Its files of this part that have a twin.
    fn twins<'a>(&self, tree: &'a Tree, part: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        tree.ending(&format!("{}/{part}", self.folder), ".rs")
            .filter(|(path, _)| !self.of_client.iter().any(|folder| path.contains(folder)))
    }

    fn files(&self, tree: &Tree, part: &str) -> BTreeSet<String> {
        let start = self.folder.len() + part.len() + 2;
        self.twins(tree, part).map(|(path, _)| path[start..].replace(self.client, ADAPTER)).collect()
    }

    fn missing(&self, part: &str, own: &BTreeSet<String>, others: &BTreeSet<String>) -> Vec<String> {
        let shared = others.difference(own).filter(|path| !ASYNC_ONLY_FILES.contains(&path.as_str()));
        shared
            .map(|path| path.replace(ADAPTER, self.client))
            .map(|path| format!("{}/{part}/{path} is missing: the other transport has it.", self.folder))
            .collect()
    }

    /// The files of [`TWINS`] that it includes by `#[path]`, and those that these declare as modules.
    fn included(&self, tree: &Tree) -> BTreeSet<String> {
        let mut open: Vec<String> =
            tree.ending(self.folder, ".rs").flat_map(|(_, text)| paths(text)).collect();
        let mut included = BTreeSet::new();
        while let Some(path) = open.pop() {
            open.extend(tree.text(&path).into_iter().flat_map(modules));
            included.insert(path);
        }
        included
    }

    fn not_included(&self, tree: &Tree) -> Vec<String> {
        let included = self.included(tree);
        let left_out = tree.ending(TWINS, ".rs").filter(|(path, _)| !included.contains(*path));
        left_out.map(|(path, _)| format!("{path} is not included by {}.", self.folder)).collect()
    }

    /// The names of its tests that have a twin.
    fn tests(&self, tree: &Tree) -> BTreeSet<String> {
        let own = ["src", "tests"].into_iter().flat_map(|part| self.twins(tree, part));
        let own =
            own.filter(|(path, _)| !ASYNC_ONLY_FILES.iter().any(|file| path.ends_with(&format!("/{file}"))));
        let included = self.included(tree);
        let included = included.iter().filter_map(|path| tree.text(path));
        own.map(|(_, text)| text).chain(included).flat_map(rust::tests).collect()
    }

    /// Tests without a twin that are not listed, and listed tests that are gone or have a twin.
    fn without_twin(
        &self,
        own: &BTreeSet<String>,
        others: &BTreeSet<String>,
        listed: &[&str],
    ) -> Vec<String> {
        let single = || own.difference(others);
        let without = single().filter(|test| !listed.contains(&test.as_str()));
        let mut found: Vec<String> = without
            .map(|test| format!("{}: the test `{test}` has no twin in the other transport.", self.folder))
            .collect();
        let stale = listed.iter().filter(|test| !single().any(|name| name == *test));
        found.extend(
            stale.map(|test| format!("{}: `{test}` is listed as a test without a twin.", self.folder)),
        );
        found
    }
}

/// The files of [`TWINS`] that this source names in `#[path]`.
fn paths(text: &str) -> Vec<String> {
    let given = text.lines().filter_map(|line| line.trim().strip_prefix("#[path = \""));
    // Seen from the crate's root, or from a folder below it.
    let named =
        given.filter_map(|path| path.trim_start_matches("../").strip_prefix("transport/tests/twins/"));
    named.filter_map(|rest| Some(format!("{TWINS}/{}", rest.strip_suffix("\"]")?))).collect()
}

/// The files of the modules that this file of [`TWINS`] declares.
fn modules(text: &str) -> Vec<String> {
    let declared = text.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    declared.map(|name| format!("{TWINS}/{name}.rs")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_one_transport_lacks_is_found() {
        let workspace = Workspace::of([
            ("crates/transport-async/src/lib.rs", ""),
            ("crates/transport-async/src/hyper.rs", ""),
            ("crates/transport-async/src/send.rs", ""),
            ("crates/transport-blocking/src/lib.rs", ""),
            ("crates/transport-blocking/src/ureq.rs", ""),
            ("crates/transport-blocking/tests/calls.rs", ""),
        ]);
        assert_eq!(
            files(&workspace.tree),
            [
                "crates/transport-blocking/src/send.rs is missing: the other transport has it.",
                "crates/transport-async/tests/calls.rs is missing: the other transport has it."
            ]
        );
    }

    #[test]
    fn tower_is_only_of_async_code() {
        let mut workspace = Workspace::default();
        workspace.tree.add("crates/transport-async/src/tower.rs", "");
        workspace.tree.add("crates/transport-async/tests/tower.rs", "#[test]\nfn of_tower() {}\n");
        assert!(files(&workspace.tree).is_empty());
        workspace.tree.add("crates/transport-async/src/tower/limit.rs", "");
        assert_eq!(
            files(&workspace.tree),
            ["crates/transport-blocking/src/tower/limit.rs is missing: the other transport has it."]
        );
    }

    #[test]
    fn the_adapters_are_each_others_twins() {
        let workspace = Workspace::of([
            ("crates/transport-async/src/hyper.rs", ""),
            ("crates/transport-blocking/src/ureq.rs", ""),
            ("crates/transport-blocking/src/ureq/connect.rs", ""),
        ]);
        assert!(files(&workspace.tree).is_empty());
    }

    const INCLUDING: &str = "#[path = \"../../transport/tests/twins/mod.rs\"]\nmod twins;\n";

    /// Both transports include the twins; this source is the test file of the blocking one.
    fn with_twins(blocking: &str) -> Vec<String> {
        let listed: String = ASYNC_ONLY.map(|test| format!("#[test]\nfn {test}() {{}}\n")).concat();
        let listed_blocking: String =
            BLOCKING_ONLY.map(|test| format!("#[test]\nfn {test}() {{}}\n")).concat();
        findings(&Workspace::of([
            ("crates/transport-async/tests/twins.rs", &format!("{INCLUDING}{listed}")),
            ("crates/transport-blocking/tests/twins.rs", &format!("{blocking}{listed_blocking}")),
            ("crates/transport/tests/twins/mod.rs", "mod call;\n"),
            ("crates/transport/tests/twins/call.rs", "#[twin::test]\nasync fn a_call() {}\n"),
        ]))
    }

    #[test]
    fn a_test_that_one_transport_lacks_is_found() {
        assert!(with_twins(INCLUDING).is_empty());
        assert_eq!(
            with_twins(&format!("{INCLUDING}#[test]\nfn its_own() {{}}\n")),
            ["crates/transport-blocking: the test `its_own` has no twin in the other transport."]
        );
    }

    #[test]
    fn twins_that_a_transport_does_not_include_are_found() {
        assert_eq!(
            with_twins(""),
            [
                "crates/transport/tests/twins/call.rs is not included by crates/transport-blocking.",
                "crates/transport/tests/twins/mod.rs is not included by crates/transport-blocking.",
                "crates/transport-async: the test `a_call` has no twin in the other transport."
            ]
        );
    }

    #[test]
    fn a_test_that_is_listed_without_need_is_found() {
        let listed = BLOCKING_ONLY[0];
        let both = BTreeSet::from([listed.to_owned()]);
        assert_eq!(
            BLOCKING.without_twin(&both, &both, &[listed]),
            [format!("crates/transport-blocking: `{listed}` is listed as a test without a twin.")]
        );
    }
}
