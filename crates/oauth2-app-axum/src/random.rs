//! Random ids, and a constant-time comparison of secrets.

use core::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use wellspring_core::TokenError;

/// 128 bits from the operating system, in hexadecimal.
pub(crate) fn id() -> Result<String, TokenError> {
    bytes::<16>()
}

/// 256 bits from the operating system, in hexadecimal.
pub(crate) fn secret() -> Result<String, TokenError> {
    bytes::<32>()
}

fn bytes<const N: usize>() -> Result<String, TokenError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        TokenError::unavailable(format!("the operating system gave no random bytes: {error}"))
    })?;
    Ok(hex(&bytes))
}

/// A secret that follows from another secret and these texts, and that tells nothing of them
/// (HMAC-SHA-256, [RFC 2104](https://www.rfc-editor.org/rfc/rfc2104)).
pub(crate) fn derived(secret: &str, texts: &[&str]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    for text in texts {
        // The lengths keep `ab`, `c` and `a`, `bc` apart.
        mac.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
        mac.update(text.as_bytes());
    }
    hex(&mac.finalize().into_bytes())
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
    fn a_derived_secret_depends_on_the_secret_and_on_each_text() {
        let all = [
            derived("a", &["b", "c"]),
            derived("b", &["b", "c"]),
            derived("a", &["bc", ""]),
            derived("a", &["b"]),
            derived("a", &["c", "b"]),
        ];
        assert_eq!(all.iter().collect::<std::collections::BTreeSet<_>>().len(), all.len());
        assert_eq!(all[0], derived("a", &["b", "c"]));
        assert_eq!(all[0].len(), 64);
    }

    #[test]
    fn no_two_ids_are_the_same() {
        let (one, other) = (id().unwrap(), id().unwrap());
        assert_eq!(one.len(), 32);
        assert_ne!(one, other);
    }
}
