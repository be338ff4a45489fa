//! Each set of features that users choose builds without a warning.

use crate::cargo::{cargo, run as run_command};
use crate::workspace::Workspace;

/// The sets of features that users choose, for each library. Every library also has the empty set.
const CHOSEN: [(&str, &[&str]); 14] = [
    ("wellspring-core", &["std", "http", "secrecy", "std,http,secrecy"]),
    ("pix-bacen", &["async", "blocking", "async,blocking", TLS]),
    (
        "oauth2-app",
        &[
            "async",
            "blocking",
            "async,blocking",
            "getrandom",
            "loopback",
            "id-token",
            "async,blocking,loopback",
            TLS,
        ],
    ),
    ("oauth2-app-axum", &["id-token"]),
    ("hive-auth", &["async", "blocking", "async,blocking", TLS]),
    ("wellspring-store", &["contract", "sealing", "keyring", "runtime", "contract,sealing,runtime"]),
    ("wellspring-store-postgres", &["tls", "blocking", "tls,blocking"]),
    ("wellspring-store-redis", &["async", "tls"]),
    (
        "wellspring-transport",
        &[
            "client",
            "rustls-ring",
            "rustls-aws-lc-rs",
            "native-tls",
            "platform-verifier",
            "pkcs12",
            "rustls-ring,pkcs12",
            "gzip",
            "metrics",
            "opentelemetry",
            TLS,
        ],
    ),
    (
        "wellspring-transport-async",
        &[
            "reqwest",
            "client",
            "rustls-aws-lc-rs",
            "native-tls",
            "reqwest-types",
            "reqwest-middleware",
            "tower",
            "pkcs12",
            "gzip",
            "metrics,opentelemetry",
            TLS,
        ],
    ),
    (
        "wellspring-transport-blocking",
        &[
            "ureq",
            "client",
            "rustls-aws-lc-rs",
            "native-tls",
            "ureq-middleware",
            "pkcs12",
            "gzip",
            "metrics,opentelemetry",
            TLS,
        ],
    ),
    ("wellspring-profiles", &["keyring", "pkcs12", "platform-verifier", "postgres", "redis"]),
    ("wellspring-wire", &["pkce"]),
    (
        "wellspring",
        &[
            "async",
            "blocking",
            "async-without-tls",
            "blocking-without-tls",
            "id-token",
            "redis",
            "async,blocking,file,sqlite,redis-async,postgres,store,sealing,keyring,store-runtime,axum,tower,reqwest-middleware,ureq-middleware,loopback,pix-bacen,\
             hive-auth,\
             profiles,pkcs12,secrecy,metrics,opentelemetry",
            TLS,
        ],
    ),
];

/// Every TLS library at once: features are additive.
const TLS: &str = "rustls-ring,rustls-aws-lc-rs,native-tls,platform-verifier,rustls-no-provider";

/// Checks every set, with clippy: it reuses what the gate for lints has built.
pub(crate) fn run(workspace: &Workspace) -> Result<(), String> {
    if let Some(sentence) = unchosen(workspace).into_iter().next() {
        return Err(sentence);
    }
    let mut failed = Vec::new();
    for package in workspace.libraries() {
        for set in sets(&package.name) {
            let name = format!("{} {}", package.name, if set.is_empty() { "without features" } else { set });
            println!("  {name}");
            let mut command = cargo(&workspace.root, ["clippy", "--quiet", "--no-default-features"]);
            command.args(["--package", &package.name, "--features", set, "--", "-D", "warnings"]);
            if run_command(command).is_err() {
                failed.push(name);
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("these do not build: {}", failed.join("; "))) }
}

fn sets(package: &str) -> impl Iterator<Item = &'static str> {
    let chosen = CHOSEN.iter().find(|(name, _)| *name == package).map_or(&[][..], |(_, sets)| sets);
    core::iter::once("").chain(chosen.iter().copied())
}

/// A feature in no set would break unnoticed.
fn unchosen(workspace: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    for package in workspace.libraries() {
        for feature in &package.features {
            if !sets(&package.name).any(|set| set.split(',').any(|chosen| chosen == feature)) {
                found.push(format!(
                    "The feature {feature} of {} is in no set of xtask/src/features.rs.",
                    package.name
                ));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_in_no_set_is_found() {
        let mut workspace = Workspace::default().library("wellspring-wire", "crates/wire");
        workspace.packages[0].features = vec!["pkce".to_owned(), "new".to_owned()];
        assert_eq!(
            unchosen(&workspace),
            ["The feature new of wellspring-wire is in no set of xtask/src/features.rs."]
        );
    }
}
