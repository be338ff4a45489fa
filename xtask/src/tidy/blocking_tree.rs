//! Blocking users get no runtime: neither the blocking transport nor a blocking provider depends on tokio.

use crate::budget::third_party;
use crate::workspace::Workspace;

/// Each package with the feature that makes it blocking.
const BLOCKING: [(&str, &str); 6] = [
    ("wellspring-transport-blocking", "ureq"),
    ("pix-bacen", "blocking,rustls-ring"),
    ("oauth2-app", "blocking,rustls-ring"),
    ("hive-auth", "blocking,rustls-ring"),
    ("wellspring-profiles", "redis"),
    ("wellspring-store-redis", "tls"),
];

pub(super) fn findings(workspace: &Workspace) -> Vec<String> {
    let of = |(package, features)| match third_party(&workspace.root, package, features) {
        Ok(crates) => runtimes(&crates)
            .map(|name| {
                format!(
                    "{package} with `{features}` depends on {name}: `cargo tree -i {name}` shows the way."
                )
            })
            .collect(),
        Err(sentence) => vec![sentence],
    };
    BLOCKING.into_iter().flat_map(of).collect()
}

fn runtimes(crates: &[String]) -> impl Iterator<Item = &str> {
    let runtime =
        |name: &&str| ["tokio", "async-std", "smol", "hyper", "reqwest", "futures-executor"].contains(name);
    crates.iter().filter_map(|line| line.split(' ').next()).filter(runtime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_is_found_among_the_crates() {
        let crates = ["tokio-like v1.0.0", "tokio v1.54.0", "ureq v3.5.0"].map(str::to_owned);
        assert_eq!(runtimes(&crates).collect::<Vec<_>>(), ["tokio"]);
    }
}
