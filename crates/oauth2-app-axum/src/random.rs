//! Names that nobody can guess, and the comparison of what must not be guessed.

use core::fmt::Write as _;

use wellspring_core::TokenError;

/// 128 bits from the operating system, in hexadecimal.
pub(crate) fn name() -> Result<String, TokenError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        TokenError::unavailable(format!("the operating system gave no random bytes: {error}"))
    })?;
    Ok(hex(&bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes all that is written");
        text
    })
}

/// In a time that tells nothing but the lengths. Nothing equals nothing: what is empty is missing.
pub(crate) fn same(one: &str, other: &str) -> bool {
    let differing = one.bytes().zip(other.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    !one.is_empty() && one.len() == other.len() && core::hint::black_box(differing) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_never_equals_nothing() {
        assert!(!same("", ""));
        assert!(!same("a", ""));
        assert!(!same("a", "b") && !same("ab", "a"));
        assert!(same("ab", "ab"));
    }

    #[test]
    fn no_two_names_are_one() {
        let (one, other) = (name().unwrap(), name().unwrap());
        assert_eq!(one.len(), 32);
        assert_ne!(one, other);
    }
}
