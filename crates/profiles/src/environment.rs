//! Environment variables that settings of the file leave a gap for.

/// The value of this variable, if it is set and not empty.
#[expect(clippy::disallowed_methods, reason = "this is where configuration is made")]
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
