//! Random ids, and a constant-time comparison of secrets.

use core::fmt::Write as _;

use wellspring_core::TokenError;

/// 128 bits from the operating system, in hexadecimal.
pub(crate) fn id() -> Result<String, TokenError> {
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

/// Compares in constant time; only the lengths show. Two empty texts are not the same: an empty one is a missing one.
pub(crate) fn same(one: &str, other: &str) -> bool {
    let difference = one.bytes().zip(other.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    !one.is_empty() && one.len() == other.len() && core::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_empty_texts_are_not_the_same() {
        assert!(!same("", ""));
        assert!(!same("a", ""));
        assert!(!same("a", "b") && !same("ab", "a"));
        assert!(same("ab", "ab"));
    }

    #[test]
    fn no_two_ids_are_the_same() {
        let (one, other) = (id().unwrap(), id().unwrap());
        assert_eq!(one.len(), 32);
        assert_ne!(one, other);
    }
}
