//! Dependencies point one way: the command depends on providers, they on wire and transport, and those on core.

use crate::workspace::{Kind, Package, Workspace};

/// What a library may depend on. Its tests may also use `in_tests`.
struct Rule {
    package: &'static str,
    always: &'static [&'static str],
    optional: &'static [&'static str],
    in_tests: &'static [&'static str],
}

const CORE: &str = "wellspring-core";
const WIRE: &str = "wellspring-wire";
const TOKEN_ENDPOINT: &str = "wellspring-token-endpoint";
const TRANSPORT: &str = "wellspring-transport";
const SIMULATOR: &str = "wellspring-simulator";
const STORE: &str = "wellspring-store";
const TEST_SERVERS: &str = "wellspring-test-servers";
const TWIN_TESTS: &str = "wellspring-twin-tests";
const DRIVERS: &[&str] =
    &["wellspring-transport", "wellspring-transport-async", "wellspring-transport-blocking"];

const fn rule(
    package: &'static str,
    always: &'static [&'static str],
    optional: &'static [&'static str],
    in_tests: &'static [&'static str],
) -> Rule {
    Rule { package, always, optional, in_tests }
}

const RULES: [Rule; 19] = [
    rule(CORE, &[], &[], &[]),
    rule(WIRE, &[CORE], &[], &[]),
    rule(TRANSPORT, &[CORE], &[], &[SIMULATOR, STORE]),
    rule(
        "wellspring-transport-async",
        &[CORE, TRANSPORT],
        &[],
        &["oauth2-app", SIMULATOR, STORE, TWIN_TESTS],
    ),
    rule(
        "wellspring-transport-blocking",
        &[CORE, TRANSPORT],
        &[],
        &["oauth2-app", SIMULATOR, STORE, TWIN_TESTS],
    ),
    rule(STORE, &[CORE], &[], &[]),
    rule("wellspring-store-file", &[CORE, STORE], &[], &[STORE]),
    rule("wellspring-store-redis", &[CORE, STORE], &[], &[STORE, TEST_SERVERS]),
    rule("wellspring-store-sqlite", &[CORE, STORE], &[], &[STORE]),
    rule("wellspring-store-postgres", &[CORE, STORE], &[], &[STORE, TEST_SERVERS]),
    rule(TEST_SERVERS, &[], &[], &[]),
    rule(TOKEN_ENDPOINT, &[CORE, WIRE], &[], &[]),
    rule("pix-bacen", &[CORE, WIRE, TOKEN_ENDPOINT], DRIVERS, &[SIMULATOR]),
    rule("oauth2-app", &[CORE, WIRE, TOKEN_ENDPOINT], DRIVERS, &[SIMULATOR]),
    rule(
        "oauth2-app-axum",
        &[CORE, "oauth2-app", TRANSPORT, "wellspring-transport-async"],
        &[],
        &[SIMULATOR, STORE, "wellspring-store-sqlite"],
    ),
    rule("hive-auth", &[CORE, WIRE], DRIVERS, &[SIMULATOR]),
    rule(
        "wellspring-profiles",
        &[
            CORE,
            STORE,
            TOKEN_ENDPOINT,
            "hive-auth",
            "oauth2-app",
            "pix-bacen",
            "wellspring-store-file",
            "wellspring-store-sqlite",
            TRANSPORT,
            "wellspring-transport-blocking",
        ],
        &["wellspring-store-postgres", "wellspring-store-redis"],
        &[SIMULATOR, TEST_SERVERS, TWIN_TESTS, "wellspring-transport-async"],
    ),
    rule(SIMULATOR, &[CORE], &[], &[]),
    rule(
        "wellspring",
        &[CORE, "oauth2-app", TOKEN_ENDPOINT],
        &[
            STORE,
            "hive-auth",
            "oauth2-app-axum",
            "pix-bacen",
            "wellspring-profiles",
            "wellspring-store-file",
            "wellspring-store-postgres",
            "wellspring-store-redis",
            "wellspring-store-sqlite",
            "wellspring-transport-async",
            "wellspring-transport-blocking",
        ],
        &[SIMULATOR],
    ),
];

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    workspace.packages.iter().flat_map(|package| of_package(package, &workspace.packages)).collect()
}

fn of_package(package: &Package, all: &[Package]) -> Vec<String> {
    let ours = package.dependencies.iter().filter(|dependency| all.iter().any(|p| p.name == dependency.name));
    let mut found = Vec::new();
    for dependency in ours {
        let name = dependency.name.as_str();
        let target_is_leaf = all.iter().any(|other| other.name == name && other.is_leaf());
        let allowed = match RULES.iter().find(|rule| rule.package == package.name) {
            _ if target_is_leaf => false,
            _ if package.is_leaf() => true,
            None => {
                found.push(format!(
                    "{}: no rule says what it may depend on; add one to xtask/src/tidy/dependencies.rs.",
                    package.name
                ));
                return found;
            }
            Some(rule) => {
                rule.always.contains(&name)
                    || (dependency.optional || dependency.kind == Kind::Dev) && rule.optional.contains(&name)
                    || dependency.kind == Kind::Dev && rule.in_tests.contains(&name)
            }
        };
        if !allowed {
            let kind = match (dependency.kind, dependency.optional) {
                (Kind::Dev, _) => "in its tests",
                (Kind::Build, _) => "in its build script",
                (Kind::Normal, true) => "behind a feature",
                (Kind::Normal, false) => "always",
            };
            found.push(format!("{} must not depend on {name} ({kind}).", package.name));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Dependency;

    fn of(package: &str, on: &str, kind: Kind, optional: bool) -> Vec<String> {
        let mut workspace = Workspace::default().library("wellspring-cli", "crates/cli");
        for rule in RULES {
            workspace = workspace.library(rule.package, "crates/x");
        }
        let package = workspace.packages.iter_mut().find(|p| p.name == package).unwrap();
        package.dependencies.push(Dependency { name: on.to_owned(), kind, optional });
        findings(&workspace)
    }

    #[test]
    fn a_dependency_against_the_direction_is_found() {
        for (package, on) in [
            (CORE, WIRE),
            (WIRE, TRANSPORT),
            (TRANSPORT, WIRE),
            (STORE, TRANSPORT),
            ("wellspring-transport-async", STORE),
            ("wellspring-store-file", "wellspring-store-sqlite"),
            ("wellspring-transport-async", "wellspring-transport-blocking"),
            ("wellspring-transport-blocking", "pix-bacen"),
            ("pix-bacen", "wellspring-transport-blocking"),
            ("pix-bacen", "hive-auth"),
            (SIMULATOR, WIRE),
            ("pix-bacen", SIMULATOR),
            ("pix-bacen", "wellspring-cli"),
        ] {
            assert_eq!(of(package, on, Kind::Normal, false).len(), 1, "{package} on {on}");
        }
        assert_eq!(of(WIRE, SIMULATOR, Kind::Dev, false).len(), 1);
    }

    #[test]
    fn a_dependency_in_the_direction_is_allowed() {
        assert!(of("wellspring-cli", "pix-bacen", Kind::Normal, false).is_empty());
        assert!(of("pix-bacen", "wellspring-transport-async", Kind::Normal, true).is_empty());
        assert!(of("pix-bacen", SIMULATOR, Kind::Dev, false).is_empty());
        assert!(of("wellspring-transport-async", TRANSPORT, Kind::Normal, false).is_empty());
    }

    #[test]
    fn a_library_without_a_rule_is_found() {
        let mut workspace = Workspace::default().library(CORE, "crates/core").library("new", "crates/new");
        workspace.packages[1].dependencies.push(Dependency {
            name: CORE.to_owned(),
            kind: Kind::Normal,
            optional: false,
        });
        assert_eq!(
            findings(&workspace),
            ["new: no rule says what it may depend on; add one to xtask/src/tidy/dependencies.rs."]
        );
    }
}
